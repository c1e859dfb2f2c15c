// The clock of a first answer: how long is left, or how long it is over. Its light is told in words too.
import { html } from "../vendor/preact.js";
import { clock, day, mmss, now } from "../shell/time.js";
import { t } from "../shell/words.js";
import { Badge } from "../shell/ui.js";

const ENDED = ["handled", "closed", "merged"];
const SOON = 0.25; // of its time that is left, then it is yellow

/** {kind, text} of a row or a case; null where nobody waits for words. */
export function lightOf(one) {
  if (!one.respond_by) return null;
  if (one.responded_at) return { kind: "good", text: t("case.clock.answered", { at: clock(one.responded_at) }) };
  if (ENDED.includes(one.state)) return null;
  const left = (Date.parse(one.respond_by) - now.value) / 1000;
  if (left < 0) return { kind: "bad", text: t("case.clock.late", { time: mmss(-left) }) };
  const whole = (Date.parse(one.respond_by) - Date.parse(one.opened_at)) / 1000;
  return { kind: left < SOON * whole ? "warn" : "info", text: t("case.clock.left", { time: mmss(left) }) };
}

export function AnswerClock({ one }) {
  const light = lightOf(one);
  const due = one.respond_by && `${day(one.respond_by)} ${clock(one.respond_by)}`;
  return light && html`<span title=${t("case.clock.due", { due })}><${Badge} kind=${light.kind}>${light.text}<//></span>`;
}
