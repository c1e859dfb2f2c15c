// Health: what `ivr doctor` says, in the same words, and the figures beside it. It looks again by itself.
import { html, useEffect } from "../../vendor/preact.js";
import words from "./words.js";
import { api } from "../../shell/api.js";
import { clock, day, present, since } from "../../shell/time.js";
import { addWords, t, text } from "../../shell/words.js";
import { Badge, Busy, Button, Failure, Table, useStyle } from "../../shell/ui.js";
import { useAction, useAsked } from "../loading.js";

addWords(words);

const EVERY = 15000; // ms
const LEVELS = [["problem", "bad"], ["warning", "warn"]];
const SOON = 30; // days before a certificate ends
const SLOW = 10; // seconds that the call log may be behind the journal
const FEW = 0.05; // of a disk

const gigabytes = (bytes) => (bytes >= 1e9 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${(bytes / 2 ** 20).toFixed(0)} MB`);
const days = (iso) => Math.floor((Date.parse(iso) - present()) / 86400e3);

function long(seconds) {
  const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"]].find(([each]) => seconds >= 2 * each) ?? [1, "second"];
  return t(`health.${unit}`, { n: Math.floor(seconds / size) });
}

const Finding = ({ one, kind }) => html`<li class=${`health-finding ${kind}`}>
  <p><${Badge} kind=${kind}>${t(`health.${one.level}`)}<//> ${text(one.words)}</p>
  ${one.mend && html`<p class="mend"><strong>${t("health.mend")}</strong> ${text(one.mend)}</p>`}
</li>`;

function Findings({ found }) {
  const well = found.filter((one) => one.level === "ok");
  return html`<ul class="health-findings">
      ${LEVELS.flatMap(([level, kind]) => found.filter((one) => one.level === level).map((one, place) => html`<${Finding} key=${`${one.id} ${place}`} one=${one} kind=${kind} />`))}
    </ul>
    <details><summary>${t("health.well", { n: well.length })}</summary>
      <ul class="health-well">${well.map((one, place) => html`<li key=${place}><${Badge} kind="good">${t("health.ok")}<//> ${text(one.words)}</li>`)}</ul></details>`;
}

const Card = ({ title, columns, rows, id }) => html`<section class="health-card"><h2>${title}</h2>
  <${Table} label=${title} columns=${columns} rows=${rows} key=${id} /></section>`;

const PROCESSES = () => [
  { id: "name", label: t("health.process"), cell: (one) => t(`health.${one.name}`) },
  { id: "state", label: t("health.state"), cell: (one) => html`<${Badge} kind=${one.pid ? "good" : "bad"}>${t(one.pid ? "health.runs" : "health.gone")}<//>` },
  { id: "since", label: t("health.since"), cell: (one) => (one.since ? html`<span title=${`${day(one.since)} ${clock(one.since)}`}>${long(since(one.since))}</span>` : "—") },
  { id: "memory", label: t("health.memory"), number: true, cell: (one) => (one.memory ? gigabytes(one.memory) : "—") },
  { id: "pid", label: "PID", number: true, cell: (one) => one.pid ?? "—" },
];
const DISKS = () => [
  { id: "path", label: t("health.disk"), cell: (one) => html`<code>${one.path}</code>` },
  { id: "free", label: t("health.free"), number: true, cell: (one) => html`${gigabytes(one.free)} / ${gigabytes(one.size)}` },
  { id: "meter", label: t("health.used"), cell: (one) => html`<meter min="0" max="1" low=${1 - 3 * FEW} high=${1 - FEW} optimum="0" value=${1 - one.free / one.size} aria-label=${t("health.used")}></meter> ${Math.round(100 * (1 - one.free / one.size))} %` },
];
const CERTIFICATES = () => [
  { id: "path", label: t("health.certificate"), cell: (one) => html`<code>${one.path}</code>` },
  { id: "ends", label: t("health.ends"), cell: (one) => (one.ends ? html`${day(one.ends)} <${Badge} kind=${days(one.ends) < 0 ? "bad" : days(one.ends) < SOON ? "warn" : "good"}>${t("health.left", { n: days(one.ends) })}<//>` : html`<${Badge} kind="bad">${t("health.unreadable")}<//>`) },
];
const reached = (known) => (known === null ? ["idle", "health.unknown"] : known ? ["good", "health.reachable"] : ["bad", "health.unreachable"]);
const Reach = ({ known }) => html`<${Badge} kind=${reached(known)[0]}>${t(reached(known)[1])}<//>`;
const TARGETS = () => [
  { id: "key", label: t("health.target"), cell: (one) => html`${text(one.name)}${one.emergency && html` <strong>${t("health.emergency")}</strong>`}` },
  { id: "reachable", label: t("health.state"), cell: (one) => html`<${Reach} known=${one.reachable} />` },
  { id: "routes", label: t("health.routes"), cell: (one) => Object.entries(one.routes).map(([uri, known], place) => html`<p key=${uri}>${place + 1}. <code>${uri}</code> <${Reach} known=${known} /></p>`) },
];
const TRUNKS = () => [
  { id: "key", label: t("health.trunk") },
  { id: "match", label: t("health.from"), cell: (one) => one.match.join(t("health.comma")) },
];

