// /board: how cases go between desks, for supervisors and liaisons. Every number leads to the cases that it counts.
import { html, useEffect } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { Link, query } from "../shell/router.js";
import { clock, day, mmss, nowIso } from "../shell/time.js";
import { addWords, language, t } from "../shell/words.js";
import { Busy, Empty, Failure, Table, useStyle } from "../shell/ui.js";
import { useAsked } from "../admin/loading.js";
import { moment } from "../calls/when.js";
import caseWords from "../case/words.js";
import { Bulletin } from "./bulletin.js";
import { Cases } from "./cases.js";
import { Bars, Legend } from "./chart.js";
import { Satisfaction } from "./satisfaction.js";
import words from "./words.js";

addWords(caseWords);
addWords(words);

const LOOK = 10_000; // ms between two looks
const SPANS = [1, 7, 30, 90]; // days
const USUAL = 30;
const FILTERS = ["from", "to", "state", "decided", "class_code", "overdue", "voice_failed"];
const REASONS = ["agreed", "first_received", "emergency", "accepted", "consulted"];

const seconds = (value) => (value === null ? "–" : mmss(value));
const share = (part, whole) => (whole ? `${Math.round((100 * part) / whole)} %` : "–");
const spanOf = () => Number(SPANS.find((one) => `${one}` === query.value.get("days")) ?? USUAL);
const address = (wanted) => `/board?${new URLSearchParams(Object.entries(wanted).filter(([, value]) => value))}`;

/** The last so many days of the hotline's, today among them. */
function limits(days) {
  const first = new Date(Date.parse(`${day(nowIso())}T12:00:00Z`) - (days - 1) * 86_400_000);
  return { since: moment(`${first.toISOString().slice(0, 10)}T00:00`) };
}

function Number_({ label, value, about, wanted, kind = "idle" }) {
  const shown = html`<strong>${value}</strong>`;
  return html`<li class=${`card board-number ${kind}`}><span>${label}</span>
    ${wanted && value ? html`<${Link} to=${address(wanted)} aria-label=${`${label} ${value}`}>${shown}<//>` : shown}
    ${about && html`<small>${about}</small>`}</li>`;
}

function Numbers({ figures, days }) {
  const { total } = figures;
  const to = (more) => ({ days, list: "1", ...more });
  const of = (part) => t("board.share", { share: share(part, total.handovers) });
  return html`<ul class="board-numbers">
    <${Number_} label=${t("board.handovers")} value=${total.handovers} wanted=${to({})} about=${t("board.handovers.about", { cases: total.cases })} />
    <${Number_} label=${t("board.accepted")} value=${total.accepted} wanted=${to({ decided: "any" })} about=${of(total.accepted)} kind="good" />
    <${Number_} label=${t("board.p50")} value=${seconds(total.p50)} about=${`${t("board.p90")} ${seconds(total.p90)}`} />
    <${Number_} label=${t("board.waiting")} value=${total.waiting} wanted=${to({ state: "sent" })} kind=${total.waiting ? "warn" : "idle"} />
    <${Number_} label=${t("board.overdue")} value=${total.overdue} wanted=${to({ overdue: "true" })} about=${t("board.overdue.about", { minutes: figures.accept_minutes })} kind=${total.overdue ? "bad" : "idle"} />
    <${Number_} label=${t("board.refused")} value=${total.refused} wanted=${to({ state: "refused" })} about=${of(total.refused)} />
    <${Number_} label=${t("board.returned")} value=${total.returned} wanted=${to({ state: "returned" })} about=${of(total.returned)} />
    <${Number_} label=${t("board.voice_failed")} value=${total.voice_failed} wanted=${to({ voice_failed: "true" })} kind=${total.voice_failed ? "bad" : "idle"} />
    <${Number_} label=${t("board.conferences")} value=${total.conferences} />
    <${Number_} label=${t("board.consulted")} value=${figures.decided.consulted} />
  </ul>`;
}

/** Columns of counts; each number but zero leads to its cases. */
function counts(days, key) {
  const cell = (name, more) => ({
    id: name, label: t(`board.${name}`), number: true,
    cell: (one) => (one[name] ? html`<${Link} to=${address({ days, list: "1", ...key(one), ...more })}>${one[name]}<//>` : 0),
  });
  return [
    cell("handovers", {}), cell("accepted", { decided: "any" }), cell("refused", { state: "refused" }), cell("returned", { state: "returned" }),
    cell("kept", { state: "kept" }), cell("waiting", { state: "sent" }), cell("overdue", { overdue: "true" }), cell("voice_failed", { voice_failed: "true" }),
    { id: "p50", label: t("board.p50"), number: true, cell: (one) => seconds(one.p50) },
    { id: "p90", label: t("board.p90"), number: true, cell: (one) => seconds(one.p90) },
  ];
}

