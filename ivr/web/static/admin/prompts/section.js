// Prompts: everything callers hear, listened to and changed.
import { html, useState } from "../../vendor/preact.js";
import words from "./words.js";
import { api } from "../../shell/api.js";
import { addWords, t, text } from "../../shell/words.js";
import { Badge, Busy, Button, Failure, Select, Table, TextInput } from "../../shell/ui.js";
import { useAsked } from "../loading.js";
import { Listen } from "../sound.js";
import { at, Editing } from "./editing.js";

addWords(words);

export default function Prompts() {
  const [data, failure, reload] = useAsked(async () => {
    const [{ prompts }, { findings }] = await Promise.all([api.get("/prompts"), api.get("/prompts/check")]);
    return { prompts: prompts.map((one) => ({ ...one, id: `${one.language}/${one.name}` })), findings };
  });
  const [search, setSearch] = useState("");
  const [category, setCategory] = useState("");
  const [open, setOpen] = useState(null);
  const faults = (one) => data.findings.filter((fault) => fault.prompt === one.name && fault.language === one.language);
  const wanted = (one) =>
    (!category || one.category === category) && `${one.name} ${one.text} ${one.language}`.toLowerCase().includes(search.toLowerCase());
  const kinds = data ? [...new Set(data.prompts.map((one) => one.category).filter(Boolean))].sort() : [];
  const columns = [
    { id: "name", label: t("prompts.name") },
    { id: "language", label: t("prompts.language"), tight: true, cell: (one) => t(`admin.${one.language}`) },
    { id: "text", label: t("prompts.text"), cell: (one) => html`<span lang=${one.language}>${one.text}</span>
      ${faults(one).map((fault) => html`<p key=${fault.code}><${Badge} kind=${fault.severity === "problem" ? "bad" : "warn"}>${text(fault.message)}<//> <span class="muted">${text(fault.mend)}</span></p>`)}` },
    { id: "category", label: t("prompts.category"), tight: true, cell: (one) => (one.category ? t(`prompts.of_${one.category}`) : "—") },
    { id: "kind", label: t("prompts.kind"), tight: true, cell: (one) => t(`prompts.${one.kind}`) },
    { id: "seconds", label: t("admin.seconds"), number: true, cell: (one) => one.measured?.seconds.toFixed(1) ?? "—" },
    { id: "lufs", label: "LUFS", number: true, cell: (one) => one.measured?.lufs?.toFixed(1) ?? "—" },
    { id: "played", label: t("prompts.played"), cell: (one) => (one.played.length ? one.played.map((place) => html`<code key=${place}>${place.split("/").pop()}</code>${" "}`) : html`<span class="muted">${t("prompts.nowhere")}</span>`) },
    { id: "listen", label: t("admin.listen"), cell: (one) => html`<${Listen} label=${t("prompts.listen_to", { name: one.id })} blob=${() => api.blob(`${at(one)}/sound`)} />` },
  ];
  return html`<header class="admin-head"><h1>${t("admin.prompts")}</h1>
      <${Button} kind="primary" onClick=${() => setOpen({ name: "", language: "zh", text: "", category: "", isNew: true })}>${t("prompts.new")}<//></header>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${!data && !failure && html`<${Busy} />`}
    ${data && html`<div class="columns filters">
        <${TextInput} label=${t("admin.search")} type="search" value=${search} onInput=${setSearch} />
        <${Select} label=${t("prompts.category")} value=${category} onChange=${setCategory}
          options=${[{ value: "", label: t("prompts.all") }, ...kinds.map((value) => ({ value, label: t(`prompts.of_${value}`) }))]} />
      </div>
      <p class="muted" role="status">${t("prompts.count", { count: data.prompts.filter(wanted).length, faults: data.findings.length })}</p>
      <${Table} label=${t("admin.prompts")} columns=${columns} rows=${data.prompts.filter(wanted)} onOpen=${setOpen} />`}
    ${open && html`<${Editing} prompt=${open} onClose=${(changed) => { setOpen(null); if (changed) reload(); }} />`}`;
}
