// The list: conditions above, cases below, all of it in the address, so that Back leads back.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { usePages } from "../shell/paged.js";
import { go, query } from "../shell/router.js";
import { clock, day } from "../shell/time.js";
import { language, t } from "../shell/words.js";
import { moment } from "../calls/when.js";
import { Badge, Busy, Button, Failure, Select, Table, TextInput } from "../shell/ui.js";
import { AnswerClock } from "./clock.js";
import { Export } from "./export.js";
import { KINDS, nameOfClass, URGENCIES, useClasses, words } from "./form.js";
import { KINDS as COLOURS } from "./panel.js";
import { Waiting } from "./waiting.js";

const FIELDS = ["q", "place", "number", "class_code", "kind", "urgency", "state", "partner", "since", "until"];
const STATES = ["open", "offered", "accepted", "consulting", "handled", "closed", "merged"];
const URGENT = { general: "idle", urgent: "warn", very_urgent: "bad" };

const typed = () => Object.fromEntries(FIELDS.map((name) => [name, query.value.get(name) ?? ""]));
const given = (wanted) => Object.entries(wanted).filter(([, value]) => value);
const asked = (wanted) => Object.fromEntries(given(wanted).map(([name, value]) => [name, ["since", "until"].includes(name) ? moment(value) : value.trim()]));
const either = (name, all) => [{ value: "", label: t("case.any") }, ...words(name, all)];

function Conditions({ wanted, setWanted, classes, submit }) {
  const put = (name) => (value) => setWanted({ ...wanted, [name]: value });
  const text = (name, more = {}) => html`<${TextInput} label=${t(`case.${name}`)} value=${wanted[name]} onInput=${put(name)} autocomplete="off" ...${more} />`;
  const tree = [{ value: "", label: t("case.any") }, ...classes.map((one) => ({ value: one.code, label: `${"　".repeat(one.code.length / 2 - 1)}${one[language.value]}` }))];
  return html`<form class="calls-conditions card" role="search" onSubmit=${submit}>
    ${text("q", { maxlength: 100 })} ${text("place", { maxlength: 100 })} ${text("number", { pattern: "[0-9A-Za-z\\-]*" })}
    <${Select} label=${t("case.class")} value=${wanted.class_code} options=${tree} onChange=${put("class_code")} />
    <${Select} label=${t("case.kind")} value=${wanted.kind} options=${either("kind", KINDS)} onChange=${put("kind")} />
    <${Select} label=${t("case.urgency")} value=${wanted.urgency} options=${either("urgency", URGENCIES)} onChange=${put("urgency")} />
    <${Select} label=${t("case.state")} value=${wanted.state} options=${either("state", STATES)} onChange=${put("state")} />
    ${text("partner", { pattern: "[0-9A-Za-z_\\-]*", maxlength: 32 })}
    ${text("since", { type: "datetime-local" })} ${text("until", { type: "datetime-local" })}
    <${Button} kind="primary" type="submit">${t("case.search")}<//>
  </form>`;
}

const columns = (classes) => [
  { id: "number", label: t("case.number"), cell: (one) => one.number },
  { id: "opened", label: t("case.opened"), cell: (one) => html`<span class="case-day">${day(one.opened_at)}</span> ${clock(one.opened_at)}` },
  { id: "line", label: t("case.line"), cell: (one) => html`<span class="calls-line" title=${one.line}>${one.line}</span>` },
  { id: "place", label: t("case.place"), cell: (one) => html`<span class="calls-line" title=${one.place}>${one.place}</span>` },
  { id: "class", label: t("case.class"), cell: (one) => nameOfClass(classes, one.class_code) },
  { id: "urgency", label: t("case.urgency"), cell: (one) => html`<${Badge} kind=${URGENT[one.urgency]}>${t(`case.urgency.${one.urgency}`)}<//>` },
  { id: "state", label: t("case.state"), cell: (one) => html`<${Badge} kind=${COLOURS[one.state]}>${t(`case.state.${one.state}`)}<//>` },
  { id: "owner", label: t("case.owner"), cell: (one) => one.owners.join(t("case.and")) },
  { id: "answer", label: t("case.clock"), cell: (one) => html`<${AnswerClock} one=${one} />` },
];

export default function List() {
  const classes = useClasses();
  const [wanted, setWanted] = useState(typed);
  const address = query.value.toString();
  const list = usePages((before) => api.get("/cases", { ...asked(typed()), before, limit: 50 }), [address, language.value]);
  useEffect(() => setWanted(typed()), [address]);

  const submit = (event) => {
    event.preventDefault();
    const next = new URLSearchParams(given(wanted)).toString();
    if (next === address) list.retry();
    else go(next ? `/cases?${next}` : "/cases");
  };
  return html`<div class="case-list"><h1 class="unseen">${t("case.title")}</h1>
    ${!address && html`<${Waiting} onActed=${list.look} />`}
    <${Conditions} wanted=${wanted} setWanted=${setWanted} classes=${classes} submit=${submit} />
    <p class="case-export"><${Export} filters=${() => asked(typed())} /></p>
    ${list.failure && html`<${Failure} error=${list.failure} retry=${list.retry} />`}
    ${list.pages && html`<${Table} label=${t("case.title")} columns=${columns(classes)} rows=${list.pages.flatMap((page) => page.cases)} empty=${t(address ? "case.none" : "case.none_yet")}
      onOpen=${(one) => go(`/cases/${encodeURIComponent(one.id)}`)} />`}
    ${list.busy && html`<${Busy} />`}
    ${list.more && !list.busy && html`<p class="calls-more"><${Button} onClick=${list.more}>${t("case.more")}<//></p>`}
  </div>`;
}
