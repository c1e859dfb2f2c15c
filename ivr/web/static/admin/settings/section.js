// The settings as forms: read, typed, looked at as a difference, saved with a reason, and brought into force.
import { html, useEffect, useState } from "../../vendor/preact.js";
import words from "./words.js";
import { api } from "../../shell/api.js";
import { clock, day } from "../../shell/time.js";
import { addWords, language, t } from "../../shell/words.js";
import { ask, Badge, Busy, Button, Failure, Table, Tabs, toast, useStyle } from "../../shell/ui.js";
import { useAction, useAsked } from "../loading.js";
import { Hours } from "./hours.js";
import { People } from "./people.js";
import { Queue } from "./queue.js";
import { Difference, Saving } from "./saving.js";
import { apply, applying, discard, dirty, generation, load, meanwhile, problems, toSend, told, tree } from "./sheet.js";
import { Targets } from "./targets.js";

addWords(words);

const PARTS = { targets: Targets, people: People, queue: Queue, hours: Hours, others: Others, history: History };

export default function Settings() {
  useStyle("/static/admin/settings/settings.css");
  const [part, setPart] = useState("targets");
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState(null);
  const [, run] = useAction();
  const begin = () => load().then(() => setFailure(null), setFailure);
  useEffect(() => {
    begin();
  }, []);
  if (!told.value || !tree.value) return failure ? html`<${Failure} error=${failure} retry=${begin} />` : html`<${Busy} />`;
  const Part = PARTS[part];
  const state = told.value;
  const forget = async () => (await ask({ title: t("settings.discard_title"), text: t("settings.discard_text"), action: t("settings.discard"), kind: "danger" })) && discard();
  return html`<header class="admin-head"><h1>${t("admin.settings")}</h1><${State} /></header>
    <p class="muted"><code>${state.file}</code> · ${t("settings.about")}</p>
    ${!state.writable && html`<${Failure} error=${{ message: t("settings.not_writable") }} />`}
    ${state.waiting.length > 0 && html`<p><${Badge} kind="warn">${t("settings.at_start")}<//> ${t("settings.waiting", { keys: state.waiting.join(", ") })}</p>`}
    ${meanwhile.value && html`<section class="card" role="alert"><p>${t("settings.meanwhile")}</p><${Difference} lines=${meanwhile.value.lines} /></section>`}
    <${Tabs} label=${t("admin.settings")} current=${part} onChange=${setPart} tabs=${Object.keys(PARTS).map((id) => ({ id, label: t(`settings.part_${id}`) }))} />
    ${problems.value.length > 0 && html`<${Problems} />`}
    <div class="settings-part" key=${`${part}${part === "hours" ? generation.value : ""}`}><${Part} /></div>
    ${dirty.value && html`<footer class="settings-foot" role="region" aria-label=${t("settings.unsaved_region")}>
      <span role="status">${t("settings.unsaved", { count: toSend.value.length })}</span>
      <${Button} onClick=${forget}>${t("settings.discard")}<//>
      <${Button} kind="primary" disabled=${!state.writable} onClick=${() => setSaving(true)}>${t("settings.look_and_save")}<//>
    </footer>`}
    ${saving && html`<${Saving} onClose=${() => setSaving(false)} onApply=${(why) => run(() => bring(why))} />`}`;
}

async function bring(why) {
  await apply(why);
  toast(t(told.value.in_force ? "settings.applied" : "settings.not_yet"), told.value.in_force ? "good" : "warn");
}

function State() {
  const [busy, run] = useAction();
  if (applying.value) return html`<p role="status"><${Badge} kind="info">${t("settings.applying")}<//></p>`;
  if (told.value.in_force) return html`<${Badge} kind="good">${t("settings.in_force")}<//>`;
  return html`<${Badge} kind="warn">${t("settings.pending")}<//>
    <${Button} kind="primary" disabled=${busy || dirty.value || told.value.problems.length > 0} onClick=${() => run(() => bring(""))}>${t("settings.apply")}<//>`;
}

const Problems = () => html`<section class="failure settings-problems" role="alert" aria-label=${t("settings.problems")}><ul>
  ${problems.value.map((one) => html`<li key=${one.path + one.message.en}><code>${one.path}</code> ${one.message[language.value] ?? one.message.en}</li>`)}
</ul></section>`;

const SHOWN_ELSEWHERE = ["targets", "operators", "supervisors", "queue", "hours"];

function Others() {
  const rows = Object.entries(told.value.values)
    .filter(([table]) => !SHOWN_ELSEWHERE.includes(table))
    .flatMap(([table, values]) => Object.entries(values).map(([key, value]) => ({ id: `${table}.${key}`, value: JSON.stringify(value) })));
  const columns = [
    { id: "id", label: t("settings.key"), cell: (one) => html`<code>${one.id}</code>` },
    { id: "value", label: t("settings.value"), cell: (one) => html`<code>${one.value}</code>` },
  ];
  return html`<p class="muted">${t("settings.others_about", { file: told.value.file })}</p>
    <${Table} label=${t("settings.part_others")} columns=${columns} rows=${rows} />`;
}

function History() {
  const [data, failure, reload] = useAsked(() => api.get("/settings/history"), [told.value.revision]);
  const columns = [
    { id: "number", label: t("settings.change"), number: true },
    { id: "at", label: t("settings.at"), cell: (one) => `${day(one.at)} ${clock(one.at)}` },
    { id: "by", label: t("admin.by") },
    { id: "why", label: t("admin.why") },
    { id: "diff", label: t("settings.difference"), cell: (one) => html`<${Difference} lines=${one.diff} />` },
  ];
  return html`<p class="muted">${t("settings.history_about")}</p>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${data && html`<${Table} label=${t("settings.part_history")} columns=${columns} rows=${data.changes} key="number" empty=${t("settings.history_none")} />`}`;
}
