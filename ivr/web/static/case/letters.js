// What was written to and fro after a case came by the internet, and the answer to it.
import { html, useState } from "../vendor/preact.js";
import { clock, day } from "../shell/time.js";
import { t } from "../shell/words.js";
import { Button } from "../shell/ui.js";
import { Answer } from "./answer.js";
import { AnswerClock } from "./clock.js";

export function Letters({ one, act }) {
  const [answering, setAnswering] = useState(false);
  if (!one.respond_by && !one.letters.length) return null;
  return html`<section class="card" aria-label=${t("case.letters")}><h2>${t("case.letters")} <${AnswerClock} one=${one} /></h2>
    <ul class="case-letters">${one.letters.map((letter, place) => html`<li key=${place}><span class="case-when">${day(letter.at)} ${clock(letter.at)} · ${t(`case.letter.${letter.way}`)} · ${letter.by}</span><p>${letter.words}</p></li>`)}</ul>
    ${one.may.includes("responded") && html`<p><${Button} kind=${one.responded_at ? "quiet" : "primary"} onClick=${() => setAnswering(true)}>${t("case.answer")}<//></p>`}
    ${answering && html`<${Answer} one=${one} act=${(data, key) => act("responded", data, key)} onClose=${() => setAnswering(false)} />`}
  </section>`;
}
