// The list: conditions above, calls below, all of it in the address, so that Back leads back.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { usePages } from "../shell/paged.js";
import { go, query } from "../shell/router.js";
import { session } from "../shell/session.js";
import { readsNotes } from "./note.js";
import { clock, day, mmss } from "../shell/time.js";
import { language, t } from "../shell/words.js";
import { Badge, Busy, Button, Failure, Select, Table, TextInput } from "../shell/ui.js";
import { ExportDialog } from "./export.js";
import { moment, today } from "./when.js";

const FIELDS = ["caller", "text", "since", "until", "operator", "target", "transfer_result", "outcome"];
const OUTCOMES = ["answered", "transferred", "emergency", "abandoned", "interrupted", "rejected", "diverted"];
const RESULTS = ["completed", "not_completed", "failed", "dropped", "cancelled", "refused", "abandoned", "interrupted"];
export const KINDS = { answered: "good", transferred: "good", emergency: "info", abandoned: "warn", interrupted: "bad", rejected: "idle", diverted: "idle" };

const typed = () => Object.fromEntries(FIELDS.map((name) => [name, query.value.get(name) ?? ""]));

/** As the server takes them. */
function filters(wanted) {
  const given = Object.entries(wanted).filter(([, value]) => value);
  return Object.fromEntries(given.map(([name, value]) => [name, name === "since" || name === "until" ? moment(value) : value.trim()]));
}

function look(wanted) {
  const pairs = Object.entries(wanted).filter(([, value]) => value);
  go(`/calls${pairs.length ? `?${new URLSearchParams(pairs)}` : ""}`);
}

const either = (name, words) => [{ value: "", label: t("calls.any") }, ...words.map((word) => ({ value: word, label: t(`calls.${name}.${word}`) }))];

function Conditions({ wanted, setWanted, submit }) {
  const put = (name) => (value) => setWanted({ ...wanted, [name]: value });
  const text = (name, more = {}) => html`<${TextInput} label=${t(`calls.${name}`)} value=${wanted[name]} onInput=${put(name)} autocomplete="off" ...${more} />`;
  return html`<form class="calls-conditions card" role="search" onSubmit=${submit}>
    ${text("caller", { inputmode: "tel", placeholder: "138*" })}
    ${readsNotes() && text("text", { maxlength: 100 })}
    ${text("since", { type: "datetime-local" })} ${text("until", { type: "datetime-local" })}
    ${text("operator", { inputmode: "numeric", pattern: "[0-9]*" })} ${text("target", { placeholder: "110" })}
    <${Select} label=${t("calls.transfer_result")} value=${wanted.transfer_result} options=${either("result", RESULTS)} onChange=${put("transfer_result")} />
    <${Select} label=${t("calls.outcome")} value=${wanted.outcome} options=${either("outcome", OUTCOMES)} onChange=${put("outcome")} />
    <${Button} kind="primary" type="submit">${t("calls.search")}<//>
  </form>`;
}

function Quick({ onExport }) {
  const number = session.value?.number;
  const ways = [
    ["today", { since: today() }],
    ["callback", { since: today(), outcome: "abandoned" }],
    ["failed", { since: today(), transfer_result: "not_completed" }],
    ...(number ? [["mine", { operator: number }]] : []),
    ["all", {}],
  ];
  return html`<div class="calls-quick" role="group" aria-label=${t("calls.quick")}>
    ${ways.map(([name, wanted]) => html`<${Button} key=${name} onClick=${() => look(wanted)}>${t(`calls.quick.${name}`)}<//>`)}
    <span class="calls-space"></span>
    <${Button} onClick=${onExport}>${t("calls.export")}<//>
  </div>`;
}

const transfer = (one) => html`<span key=${one.id} class="calls-transfer">${one.target}
  <${Badge} kind=${one.result === "completed" ? "good" : one.result ? "warn" : "info"}>${t(`calls.result.${one.result ?? "running"}`)}<//></span>`;

const seconds = (from, to) => (to ? mmss((Date.parse(to) - Date.parse(from)) / 1000) : "");
const operators = (call) => [...new Set(call.legs.filter((leg) => leg.role === "operator" && leg.answered_at).map((leg) => leg.party))].join(" ");

const columns = (notes) => [
  { id: "entered_at", label: t("calls.entered"), cell: (call) => `${day(call.entered_at)} ${clock(call.entered_at)}` },
  { id: "caller", label: t("calls.caller"), cell: (call) => call.caller || t("calls.withheld") },
  { id: "outcome", label: t("calls.outcome"), cell: (call) => html`<${Badge} kind=${KINDS[call.outcome] ?? "info"}>${t(`calls.outcome.${call.outcome ?? "running"}`)}<//>` },
  { id: "waited", label: t("calls.waited"), number: true, cell: (call) => seconds(call.entered_at, call.answered_at) },
  { id: "total", label: t("calls.total"), number: true, cell: (call) => seconds(call.entered_at, call.ended_at) },
  { id: "operators", label: t("calls.operators"), cell: operators },
  { id: "transfers", label: t("calls.transfers"), cell: (call) => call.transfers.map(transfer) },
  ...(readsNotes() ? [{ id: "note", label: t("calls.note"), cell: (call) => html`<span class="calls-line" title=${notes[call.id]}>${notes[call.id]}</span>` }] : []),
];

export function Search() {
  const [wanted, setWanted] = useState(typed);
  const [exporting, setExporting] = useState(false);
  const asked = query.value.toString();
  const list = usePages((before) => api.get("/calls", { ...filters(typed()), before, limit: 50 }), [asked, language.value]);
  useEffect(() => setWanted(typed()), [asked]);
  const notes = Object.assign({}, ...(list.pages ?? []).map((page) => page.notes));

  const submit = (event) => {
    event.preventDefault();
    if (new URLSearchParams(Object.entries(wanted).filter(([, value]) => value)).toString() === asked) list.retry();
    else look(wanted);
  };
  return html`<h1 class="unseen">${t("calls.title")}</h1>
    <${Conditions} wanted=${wanted} setWanted=${setWanted} submit=${submit} />
    <${Quick} onExport=${() => setExporting(true)} />
    ${list.failure && html`<${Failure} error=${list.failure} retry=${list.retry} />`}
    ${list.pages && html`<${Table} label=${t("calls.title")} columns=${columns(notes)} rows=${list.pages.flatMap((page) => page.calls)} empty=${t("calls.none")}
      onOpen=${(call) => go(`/calls/${encodeURIComponent(call.id)}`)} />`}
    ${list.busy && html`<${Busy} />`}
    ${list.more && !list.busy && html`<p class="calls-more"><${Button} onClick=${list.more}>${t("calls.more")}<//></p>`}
    ${exporting && html`<${ExportDialog} filters=${filters(typed())} onClose=${() => setExporting(false)} />`}`;
}