function Whole({ figures, days }) {
  const names = figures.ways.map((way) => t("board.way", way));
  const hours = Array.from({ length: 24 }, (_, hour) => ({ when: `${hour}:00`, name: hour, counts: figures.hours.map((way) => way.counts[hour]) }));
  const shown = figures.days.map((one) => ({ when: one.day, name: one.day.slice(5), counts: one.counts }));
  const named = Math.ceil(shown.length / 8);
  const ofWay = [{ id: "way", label: t("board.direction"), cell: (one) => t("board.way", one) }, ...counts(days, (one) => ({ from: one.from, to: one.to }))];
  const ofClass = [
    { id: "name", label: t("board.class"), cell: (one) => (one.class_code ? one[language.value] : t("board.no_class")) },
    ...counts(days, (one) => ({ class_code: one.class_code || "none" })),
  ];
  const reasons = REASONS.map((id) => ({ id, times: figures.decided[id] }));
  return html`<${Numbers} figures=${figures} days=${days} />
    <section class="card board-charts" aria-label=${t("board.by_day")}>
      <${Legend} ways=${names} />
      <${Bars} label=${t("board.by_day")} bars=${shown} ways=${names} every=${(_, place) => place % named === Math.floor(named / 2)} />
      <${Bars} label=${t("board.by_hour")} bars=${hours} ways=${names} every=${(_, place) => place % 3 === 0} />
    </section>
    <section class="card"><h2>${t("board.ways")}</h2><${Table} label=${t("board.ways")} columns=${ofWay} rows=${figures.ways.map((way) => ({ id: `${way.from} ${way.to}`, ...way }))} /></section>
    <section class="card"><h2>${t("board.decided")}</h2><${Table} label=${t("board.decided")} rows=${reasons} columns=${[
      { id: "reason", label: t("board.decided"), cell: (one) => t(`board.decided.${one.id}`) },
      { id: "times", label: t("board.times"), number: true },
    ]} /></section>
    <section class="card"><h2>${t("board.classes")}</h2><${Table} label=${t("board.classes")} columns=${ofClass} rows=${figures.classes.map((one) => ({ id: one.class_code || "none", ...one }))} /></section>`;
}

function Overview({ days }) {
  const [answer, failure, reload] = useAsked(() => api.get("/board", limits(days)), [days]);
  useEffect(() => {
    const timer = setInterval(reload, LOOK);
    return () => clearInterval(timer);
  }, [reload]);
  const figures = answer?.figures;
  return html`<header class="board-head"><h1>${t("board.title")}</h1>
      <nav class="board-spans" aria-label=${t("board.span")}>${SPANS.map((one) => html`<${Link} key=${one} to=${address({ days: one })} aria-current=${one === days ? "page" : undefined}>${t(`board.days.${one}`)}<//>`)}</nav>
      <${Bulletin} />
      ${figures && html`<span class="board-as-of">${t("board.as_of", { at: clock(figures.at) })}</span>`}
    </header>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${!figures && !failure && html`<${Busy} />`}
    ${figures && (figures.total.handovers ? html`<${Whole} figures=${figures} days=${days} />` : html`<${Empty}>${t("board.none")}<//>`)}
    ${figures?.call_backs.asked > 0 && html`<${Satisfaction} figures=${figures} />`}`;
}

/** What is looked for, in words. */
function said(wanted) {
  const one = {
    from: (value) => `${value} →`,
    to: (value) => `→ ${value}`,
    state: (value) => t(`board.state.${value}`),
    decided: (value) => t(`board.decided.${value}`),
    class_code: (value) => `${t("board.class")} ${value === "none" ? t("board.no_class") : value}`,
    overdue: () => t("board.overdue"),
    voice_failed: () => t("board.voice_failed"),
  };
  return Object.entries(wanted).map(([name, value]) => one[name](value));
}

export default function Page() {
  useStyle("/static/board/page.css");
  useStyle("/static/calls/page.css");
  const days = spanOf();
  if (!query.value.get("list")) return html`<div class="board"><${Overview} days=${days} key=${days} /></div>`;
  const wanted = Object.fromEntries(FILTERS.filter((name) => query.value.get(name)).map((name) => [name, query.value.get(name)]));
  return html`<div class="board"><${Cases} wanted=${{ ...wanted, ...limits(days) }} said=${[t(`board.days.${days}`), ...said(wanted)]} back=${address({ days })} /></div>`;
}
