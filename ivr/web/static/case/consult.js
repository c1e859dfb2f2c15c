// /cases/consult: cases that the desks have to consult about (R46), what they agreed, and the norms that came of it.
// ?case=<id or number> opens the form for one case.
import { html, useEffect, useState } from "../vendor/preact.js";
import { useAsked } from "../admin/loading.js";
import { api } from "../shell/api.js";
import { go, Link, query } from "../shell/router.js";
import { clock, day } from "../shell/time.js";
import { addWords, t } from "../shell/words.js";
import { Badge, Busy, Button, Empty, Failure, Table, TextInput, toast } from "../shell/ui.js";
import { Form } from "./consult-form.js";
import words from "./consult-words.js";
import { nameOfClass, useClasses } from "./form.js";

addWords(words);

const LOOK = 5000; // ms between two looks: the other desk works on the same cases
const MORE = 20; // consultations a page
export const STATES = { valid: "good", future: "info", expired: "idle", replaced: "idle" };
const when = (iso) => `${day(iso)} ${clock(iso)}`;
const openForm = (id) => go(`/cases/consult?case=${encodeURIComponent(id)}`);

function Waiting({ cases, classes }) {
  const columns = [
    { id: "number", label: t("case.number"), cell: (one) => one.number },
    { id: "line", label: t("case.line"), cell: (one) => html`<span class="calls-line" title=${one.line}>${one.line}</span>` },
    { id: "class", label: t("case.class"), cell: (one) => nameOfClass(classes, one.class_code) },
    { id: "owner", label: t("case.owner"), cell: (one) => one.owners.join(t("case.and")) },
    { id: "changed", label: t("consult.returned"), cell: (one) => when(one.changed_at) },
  ];
  return html`<section aria-label=${t("consult.waiting")}><h2>${t("consult.waiting")}</h2>
    <${Table} label=${t("consult.waiting")} columns=${columns} rows=${cases} empty=${t("consult.none_waiting")} onOpen=${(one) => openForm(one.id)} />
  </section>`;
}

/** Whichever case a desk wants to consult about, returned or not. */
function Another() {
  const [number, setNumber] = useState("");
  const submit = (event) => {
    event.preventDefault();
    if (number.trim()) openForm(number.trim());
  };
  return html`<form class="consult-another" onSubmit=${submit}>
    <${TextInput} label=${t("consult.another")} value=${number} onInput=${setNumber} autocomplete="off" pattern="[0-9A-Za-z\\-]*" maxlength="64" />
    <${Button} type="submit">${t("consult.open")}<//>
  </form>`;
}

function Norms({ norms, classes }) {
  const columns = [
    { id: "id", label: t("consult.norm_id"), cell: (one) => html`<${Link} to=${`/cases/${one.case}`}>${one.id}<//>` },
    { id: "version", label: t("consult.version") },
    { id: "class", label: t("case.class"), cell: (one) => `${nameOfClass(classes, one.class_code)} ${one.class_code}` },
    { id: "owners", label: t("case.owner"), cell: (one) => one.owners.join(t("case.and")) },
    { id: "from", label: t("consult.from"), cell: (one) => day(one.from) },
    { id: "until", label: t("consult.until"), cell: (one) => (one.until ? day(new Date(Date.parse(one.until) - 1).toISOString()) : t("consult.no_end")) },
    { id: "state", label: t("case.state"), cell: (one) => html`<${Badge} kind=${STATES[one.state]}>${t(`consult.state.${one.state}`)}<//>` },
  ];
  const rows = norms.map((one) => ({ ...one, key: `${one.case} ${one.origin} ${one.at}` }));
  return html`<section aria-label=${t("consult.norms")}><h2>${t("consult.norms")}</h2>
    <${Table} label=${t("consult.norms")} columns=${columns} rows=${rows} key="key" empty=${t("consult.no_norms")} />
  </section>`;
}

function Held({ told, more }) {
  return html`<section aria-label=${t("consult.held")}><h2>${t("consult.held")}</h2>
    ${told.length === 0 && html`<${Empty}>${t("consult.none_held")}<//>`}
    ${told.map((one) => html`<article class="card consult-held" key=${`${one.case} ${one.origin} ${one.at}`}>
      <h3><${Link} to=${`/cases/${one.case}`}>${one.number}<//> ${one.line}</h3>
      <p class="case-when">${when(one.at)} · ${one.origin}/${one.by}${one.participants.length > 0 && html` · ${t("consult.there", { who: one.participants.join(t("case.and")) })}`}</p>
      <p class="consult-minutes">${one.minutes}</p>
      <p>${t("consult.agreed", { owners: one.owners.join(t("case.and")) })} ${one.norm && html`<${Badge} kind="info">${t("consult.made", one.norm)}<//>`}</p>
    </article>`)}
    ${more && html`<p class="calls-more"><${Button} onClick=${more}>${t("case.more")}<//></p>`}
  </section>`;
}

export default function Consult() {
  const classes = useClasses();
  const [many, setMany] = useState(MORE);
  const wanted = query.value.get("case") ?? "";
  const [found, failure, reload] = useAsked(async () => {
    const [waiting, norms, held] = await Promise.all([
      api.get("/cases", { state: "consulting", limit: 200 }),
      api.get("/norms"),
      api.get("/consultations", { limit: many }),
    ]);
    return { waiting: waiting.cases, norms: norms.norms, held: held.consultations, next: held.next };
  }, [many]);
  useEffect(() => {
    const timer = setInterval(reload, LOOK);
    return () => clearInterval(timer);
  }, [reload]);
  const done = () => {
    toast(t("consult.kept"), "good");
    go("/cases/consult");
    reload();
  };
  return html`<div class="case-list consult"><h1 class="unseen">${t("case.section.consult")}</h1>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${!found && !failure && html`<${Busy} />`}
    ${found && wanted && html`<${Form} id=${wanted} key=${wanted} classes=${classes} norms=${found.norms} onDone=${done} />`}
    ${found && html`<${Waiting} cases=${found.waiting} classes=${classes} /><${Another} />
      <${Norms} norms=${found.norms} classes=${classes} />
      <${Held} told=${found.held} more=${found.next && many < 200 ? () => setMany(Math.min(200, many + MORE)) : null} />`}
  </div>`;
}
