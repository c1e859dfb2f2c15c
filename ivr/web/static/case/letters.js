// What was written to and fro after a case came by the internet, and the answer to it.
import { html } from "../vendor/preact.js";
import { clock, day } from "../shell/time.js";
import { t } from "../shell/words.js";
import { Button, prompt } from "../shell/ui.js";
import { AnswerClock } from "./clock.js";

export function Letters({ one, act }) {
  if (!one.respond_by && !one.letters.length) return null;
  const answer = async () => {
    const words = await prompt({ title: t("case.answer_to", { number: one.number }), text: one.answer_to && t("case.answer_by_mail", { to: one.answer_to }), label: t("case.answer_words"), required: true, value: "" });
    if (words) act("responded", { words });
  };
  return html`<section class="card" aria-label=${t("case.letters")}><h2>${t("case.letters")} <${AnswerClock} one=${one} /></h2>
    <ul class="case-letters">${one.letters.map((letter, place) => html`<li key=${place}><span class="case-when">${day(letter.at)} ${clock(letter.at)} · ${t(`case.letter.${letter.way}`)} · ${letter.by}</span><p>${letter.words}</p></li>`)}</ul>
    ${one.may.includes("responded") && html`<p><${Button} kind=${one.responded_at ? "quiet" : "primary"} onClick=${answer}>${t("case.answer")}<//></p>`}
  </section>`;
}
