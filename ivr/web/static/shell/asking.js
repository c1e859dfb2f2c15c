// A form in a dialog: what was typed there is not lost when the server refuses it or cannot be reached.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { Button, Failure, TextInput } from "./controls.js";
import { useDraft } from "./draft.js";
import { Dialog, toast } from "./overlays.js";
import { t } from "./words.js";

/** By http, too, where browsers make no UUID. */
export const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");

/** `keyed(said)`: the key of these words; the same words again are the same thing, whose answer was lost. */
export function useKey() {
  const sent = useRef({});
  return (said) => {
    const words = JSON.stringify(said);
    if (words !== sent.current.words) sent.current = { words, key: fresh() };
    return sent.current.key;
  };
}

/** `act(data, key)` says it to the server; a refusal is said here, or in passing where the dialog was closed meanwhile. */
export function Asking({ title, action, kind = "primary", ready = true, data, act, onClose, children }) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(null);
  const [left, gone] = [useRef(false), useRef(false)]; // by whoever pressed; from the page, for whatever reason
  useEffect(() => () => (gone.current = true), []);
  const leave = () => {
    left.current = true;
    onClose();
  };
  const keyed = useKey();
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setWrong(null);
    try {
      const said = data();
      await act(said, keyed(said));
      if (!left.current) onClose();
    } catch (failure) {
      if (gone.current && failure.status !== 401) toast(failure.message, "bad");
      setWrong(failure);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${leave}><form onSubmit=${submit}>
    ${wrong && html`<${Failure} error=${wrong} />`}
    ${children}
    <div class="dialog-foot"><${Button} onClick=${leave}>${t("shell.cancel")}<//>
      <${Button} kind=${kind} type="submit" disabled=${busy || !ready}>${action ?? title}<//></div>
  </form><//>`;
}

export const Words = ({ longest = 2000, ...rest }) => html`<${TextInput} lines=${3} maxlength=${longest} ...${rest} />`;

/** Words, and nothing else. `draft`: what they are about; they are kept until they are sent. */
export function Reason({ title, action, about, label, hint, longest, lines = 3, draft, data, act, onClose }) {
  const [words, setWords, kept] = useDraft(draft);
  return html`<${Asking} title=${title} action=${action} ready=${words.trim()} data=${() => data(words.trim())} act=${kept(act)} onClose=${onClose}>
    ${about && html`<p class="asking-about">${about}</p>`}
    <${Words} label=${label} hint=${hint} longest=${longest} lines=${lines} value=${words} onInput=${setWords} required autofocus />
  <//>`;
}
