// What is out of order, and what still works meanwhile.
import { html } from "../vendor/preact.js";
import { t } from "../shell/words.js";
import { line, lineProblem, lineState } from "./line.js";
import { phase, streamState, view } from "./state.js";

function troubles() {
  const found = [];
  if (streamState.value === "down") found.push(["bad", t(phase.value === "talking" ? "desk.stream_down_talking" : "desk.stream_down")]);
  else if (view.value && !view.value.connected) found.push(["bad", t("desk.asterisk_down")]);
  if (lineProblem.value) found.push(["bad", t("desk.no_phone", { why: lineProblem.value })]);
  else if (line.value?.problem.value && (view.value?.connected !== false || line.value.problem.value !== "unreachable")) found.push(["bad", problemWords(line.value.problem.value)]);
  else if (lineState.value === "failed") found.push(["bad", t("desk.phone_failed")]);
  return found;
}

/** The phone names its trouble by an id, or brings its own words. */
function problemWords(problem) {
  const id = typeof problem === "string" ? problem : problem.id;
  const known = t(`phone.${id}`);
  return known !== `phone.${id}` ? known : t("desk.phone_problem", { why: problem.message ?? id });
}

export const Banners = () => html`<div class="desk-banners" role="alert">
  ${troubles().map(([kind, words]) => html`<p key=${words} class=${`desk-banner ${kind}`}>${words}</p>`)}
</div>`;
