// One prompt: its words, or a recording of it.
import { html, useState } from "../../vendor/preact.js";
import { api } from "../../shell/api.js";
import { t, text } from "../../shell/words.js";
import { ask, Badge, Button, Dialog, Failure, Select, TextInput, toast } from "../../shell/ui.js";
import { Listen, spoken } from "../sound.js";
import { SoundSource } from "../recorder.js";

const CATEGORIES = ["greeting", "menu", "waiting", "notice", "information", "error", "operator", "whisper", "number", "tone"];
export const at = (one) => `/prompts/${one.language}/${encodeURIComponent(one.name)}`;

export function Editing({ prompt, onClose }) {
  const [wish, setWish] = useState({ name: prompt.name, language: prompt.language, words: prompt.text, category: prompt.category ?? "" });
  const [blob, setBlob] = useState(null);
  const [wrong, setWrong] = useState(null);
  const [done, setDone] = useState(null);
  const [busy, setBusy] = useState(false);
  const set = (name) => (value) => setWish((old) => ({ ...old, [name]: value }));
  const change = async (work) => {
    setBusy(true);
    setWrong(null);
    setDone(null);
    try {
      setDone(await work());
      toast(t("prompts.changed", { name: wish.name }), "good");
    } catch (failure) {
      setWrong(failure);
    } finally {
      setBusy(false);
    }
  };
  const kind = wish.category && (prompt.isNew || wish.category !== prompt.category) ? { category: wish.category } : {};
  const say = () => change(() => api.put(`${at(wish)}/text`, { text: wish.words.replace(/\s+/g, " ").trim(), ...kind }));
  const bring = () => change(() => api.send("PUT", `${at(wish)}/sound`, blob, blob.type || "application/octet-stream", { query: kind }));
  const takeOut = async () => {
    if (await ask({ title: t("prompts.take_out"), text: t("prompts.take_out_text"), action: t("prompts.take_out"), kind: "danger" }))
      change(() => api.del(`${at(wish)}/sound`));
  };
  return html`<${Dialog} title=${prompt.isNew ? t("prompts.new") : `${wish.language}/${wish.name}`} wide onClose=${() => onClose(Boolean(done))}>
    ${wrong && html`<${Failure} error=${wrong} />`}
    ${done && html`<div class="done" role="status"><p><${Badge} kind="good">${t("prompts.done", { seconds: done.changed.seconds.toFixed(1) })}<//></p>
      <ul>${done.changed.done.map((line, place) => html`<li key=${place}>${text(line)}</li>`)}</ul>
      ${done.findings.map((fault) => html`<p key=${fault.code}><${Badge} kind=${fault.severity === "problem" ? "bad" : "warn"}>${text(fault.message)}<//> ${text(fault.mend)}</p>`)}
      <${Listen} label=${t("prompts.listen_to", { name: wish.name })} blob=${() => api.blob(`${at(wish)}/sound`)} /></div>`}
    <div class="columns">
      ${prompt.isNew && html`<${TextInput} label=${t("prompts.name")} hint=${t("prompts.name_hint")} value=${wish.name} onInput=${set("name")} />
        <${Select} label=${t("prompts.language")} value=${wish.language} onChange=${set("language")} options=${["zh", "en"].map((value) => ({ value, label: t(`admin.${value}`) }))} />`}
      <${Select} label=${t("prompts.category")} value=${wish.category} onChange=${set("category")}
        options=${[{ value: "", label: "—" }, ...CATEGORIES.map((value) => ({ value, label: t(`prompts.of_${value}`) }))]} />
    </div>
    <h3>${t("prompts.by_words")}</h3>
    <${TextInput} label=${t("prompts.text")} hint=${t("prompts.text_hint")} lines=${3} lang=${wish.language} maxlength="500" value=${wish.words} onInput=${set("words")} />
    <div class="row"><${Listen} label=${t("admin.preview")} words=${t("admin.preview")} blob=${spoken(wish.language, wish.words)} />
      <${Button} kind="primary" disabled=${busy || !wish.words.trim() || !wish.name} onClick=${say}>${t("prompts.speak")}<//></div>
    <h3>${t("prompts.by_recording")}</h3>
    <${SoundSource} onChange=${setBlob} id="prompt-sound" />
    <div class="row"><${Button} kind="primary" disabled=${busy || !blob || !wish.name} onClick=${bring}>${t("prompts.bring_in")}<//>
      ${prompt.kind === "recorded" && html`<${Button} kind="danger" disabled=${busy} onClick=${takeOut}>${t("prompts.take_out")}<//>`}</div>
    ${busy && html`<p class="muted" role="status">${t("prompts.working")}</p>`}
  <//>`;
}
