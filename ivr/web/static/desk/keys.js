// Every key of the desk. Only function keys and Alt: a letter that is typed into the note never does anything (WCAG 2.2, 2.1.4).
import { html } from "../vendor/preact.js";
import { Dialog, Kbd } from "../shell/ui.js";
import { t } from "../shell/words.js";
import * as acts from "./acts.js";
import { barred, places } from "./rules.js";
import { call, phase, view } from "./state.js";

export const KEYS = {
  answer: "F2",
  hold: "F4",
  mute: "F6",
  keypad: "F7",
  cancel: "F8",
  hang_up: "F9",
  join: "Alt+J",
  take_back: "Alt+B",
  ready: "Alt+R",
  pause: "Alt+P",
  note: "Alt+N",
  help: "F1",
};

const typing = () => document.activeElement?.matches("input, textarea, select");

function target(digit, mode) {
  const found = places(view.value?.targets ?? []).find((each) => each.digit === digit);
  if (found && !barred(found, view.value, phase.value)) acts.transfer(found, mode);
}

export function keyTable({ help, pause }) {
  const table = {
    [KEYS.answer]: acts.answer,
    [KEYS.hold]: acts.hold,
    [KEYS.mute]: acts.mute,
    [KEYS.keypad]: () => (acts.keypadOpen.value = phase.value === "talking"),
    [KEYS.cancel]: acts.cancel,
    [KEYS.hang_up]: acts.hangUp,
    [KEYS.join]: acts.join,
    [KEYS.take_back]: acts.takeBack,
    [KEYS.ready]: () => !call.value && acts.ready(),
    [KEYS.pause]: pause,
    [KEYS.note]: () => document.querySelector(".note textarea, .note input")?.focus(),
    [KEYS.help]: help,
  };
  for (const digit of "1234567890") {
    table[`Alt+${digit}`] = () => target(digit, "transfer");
    table[`Alt+Shift+${digit}`] = () => target(digit, "conference");
    table[`Ctrl+Alt+${digit}`] = () => target(digit, "consult");
  }
  if (phase.value === "ringing" && !typing()) table.Enter = acts.answer;
  if (!typing()) table.Escape = acts.cancel;
  return table;
}

const EXTRA = [
  ["Alt+1 … 9, 0", "transfer"],
  ["Alt+Shift+1 …", "conference"],
  ["Ctrl+Alt+1 …", "consult"],
];

export const Help = ({ onClose }) => html`<${Dialog} title=${t("desk.keys")} onClose=${onClose}>
  <dl class="desk-keys">
    ${Object.entries(KEYS).map(([act, keys]) => html`<div key=${act}><dt><${Kbd} keys=${keys} /></dt><dd>${t(`desk.${act}`)}</dd></div>`)}
    ${EXTRA.map(([keys, mode]) => html`<div key=${mode}><dt><${Kbd} keys=${keys} /></dt><dd>${t("desk.target_by", { mode: t(`desk.mode.${mode}`) })}</dd></div>`)}
  </dl>
  <p class="desk-hint">${t("desk.press_hint")}</p>
<//>`;
