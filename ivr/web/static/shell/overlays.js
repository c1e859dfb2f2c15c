// Dialogs and passing messages. Only one question is asked at a time.
import { html, signal, useEffect, useRef, useState } from "../vendor/preact.js";
import { Button, TextInput } from "./controls.js";
import { t } from "./words.js";

const SHOWN = 6000; // ms
const toasts = signal([]);
const question = signal(null); // {title, text, action, kind, input, answer}
let count = 0;

/** A passing message. `kind`: info | good | warn | bad; a bad one stays until it is closed. */
export function toast(text, kind = "info") {
  const mine = { id: ++count, text, kind };
  toasts.value = [...toasts.value.slice(-3), mine];
  if (kind !== "bad") setTimeout(() => drop(mine.id), SHOWN);
}
const drop = (id) => (toasts.value = toasts.value.filter((each) => each.id !== id));

const put = (asked) => new Promise((answer) => (question.value = { ...asked, answer }));

/** A yes-or-no question: resolves to true or false. `kind` of the action's button: primary | danger. */
export const ask = ({ title, text, action, kind = "primary" }) => put({ title, text, action, kind });

/** A question with one line as its answer: resolves to the words, or null. */
export const prompt = ({ title, text, label, required = true, action, lines = 0, value = "" }) =>
  put({ title, text, action, kind: "primary", input: { label, required, lines, value } });

/** A modal dialog; Escape and the cross close it. The browser keeps the focus inside; whoever opened it has it back. */
export function Dialog({ title, onClose, children, actions, wide }) {
  const box = useRef(null);
  useEffect(() => {
    const [dialog, opener] = [box.current, document.activeElement];
    dialog.showModal();
    return () => {
      dialog.close();
      opener?.focus(); // the browser does not, once the dialog has left the page
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${box} class=${wide ? "dialog wide" : "dialog"} aria-label=${title} onCancel=${cancel}>
    <header class="dialog-head"><h2>${title}</h2>
      <${Button} kind="quiet" label=${t("shell.close")} onClick=${onClose}>✕<//></header>
    <div class="dialog-body">${children}</div>
    ${actions && html`<footer class="dialog-foot">${actions}</footer>`}
  </dialog>`;
}

function Question({ asked }) {
  const [words, setWords] = useState(asked.input?.value ?? "");
  const [wrong, setWrong] = useState("");
  const close = (answer) => {
    question.value = null;
    asked.answer(answer);
  };
  const agree = (event) => {
    event.preventDefault();
    if (!asked.input) return close(true);
    if (asked.input.required && !words.trim()) return setWrong(t("shell.required"));
    return close(words.trim());
  };
  const no = () => close(asked.input ? null : false);
  return html`<${Dialog} title=${asked.title} onClose=${no}>
    <form onSubmit=${agree}>
      ${asked.text && html`<p>${asked.text}</p>`}
      ${asked.input &&
      html`<${TextInput} label=${asked.input.label} value=${words} onInput=${setWords} error=${wrong} lines=${asked.input.lines} autofocus />`}
      <div class="dialog-foot">
        <${Button} onClick=${no}>${t("shell.cancel")}<//>
        <${Button} kind=${asked.kind} type="submit">${asked.action ?? t("shell.ok")}<//>
      </div>
    </form>
  <//>`;
}

export function Overlays() {
  return html`<div class="toasts" role="status" aria-live="polite">
      ${toasts.value.map(
        (each) => html`<div key=${each.id} class=${`toast ${each.kind}`}><span>${each.text}</span>
          <${Button} kind="quiet" label=${t("shell.close")} onClick=${() => drop(each.id)}>✕<//></div>`,
      )}
    </div>
    ${question.value && html`<${Question} asked=${question.value} key=${question.value.title} />`}`;
}
