// /cases/scope: which matters each desk accepts (R31): found while typing, and the lists in all their versions.
import { html, useState } from "../vendor/preact.js";
import { useAsked } from "../admin/loading.js";
import { moment } from "../calls/when.js";
import { api } from "../shell/api.js";
import { day, nowIso } from "../shell/time.js";
import { addWords, language, t, text } from "../shell/words.js";
import { Badge, Busy, Empty, Failure, Select, Table, TextInput } from "../shell/ui.js";
import { nameOfClass, useClasses } from "./form.js";
import { STATES } from "./consult.js";
import words from "./scope-words.js";
import { useFound } from "./scope-find.js";

addWords(words);

const MOST = 200; // matters shown at once

function Matters({ found, classes }) {
  const columns = [
    { id: "code", label: t("scope.code"), cell: (one) => one.code, tight: true },
    { id: "matter", label: t("scope.matter"), cell: (one) => one[language.value] },
    { id: "desk", label: t("scope.desk"), cell: (one) => html`<${Badge} kind="info">${one.desk}<//>` },
    { id: "group", label: t("scope.group"), cell: (one) => text(one.group) },
    { id: "class", label: t("case.class"), cell: (one) => nameOfClass(classes, one.class_code) },
    { id: "version", label: t("scope.version"), cell: (one) => one.version, tight: true },
  ];
  return html`<${Table} label=${t("scope.matters")} columns=${columns} rows=${found} key="reference" empty=${t("scope.none")} />`;
}

function Lists({ lists }) {
  const columns = [
    { id: "name", label: t("scope.list"), cell: (one) => one[language.value] },
    { id: "desk", label: t("scope.desk"), cell: (one) => one.desk },
    { id: "version", label: t("scope.version"), cell: (one) => one.version },
    { id: "from", label: t("scope.from"), cell: (one) => one.from },
    { id: "until", label: t("scope.until"), cell: (one) => one.until ?? t("scope.no_end") },
    { id: "items", label: t("scope.items"), cell: (one) => t("scope.count", { items: one.items, groups: one.groups.length }) },
    { id: "state", label: t("case.state"), cell: (one) => html`<${Badge} kind=${STATES[one.state]}>${t(`scope.state.${one.state}`)}<//>` },
  ];
  const rows = lists.map((one) => ({ ...one, key: `${one.id} ${one.version}` }));
  return html`<section aria-label=${t("scope.lists")}><h2>${t("scope.lists")}</h2>
    <${Table} label=${t("scope.lists")} columns=${columns} rows=${rows} key="key" empty=${t("scope.no_lists")} /></section>`;
}

export default function Scope() {
  const classes = useClasses();
  const [typed, setTyped] = useState("");
  const [desk, setDesk] = useState("");
  const [at, setAt] = useState("");
  const [lists, failure, reload] = useAsked(() => api.get("/scope/lists").then((answer) => answer.lists));
  const [found, failed, again] = useFound({ q: typed, desk, at: at && moment(`${at}T12:00`), limit: MOST });
  const desks = [...new Set((lists ?? []).map((one) => one.desk))];
  return html`<div class="case-list scope"><h1 class="unseen">${t("case.section.scope")}</h1>
    <form class="calls-conditions card" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${TextInput} label=${t("scope.q")} placeholder=${t("scope.q_hint")} value=${typed} onInput=${setTyped} maxlength="200" autocomplete="off" type="search" />
      <${Select} label=${t("scope.desk")} value=${desk} options=${[{ value: "", label: t("case.any") }, ...desks]} onChange=${setDesk} />
      <${TextInput} label=${t("scope.at")} type="date" value=${at || day(nowIso())} onInput=${setAt} />
    </form>
    ${(failure ?? failed) && html`<${Failure} error=${failure ?? failed} retry=${failure ? reload : again} />`}
    ${found ? (found.length ? html`<${Matters} found=${found} classes=${classes} />` : html`<${Empty}>${t("scope.none")}<//>`) : html`<${Busy} />`}
    ${lists && html`<${Lists} lists=${lists} />`}
  </div>`;
}
