// Dialplans: files at the left, the text in the middle, what it means at the right.
import { html, useEffect, useState } from "../../vendor/preact.js";
import words from "./words.js";
import { api } from "../../shell/api.js";
import { addWords, language, t } from "../../shell/words.js";
import { ask, Badge, Busy, Button, Dialog, Failure, prompt, Tabs, toast, useKeys } from "../../shell/ui.js";
import { useAction, useAsked } from "../loading.js";
import { check, report } from "./checking.js";
import { buffers, create, load, merged, open, overview, remove, save, show, target, type, unsaved } from "./draft.js";
import { Difference, Editor } from "./editor.js";
import { Findings } from "./findings.js";
import { Picture } from "./picture.js";
import { History, Publish } from "./publishing.js";
import { Trial } from "./trial.js";

addWords(words);

const PANELS = { findings: Findings, picture: Picture, try: Trial, publish: Publish, history: History };
const base = (file) => file.split("/").pop();

export default function Dialplans() {
  const [, failure, reload] = useAsked(load);
  const [vocabulary] = useAsked(() => api.get("/dialplans/vocabulary", { language: language.value }), [language.value, overview.value?.draft.hash]);
  const [panel, setPanel] = useState("findings");
  const [conflict, setConflict] = useState(null);
  const [busy, run] = useAction();
  const texts = JSON.stringify(unsaved.value);
  useEffect(() => (overview.value ? check(unsaved.value) : undefined), [texts, overview.value?.draft.hash, language.value]);
  const saving = (name) => run(async () => {
    const other = await save(name);
    if (other) setConflict(other);
    else toast(t("dialplans.saved", { name }), "good");
  });
  useKeys(() => ({ "Ctrl+S": () => open.value && !open.value.core && !busy && saving(open.value.name) }));
  if (failure) return html`<${Failure} error=${failure} retry=${reload} />`;
  if (!overview.value) return html`<${Busy} />`;

  const file = open.value;
  const buffer = file && !file.core ? buffers.value.get(file.name) : null;
  const findings = report.value.findings.filter((one) => base(one.file) === file?.name);
  const removing = async () => {
    const sure = await ask({ title: t("dialplans.remove_title", { name: file.name }), text: t("dialplans.remove_text"), action: t("dialplans.remove"), kind: "danger" });
    if (sure) run(() => remove(file.name));
  };
  const Panel = PANELS[panel];
  const { current, running, draft } = overview.value;
  return html`<header class="admin-head"><h1>${t("admin.dialplans")}</h1>
      <${Badge} kind=${running === current ? "good" : "bad"}>${t("dialplans.runs", { number: running ?? "—" })}<//>
      <${Badge} kind=${draft.published ? "idle" : "info"}>${t(draft.published ? "dialplans.same" : "dialplans.differs")}<//></header>
    <div class="dialplans">
      <${Files} file=${file} />
      <section class="writing" aria-label=${t("dialplans.text")}>
        ${file && html`<div class="row"><h2>${file.name}</h2>
          ${file.core ? html`<${Badge} kind="info">${t("dialplans.read_only")}<//>` : html`
            <${Button} kind="primary" keys="Ctrl+S" disabled=${busy || buffer.text === buffer.saved} onClick=${() => saving(file.name)}>${t("dialplans.save")}<//>
            <${Button} disabled=${busy} onClick=${removing}>${t("dialplans.remove")}<//>
            ${buffer.text !== buffer.saved && html`<${Badge} kind="warn">${t("dialplans.unsaved")}<//>`}`}</div>
          <${Editor} key=${`${file.name}/${file.core}`} name=${file.name} text=${file.core ? file.text : buffer.text} readOnly=${file.core} findings=${findings}
            target=${target.value?.file === file.name ? target.value : null} vocabulary=${vocabulary?.vocabulary}
            onType=${(text) => !file.core && type(file.name, text)} />
          <p class="muted" id="editor-help">${t("dialplans.editor_help")}</p>`}
        ${!file && html`<p class="muted">${t("dialplans.no_file")}</p>`}
      </section>
      <section class="meaning" aria-label=${t("dialplans.meaning")}>
        <${Tabs} label=${t("dialplans.meaning")} current=${panel} onChange=${setPanel}
          tabs=${Object.keys(PANELS).map((id) => ({ id, label: id === "findings" && report.value.findings.length ? `${t("dialplans.findings")} (${report.value.findings.length})` : t(`dialplans.${id}`) }))} />
        <div class="panel"><${Panel} /></div>
      </section>
    </div>
    ${conflict && html`<${Merge} conflict=${conflict} onClose=${() => setConflict(null)} onSave=${(name) => { setConflict(null); saving(name); }} />`}`;
}

function Files({ file }) {
  const { draft, core } = overview.value;
  const names = [...new Set([...draft.files.map((one) => one.name), ...buffers.value.keys()])].sort();
  const item = (name, isCore) => html`<li key=${name}><button type="button" class="file-name" aria-current=${file?.name === name && file.core === isCore ? "true" : undefined}
    onClick=${() => show(name)}>${name}${unsaved.value[name] !== undefined && html` <span aria-label=${t("dialplans.unsaved")}>●</span>`}</button></li>`;
  const making = async () => {
    const name = await prompt({ title: t("dialplans.new_file"), text: t("dialplans.new_text"), label: t("dialplans.file"), value: "site.conf" });
    if (name === null) return;
    if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}\.conf$/.test(name)) create(name);
    else toast(t("dialplans.bad_name"), "bad");
  };
  return html`<nav class="files" aria-label=${t("dialplans.files")}>
    <h2>${t("dialplans.own")}</h2><ul>${names.map((name) => item(name, false))}</ul>
    <${Button} onClick=${making}>${t("dialplans.new_file")}<//>
    <h2>${t("dialplans.core")}</h2><ul>${core.filter((one) => !names.includes(one.name)).map((one) => item(one.name, true))}</ul>
  </nav>`;
}

function Merge({ conflict, onClose, onSave }) {
  const [text, setText] = useState(buffers.value.get(conflict.name).text);
  const keep = () => {
    merged(conflict.name, text, conflict);
    onSave(conflict.name);
  };
  return html`<${Dialog} wide title=${t("dialplans.conflict", { name: conflict.name })} onClose=${onClose}
    actions=${html`<${Button} onClick=${onClose}>${t("dialplans.later")}<//><${Button} kind="primary" onClick=${keep}>${t("dialplans.save_merged")}<//>`}>
    <p>${t("dialplans.conflict_text")}</p><${Difference} before=${conflict.theirs} after=${text} onType=${setText} /><//>`;
}
