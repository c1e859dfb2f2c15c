// The note and the five elements (R41), written while talking.
import { html, useEffect, useState } from "../vendor/preact.js";
import { clock } from "../shell/time.js";
import { t } from "../shell/words.js";
import { Button, Empty, TextInput } from "../shell/ui.js";
import { FIELDS, keep } from "./notekeeper.js";

const LINES = { cause: 2, course: 4, text: 4 };

function Conflict({ kept, field, theirs }) {
  return html`<div class="note-conflict" role="alert">
    <p>${t("desk.note_conflict")}</p>
    <blockquote>${theirs || t("desk.note_empty")}</blockquote>
    <div class="desk-next">
      ${["mine", "theirs", "both"].map((choice) => html`<${Button} key=${choice} onClick=${() => kept.resolve(field, choice)}>${t(`desk.note_${choice}`)}<//>`)}
    </div>
  </div>`;
}

function State({ kept }) {
  const state = kept.state.value;
  const at = kept.savedAt.value;
  const words = state === "saved" && at ? t("desk.note.saved_at", { at: clock(at) }) : t(`desk.note.${state}`, { why: kept.problem.value });
  return html`<p class=${`note-state ${state}`} data-state=${state} role="status">${words}</p>`;
}

function Fields({ kept }) {
  return html`${FIELDS.map(
    (field) => html`<div key=${field} class=${`note-field ${field}`}>
      <${TextInput} label=${t(`desk.note_${field}`)} value=${kept.fields.value[field]} lines=${LINES[field]} name=${field}
        maxlength="4000" autocomplete="off" onInput=${(words) => kept.set(field, words)} />
      ${field in kept.conflicts.value && html`<${Conflict} kept=${kept} field=${field} theirs=${kept.conflicts.value[field]} />`}
    </div>`,
  )}`;
}

function Note({ id }) {
  const [kept] = useState(() => keep(id));
  useEffect(() => () => kept.close(), []);
  return html`<${State} kept=${kept} /><${Fields} kept=${kept} />`;
}

export function NotePanel({ call, over }) {
  return html`<section class="note card" aria-label=${t("desk.note")}>
    <h2>${t(over && call ? "desk.note_after" : "desk.note")}</h2>
    ${call && (over || call.talked) ? html`<${Note} id=${call.id} key=${call.id} />` : html`<${Empty}>${t("desk.note_later")}<//>`}
  </section>`;
}
