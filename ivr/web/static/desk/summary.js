// This shift, in figures.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { mmss } from "../shell/time.js";
import { t, text } from "../shell/words.js";
import { Busy, Dialog, Failure } from "../shell/ui.js";
import { view } from "./state.js";

const nameOf = (key) => text(view.value?.targets.find((each) => each.key === key)?.name) || key;

export function Summary({ onClose }) {
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const load = () => {
    setError(null);
    api.get("/desk/summary").then((answer) => setFound(answer.summary), setError);
  };
  useEffect(load, []);
  return html`<${Dialog} title=${t("desk.summary")} onClose=${onClose}>
    ${error && html`<${Failure} error=${error} retry=${load} />`}
    ${!error && !found && html`<${Busy} />`}
    ${found && html`<${Figures} found=${found} />`}
  <//>`;
}

const Row = ({ label, children }) => html`<div><dt>${label}</dt><dd class="timer">${children}</dd></div>`;

function Figures({ found }) {
  return html`<dl class="desk-facts wide">
    <${Row} label=${t("desk.sum_calls")}>${found.calls}<//>
    <${Row} label=${t("desk.sum_talk")}>${mmss(found.talk_seconds)}<//>
    ${found.average_wait !== null && html`<${Row} label=${t("desk.sum_wait")}>${mmss(found.average_wait)}<//>`}
    ${Object.entries(found.transfers).map(([key, count]) => html`<${Row} key=${key} label=${t("desk.sum_transfer", { target: nameOf(key) })}>${count}<//>`)}
  </dl>`;
}
