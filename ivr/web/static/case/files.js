// What hung on mails of the case. The desk that they came to keeps them; another one knows their names alone.
import { html } from "../vendor/preact.js";
import { clock, day } from "../shell/time.js";
import { t } from "../shell/words.js";

const ERASED = "(erased)";
const size = (bytes) => (bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`);

export function Files({ one }) {
  if (!one.files.length) return null;
  const at = (file) => `/api/v1/cases/${encodeURIComponent(one.id)}/files/${encodeURIComponent(file.id)}`;
  return html`<section class="card" aria-label=${t("case.files")}><h2>${t("case.files")}</h2>
    <ul class="case-files">${one.files.map((file) => html`<li key=${file.id}>
      ${file.desk === one.desk && file.name !== ERASED ? html`<a href=${at(file)} download=${file.name}>${file.name}</a>` : file.name}
      <br /><span class="case-when">${size(file.bytes)} · ${day(file.at)} ${clock(file.at)}${file.desk !== one.desk ? ` · ${t("case.file_there", { desk: file.desk })}` : ""}</span></li>`)}</ul>
    <p class="case-when">${t("case.files_care")}</p>
  </section>`;
}
