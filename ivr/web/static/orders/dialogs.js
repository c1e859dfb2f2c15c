// What is asked before something is done to an order: more time, a reason, a result, what goes on there.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { clock, day } from "../shell/time.js";
import { t } from "../shell/words.js";
import { moment } from "../calls/when.js";
import { Button, Dialog, Failure, Select, TextInput } from "../shell/ui.js";
import { Upload } from "./upload.js";

const RESULTS = ["solved", "explained", "passed_on", "not_possible", "withdrawn"];

/** By http, too, where browsers make no UUID. */
export const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");

/** A form in a dialog. `act(data, key)` says it to the server; a refusal is said here, and nothing typed is lost. */
export function Asking({ title, action, kind = "primary", ready = true, data, act, onClose, children }) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(null);
  const sent = useRef({}); // the same words again are the same thing: their answer was lost
  const keyed = (said) => {
    const words = JSON.stringify(said);
    if (words !== sent.current.words) sent.current = { words, key: fresh() };
    return act(said, sent.current.key);
  };
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setWrong(null);
    try {
      await keyed(data());
      onClose();
    } catch (failure) {
      setWrong(failure);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}><form onSubmit=${submit}>
    ${wrong && html`<${Failure} error=${wrong} />`}
    ${children}
    <div class="dialog-foot"><${Button} onClick=${onClose}>${t("shell.cancel")}<//>
      <${Button} kind=${kind} type="submit" disabled=${busy || !ready}>${action ?? title}<//></div>
  </form><//>`;
}

export const Words = ({ longest = 2000, ...rest }) => html`<${TextInput} lines=${3} maxlength=${longest} ...${rest} />`;

/** A reason, and nothing else. */
export function Reason({ title, label, hint, data, act, onClose }) {
  const [words, setWords] = useState("");
  return html`<${Asking} title=${title} ready=${words.trim()} data=${() => data(words.trim())} act=${act} onClose=${onClose}>
    <${Words} label=${label} hint=${hint} value=${words} onInput=${setWords} required autofocus />
  <//>`;
}

/** Until when, and why. `propose()`: a moment to begin with. */
export function Until({ title, until: name, label, hint, propose, data, act, onClose }) {
  const [until, setUntil] = useState("");
  const [words, setWords] = useState("");
  useEffect(() => {
    propose?.().then((iso) => setUntil((typed) => typed || `${day(iso)}T${clock(iso).slice(0, 5)}`), () => null); // then it is typed
  }, []);
  return html`<${Asking} title=${title} ready=${until && words.trim()} data=${() => data(moment(until), words.trim())} act=${act} onClose=${onClose}>
    <${TextInput} label=${name} hint=${hint} type="datetime-local" value=${until} onInput=${setUntil} required autofocus />
    <${Words} label=${label} value=${words} onInput=${setWords} required />
  <//>`;
}

/** One press more: 110 sends people first. */
export function Escalation({ act, onClose }) {
  const [words, setWords] = useState("");
  const data = () => ({ words: words.trim() || t("orders.escalate_default") });
  return html`<${Asking} title=${t("orders.escalate_title")} action=${t("orders.escalate")} kind="danger" data=${data} act=${act} onClose=${onClose}>
    <p class="orders-why">${t("orders.escalate_text")}</p>
    <${Words} label=${t("orders.escalate_words")} hint=${t("orders.escalate_hint")} value=${words} onInput=${setWords} longest=${1500} autofocus />
  <//>`;
}

/** What was done about it, with photographs. */
export function Result({ title, order, act, onClose }) {
  const place = `hotline.order.${order.id}`; // a login that ends in the street takes no words away
  const [result, setResult] = useState("solved");
  const [words, setWords] = useState(() => sessionStorage.getItem(place) ?? "");
  const [files, setFiles] = useState([]);
  const [sending, setSending] = useState(false);
  const data = () => ({ result, words: words.trim(), ...(files.length ? { files } : {}) });
  const type = (said) => {
    setWords(said);
    sessionStorage.setItem(place, said);
  };
  const send = async (said) => {
    await act(said);
    sessionStorage.removeItem(place);
  };
  const took = (has, busy) => {
    setFiles(has);
    setSending(busy);
  };
  return html`<${Asking} title=${title} ready=${words.trim() && !sending} data=${data} act=${send} onClose=${onClose}>
    <${Select} label=${t("orders.result")} name="result" value=${result} options=${RESULTS.map((value) => ({ value, label: t(`case.result.${value}`) }))} onChange=${setResult} />
    <${Words} label=${t("orders.result_words")} hint=${t("orders.result_hint")} longest=${8000} value=${words} onInput=${type} required autofocus />
    <${Upload} id=${order.id} onChange=${took} />
  <//>`;
}
