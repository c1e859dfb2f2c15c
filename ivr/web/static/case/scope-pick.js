// Beside the call: which matter of the scope lists it is, found while typing; the class comes along (WAI-ARIA combobox).
import { html, useId, useState } from "../vendor/preact.js";
import { language, t } from "../shell/words.js";
import { Badge, TextInput } from "../shell/ui.js";
import { useFound } from "./scope-find.js";

const MOST = 6;

/** `value`: `<list>/<version>/<code>` or "". `onPick(item)`, null where it is taken back. */
export function ScopePick({ value, onPick }) {
  const id = useId();
  const [typed, setTyped] = useState(null); // null: nobody types
  const [at, setAt] = useState(0);
  const [found] = useFound({ q: typed ?? "", limit: MOST }, !typed?.trim());
  const open = Boolean(typed?.trim() && found);
  const pick = (item) => {
    setTyped(null);
    setAt(0);
    onPick(item);
  };
  const keys = (event) => {
    if (event.isComposing) return; // these keys choose among the input method's letters
    if (event.key === "Escape" && typed !== null) {
      event.stopPropagation();
      return setTyped(null);
    }
    if (!open || !found.length) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((at + step + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      pick(found[at] ?? found[0]);
    }
  };
  const input = (said) => {
    setAt(0);
    if (said) setTyped(said);
    else pick(null);
  };
  const active = open && found.length ? `${id}-${Math.min(at, found.length - 1)}` : undefined;
  return html`<div class="scope-pick" onKeyDown=${keys} onFocusOut=${(event) => event.currentTarget.contains(event.relatedTarget) || setTyped(null)}>
    <${TextInput} label=${t("case.scope")} name="scope" value=${typed ?? (value ? value.split("/").at(-1) : "")} onInput=${input} placeholder=${t("case.scope_hint")} maxlength="200" autocomplete="off"
      role="combobox" aria-autocomplete="list" aria-expanded=${open} aria-controls=${`${id}-list`} aria-activedescendant=${active} />
    <ul class="scope-found" id=${`${id}-list`} role="listbox" aria-label=${t("case.scope")} hidden=${!open}>
      ${open && found.length === 0 && html`<li class="desk-hint" role="option" aria-disabled="true" aria-selected="false">${t("case.scope_none")}</li>`}
      ${open && found.map((item, place) => html`<li key=${item.reference} id=${`${id}-${place}`} role="option" aria-selected=${place === Math.min(at, found.length - 1)}
        onMouseDown=${(event) => event.preventDefault()} onClick=${() => pick(item)}><${Badge} kind="info">${item.desk}<//> ${item[language.value]} <small>${item.code}</small></li>`)}
    </ul>
  </div>`;
}
