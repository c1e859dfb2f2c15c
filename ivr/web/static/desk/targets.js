// The targets as large keys, always in the same place.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { t, text } from "../shell/words.js";
import { Kbd } from "../shell/ui.js";
import * as acts from "./acts.js";
import { barred, MODES, places } from "./rules.js";
import { phase, view } from "./state.js";

const LONG = 600; // ms: pressed and held

/** A press is a transfer; held or with Shift three-party; with Alt a consult. */
function useHolding(act) {
  const timer = useRef(0);
  const fired = useRef(false);
  const stop = () => clearTimeout(timer.current);
  useEffect(() => stop, []);
  return {
    onPointerDown: (event) => {
      fired.current = false;
      if (event.button) return;
      timer.current = setTimeout(() => {
        fired.current = true;
        act("conference");
      }, LONG);
    },
    onPointerUp: stop,
    onPointerLeave: stop,
    onPointerCancel: stop,
    onContextMenu: (event) => event.pointerType === "touch" && event.preventDefault(),
    onClick: (event) => {
      stop();
      if (fired.current && event.detail) return void (fired.current = false); // the end of a long press; a key's click has no detail
      act(event.shiftKey ? "conference" : event.altKey ? "consult" : "transfer");
    },
  };
}

function Menu({ target, name, why, onClose }) {
  const box = useRef(null);
  useEffect(() => {
    box.current.querySelector("button")?.focus();
    const away = (event) => box.current?.parentElement.contains(event.target) || onClose();
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, []);
  const move = (event) => {
    const all = [...box.current.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      onClose(event.key === "Escape");
    } else if (step) {
      event.preventDefault();
      all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
    }
  };
  return html`<div class="target-menu" role="menu" aria-label=${name} ref=${box} onKeyDown=${move}>
    ${MODES.filter((mode) => target.modes.includes(mode)).map(
      (mode) => html`<button type="button" role="menuitem" tabindex="-1" key=${mode} aria-disabled=${Boolean(why)}
        onClick=${() => (why || acts.transfer(target, mode), onClose(true))}>
        <strong>${t(`desk.mode.${mode}`)}</strong><span>${t(`desk.mode_text.${mode}`)}</span></button>`,
    )}
  </div>`;
}

function Key({ target }) {
  const [open, setOpen] = useState(false);
  const more = useRef(null);
  const why = barred(target, view.value, phase.value);
  const name = text(target.name) || target.key;
  const told = why === "absent" || why === "inside"; // the other reasons hold for the whole row
  const note = told ? t(`desk.barred.${why}`) : target.reachable === false ? t("desk.unreachable") : "";
  const number = /^\d+$/.test(target.key);
  const holding = useHolding((mode) => why || acts.transfer(target, mode));
  const close = (back) => {
    setOpen(false);
    if (back) more.current?.focus();
  };
  const shortcut = target.digit && !target.absent ? `Alt+${target.digit}` : undefined;
  return html`<li class=${`target ${target.emergency ? "emergency" : ""} ${why ? "barred" : ""}`}>
    <button type="button" class="target-key" data-target=${target.key} aria-disabled=${Boolean(why)} aria-keyshortcuts=${shortcut}
      title=${why ? t(`desk.barred.${why}`) : t("desk.press_hint")} ...${holding}>
      ${number && html`<span class="target-number">${target.key}</span>`}
      <span class=${number ? "target-name" : "target-name alone"}>${target.absent ? "" : name}</span>
      ${note ? html`<span class=${`target-note ${why ? "" : "bad"}`}>${note}</span>` : shortcut && html`<${Kbd} keys=${shortcut} />`}
      ${why && !told && html`<span class="unseen">${t(`desk.barred.${why}`)}</span>`}
    </button>
    ${!target.absent &&
    html`<button type="button" class="target-more" ref=${more} aria-haspopup="menu" aria-expanded=${open} aria-label=${t("desk.modes_of", { target: name })}
      onClick=${() => setOpen(!open)}>▾</button>`}
    ${open && html`<${Menu} target=${target} name=${name} why=${why} onClose=${close} />`}
  </li>`;
}

export const Targets = () => html`<nav class="desk-targets" aria-label=${t("desk.targets")}>
  <ul>${places(view.value.targets).map((target) => html`<${Key} key=${target.key} target=${target} />`)}</ul>
</nav>`;
