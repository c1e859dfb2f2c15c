// What the operator wrote about a call: the case's five elements and more (R41), for those who may read it.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { may } from "../shell/session.js";
import { clock, day } from "../shell/time.js";
import { t } from "../shell/words.js";
import { Empty, Failure } from "../shell/ui.js";

const ELEMENTS = ["happened", "name", "place", "cause", "course", "text"];
export const readsNotes = () => may("supervisor", "liaison", "admin");

export function Note({ id }) {
  const [note, setNote] = useState(null);
  const [failure, setFailure] = useState(null);
  useEffect(() => {
    if (readsNotes()) api.get(`/calls/${encodeURIComponent(id)}/note`).then((answer) => setNote(answer.note), setFailure);
  }, [id]);
  if (!readsNotes()) return null;
  return html`<section class="card calls-note" aria-label=${t("calls.note")}>
    <h2>${t("calls.note")}</h2>
    ${failure && html`<${Failure} error=${failure} />`}
    ${note && (note.revision === 0 ? html`<${Empty}>${t("calls.note.none")}<//>` : html`<dl>
      ${ELEMENTS.filter((name) => note[name]).map((name) => html`<div key=${name}><dt>${t(`calls.note.${name}`)}</dt><dd>${note[name]}</dd></div>`)}
    </dl>
    <p class="calls-label">${t("calls.note.by", { by: note.by, at: `${day(note.at)} ${clock(note.at)}` })}</p>`)}
  </section>`;
}
