// Notices: what every caller is told for some hours.
import { html, useState } from "../../vendor/preact.js";
import words from "./words.js";
import { api } from "../../shell/api.js";
import { clock, day, present } from "../../shell/time.js";
import { addWords, t } from "../../shell/words.js";
import { Badge, Busy, Button, Check, Dialog, Failure, prompt, Select, Table, TextInput, toast } from "../../shell/ui.js";
import { moment, typed } from "../../calls/when.js";
import { useAction, useAsked } from "../loading.js";
import { Listen, spoken } from "../sound.js";
import { SoundSource } from "../recorder.js";

addWords(words);

const KINDS = { playing: "good", planned: "info", over: "idle" };
const PLACES = ["before-greeting", "while-waiting"];
const when = (iso) => `${day(iso)} ${clock(iso).slice(0, 5)}`;

export default function Notices() {
  const [all, setAll] = useState(false);
  const [making, setMaking] = useState(false);
  const [data, failure, reload] = useAsked(() => api.get("/notices", { state: all ? "all" : "open" }), [all]);
  const [busy, run] = useAction();
  const end = async (notice) => {
    const why = await prompt({ title: t("notices.end_title", { id: notice.id }), text: t("notices.end_text"), label: t("admin.why") });
    if (why === null) return;
    await run(() => api.del(`/notices/${notice.id}`, { why }));
    reload();
  };
  const columns = [
    { id: "state", label: t("notices.state"), cell: (one) => html`<${Badge} kind=${KINDS[one.state]}>${t(`notices.${one.state}`)}<//>` },
    { id: "words", label: t("notices.words"), cell: (one) => html`${Object.entries(one.texts).map(([code, text]) => html`<p key=${code} lang=${code}>${text}</p>`)}
      ${one.recorded && html`<p class="muted">${t("notices.recorded")}</p>`}` },
    { id: "place", label: t("notices.place"), cell: (one) => t(`notices.${one.place}`) },
    { id: "begins", label: t("notices.from"), cell: (one) => when(one.begins) },
    { id: "ends", label: t("notices.until"), cell: (one) => when(one.ends) },
    { id: "seconds", label: t("admin.seconds"), number: true },
    { id: "by", label: t("admin.by"), cell: (one) => html`${one.by}${one.why && html`<p class="muted">${one.why}</p>`}${one.ended_by && html`<p class="muted">${t("notices.ended_by", { who: one.ended_by })}</p>`}` },
    { id: "do", label: t("admin.actions"), cell: (one) => html`<div class="row">
      <${Listen} label=${t("notices.listen_to", { id: one.id })} blob=${() => api.blob(`/notices/${one.id}/sound`)} />
      ${one.state !== "over" && html`<${Button} kind="danger" disabled=${busy} onClick=${() => end(one)}>${t("notices.end")}<//>`}</div>` },
  ];
  return html`<header class="admin-head"><h1>${t("admin.notices")}</h1>
      <${Check} label=${t("notices.all")} checked=${all} onChange=${setAll} />
      <${Button} kind="primary" onClick=${() => setMaking(true)}>${t("notices.new")}<//></header>
    <p class="muted">${t("notices.about")}</p>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${!data && !failure && html`<${Busy} />`}
    ${data && html`<${Table} label=${t("admin.notices")} columns=${columns} rows=${data.notices} empty=${t("notices.none")} />`}
    ${making && html`<${Making} onClose=${(made) => { setMaking(false); if (made) reload(); }} />`}`;
}

const LASTS = 3 * 3600e3; // ms, unless somebody says otherwise

function Making({ onClose }) {
  const [wish, setWish] = useState({ place: PLACES[0], from: "", until: typed(new Date(present() + LASTS).toISOString()), zh: "", en: "", why: "", kind: "words" });
  const [blob, setBlob] = useState(null);
  const [wrong, setWrong] = useState(null);
  const [busy, setBusy] = useState(false);
  const set = (name) => (value) => setWish((old) => ({ ...old, [name]: value }));
  const said = async (event) => {
    event.preventDefault();
    setBusy(true);
    setWrong(null);
    try {
      const times = { place: wish.place, until: moment(wish.until), why: wish.why };
      if (wish.from) times.from = moment(wish.from);
      const made = wish.kind === "words"
        ? await api.post("/notices", { ...times, texts: Object.fromEntries(["zh", "en"].filter((code) => wish[code].trim()).map((code) => [code, wish[code].replace(/\s+/g, " ")])) }, { seconds: 60 })
        : await api.send("POST", "/notices/recording", blob, blob.type || "application/octet-stream", { query: times });
      toast(t("notices.made", { seconds: made.notice.seconds }), "good");
      onClose(true);
    } catch (failure) {
      setWrong(failure.message ?? String(failure));
    } finally {
      setBusy(false);
    }
  };
  const words = (code) => html`<div class="with-button"><${TextInput} label=${t(`notices.text_${code}`)} lines=${3} lang=${code} maxlength="500" value=${wish[code]} onInput=${set(code)} />
    <${Listen} label=${t("notices.preview", { language: t(`admin.${code}`) })} words=${t("notices.preview", { language: t(`admin.${code}`) })} blob=${spoken(code, wish[code].replace(/\s+/g, " "))} /></div>`;
  return html`<${Dialog} title=${t("notices.new")} wide onClose=${() => onClose(false)}>
    <form onSubmit=${said}>
      ${wrong && html`<${Failure} error=${{ message: wrong }} />`}
      <${Select} label=${t("notices.kind")} value=${wish.kind} onChange=${set("kind")} options=${["words", "recording"].map((value) => ({ value, label: t(`notices.by_${value}`) }))} />
      ${wish.kind === "words" ? html`${words("zh")}${words("en")}<p class="muted">${t("notices.one_language")}</p>` : html`<${SoundSource} onChange=${setBlob} id="notice-sound" />`}
      <div class="columns">
        <${Select} label=${t("notices.place")} value=${wish.place} onChange=${set("place")} options=${PLACES.map((value) => ({ value, label: t(`notices.${value}`) }))} />
        <${TextInput} label=${t("notices.from")} hint=${t("notices.from_hint")} type="datetime-local" value=${wish.from} onInput=${set("from")} />
        <${TextInput} label=${t("notices.until")} type="datetime-local" required value=${wish.until} onInput=${set("until")} />
      </div>
      <${TextInput} label=${t("admin.why")} required maxlength="500" value=${wish.why} onInput=${set("why")} />
      <div class="dialog-foot"><${Button} kind="primary" type="submit" disabled=${busy || (wish.kind === "recording" && !blob)}>${busy ? t("notices.speaking") : t("notices.say")}<//></div>
    </form>
  <//>`;
}
