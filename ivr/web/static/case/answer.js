// The answer to whoever wrote: asked for in a dialog, kept until it is sent.
import { html } from "../vendor/preact.js";
import { Reason } from "../shell/asking.js";
import { t } from "../shell/words.js";

const LONGEST = 8000;

/** `one`: a case, or its row in a list. `act(data, key)` sends it. */
export const Answer = ({ one, act, onClose }) => html`<${Reason} draft=${`answer.${one.id}`} title=${t("case.answer_to", { number: one.number })} action=${t("shell.ok")} about=${one.answer_to ? t("case.answer_by_mail", { to: one.answer_to }) : one.line}
  label=${t("case.answer_words")} longest=${LONGEST} lines=${5} data=${(words) => ({ words })} act=${act} onClose=${onClose} />`;
