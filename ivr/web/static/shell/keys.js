import { useEffect, useRef } from "../vendor/preact.js";

const MODIFIERS = [["Ctrl", "ctrlKey"], ["Alt", "altKey"], ["Shift", "shiftKey"], ["Meta", "metaKey"]];

/** "Alt+Shift+1" of a keyboard event; digits by the key's place, since Shift changes what they write. */
export function named(event) {
  const digit = event.code?.match(/^(?:Digit|Numpad)(\d)$/)?.[1];
  const key = digit ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  return [...MODIFIERS.filter(([, flag]) => event[flag]).map(([name]) => name), key].join("+");
}

/** Keys of the whole page: `() => ({"F2": answer, "Alt+1": () => …})`, asked at each press. A held key counts once; while a dialog is open
 * those of `always` alone. */
export function useKeys(table, always = []) {
  const newest = useRef(table);
  newest.current = table;
  useEffect(() => {
    const press = (event) => {
      const name = named(event);
      const act = event.repeat ? undefined : newest.current()[name];
      if (!act || (document.querySelector("dialog[open]") && !always.includes(name))) return;
      event.preventDefault();
      act(event);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
