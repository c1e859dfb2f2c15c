// What is asked before something is done to an order: more time, a reason, a result, what goes on there.
import { html, useEffect, useState } from "../vendor/preact.js";
import { Asking, Words } from "../shell/asking.js";
import { useDraft } from "../shell/draft.js";
import { t } from "../shell/words.js";
import { moment, typed } from "../calls/when.js";
import { Select, TextInput } from "../shell/ui.js";
import { Upload } from "./upload.js";

const RESULTS = ["solved", "explained", "passed_on", "not_possible", "withdrawn"];

/** Until when, and why. `propose()`: a moment to begin with. */
export function Until({ title, until: name, label, hint, propose, data, act, onClose }) {
  const [until, setUntil] = useState("");
  const [words, setWords] = useState("");
  useEffect(() => {
    propose?.().then((iso) => setUntil((said) => said || typed(iso)), () => null); // then it is typed
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
  const [result, setResult] = useState("solved");
  const [words, setWords, kept] = useDraft(`result.${order.id}`); // a login that ends in the street takes no words away
  const [files, setFiles] = useState([]);
  const [sending, setSending] = useState(false);
  const data = () => ({ result, words: words.trim(), ...(files.length ? { files } : {}) });
  const took = (has, busy) => {
    setFiles(has);
    setSending(busy);
  };
  return html`<${Asking} title=${title} ready=${words.trim() && !sending} data=${data} act=${kept(act)} onClose=${onClose}>
    <${Select} label=${t("orders.result")} name="result" value=${result} options=${RESULTS.map((value) => ({ value, label: t(`case.result.${value}`) }))} onChange=${setResult} />
    <${Words} label=${t("orders.result_words")} hint=${t("orders.result_hint")} longest=${8000} value=${words} onInput=${setWords} required autofocus />
    <${Upload} id=${order.id} onChange=${took} />
  <//>`;
}
