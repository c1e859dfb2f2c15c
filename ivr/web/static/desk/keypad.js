import { html, useState } from "../vendor/preact.js";
import { t } from "../shell/words.js";
import { Button, Dialog } from "../shell/ui.js";
import * as acts from "./acts.js";

export function Keypad({ onClose }) {
  const [sent, setSent] = useState("");
  const press = (key) => {
    acts.press(key);
    setSent((before) => (before + key).slice(-24));
  };
  const typed = (event) => /^[0-9*#]$/.test(event.key) && !event.repeat && !event.altKey && !event.ctrlKey && press(event.key);
  return html`<${Dialog} title=${t("desk.keypad")} onClose=${onClose}>
    <div class="keypad" onKeyDown=${typed}>
      <output class="keypad-sent timer" aria-label=${t("desk.keypad_sent")}>${sent || " "}</output>
      ${[..."123456789*0#"].map((key) => html`<${Button} key=${key} onClick=${() => press(key)}>${key}<//>`)}
    </div>
  <//>`;
}