function Looked({ look }) {
  const count = (level) => look.findings.filter((one) => one.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const kind = problems ? "bad" : warnings ? "warn" : "good";
  const versions = Object.entries(look.versions).filter(([, version]) => version !== null);
  return html`<div class="row" role="status"><${Badge} kind=${kind}>${problems || warnings ? t("health.found", { problems, warnings }) : t("health.all_well")}<//>
      <span class="muted">${t("health.at", { time: clock(look.at), seconds: look.seconds })}</span></div>
    <${Findings} found=${look.findings} />
    <div class="health-cards">
      <${Card} title=${t("health.processes")} columns=${PROCESSES()} rows=${look.processes} id="name" />
      <section class="health-card"><h2>${t("health.call_log")}</h2><dl class="health-facts">
        <div><dt>${t("health.pbx")}</dt><dd><${Badge} kind=${look.connected ? "good" : "bad"}>${t(look.connected ? "health.connected" : "health.disconnected")}<//></dd></div>
        <div><dt>${t("health.lag")}</dt><dd><${Badge} kind=${look.journal.lag_seconds > SLOW ? "bad" : "good"}>${look.journal.lag_seconds.toFixed(1)} s<//></dd></div>
        <div><dt>${t("health.refused")}</dt><dd><${Badge} kind=${look.journal.refused ? "bad" : "good"}>${look.journal.refused}<//></dd></div>
        ${versions.map(([name, version]) => html`<div key=${name}><dt>${t(`health.version_${name}`)}</dt><dd>${version}</dd></div>`)}
      </dl></section>
      <${Card} title=${t("health.targets")} columns=${TARGETS()} rows=${look.targets} id="key" />
      <${Card} title=${t("health.trunks")} columns=${TRUNKS()} rows=${look.trunks} id="key" />
      <${Card} title=${t("health.disks")} columns=${DISKS()} rows=${look.disks} id="name" />
      ${look.certificates.length > 0 && html`<${Card} title=${t("health.certificates")} columns=${CERTIFICATES()} rows=${look.certificates} id="path" />`}
    </div>`;
}

export default function Health() {
  useStyle("/static/admin/health/section.css");
  const [data, failure, reload] = useAsked(() => api.get("/health/findings"));
  const [busy, run] = useAction();
  useEffect(() => {
    const timer = setInterval(() => document.hidden || reload(), EVERY);
    return () => clearInterval(timer);
  }, [reload]);
  return html`<header class="admin-head"><h1>${t("admin.health")}</h1>
      <${Button} disabled=${busy} onClick=${() => run(reload)}>${t("health.look")}<//></header>
    <p class="muted">${t("health.about")}</p>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${!data && !failure && html`<${Busy}>${t("health.looking")}<//>`}
    ${data && html`<${Looked} look=${data.checkup} />`}`;
}
