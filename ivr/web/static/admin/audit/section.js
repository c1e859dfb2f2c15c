// The audit log: who changed what, when and why. Nobody changes it.
import { html, useState } from "../../vendor/preact.js";
import words from "./words.js";
import { api } from "../../shell/api.js";
import { clock, day } from "../../shell/time.js";
import { addWords, t } from "../../shell/words.js";
import { Busy, Button, Failure, Table, TextInput } from "../../shell/ui.js";
import { moment } from "../../calls/when.js";
import { useAsked } from "../loading.js";

addWords(words);

const PAGE = 100;
const does = (what) => (t(`audit.does.${what}`) === `audit.does.${what}` ? "" : t(`audit.does.${what}`));

export default function AuditLog() {
  const [filter, setFilter] = useState({ what: "", since: "" });
  const [who, setWho] = useState("");
  const [before, setBefore] = useState("");
  const what = /^[a-z_.]{0,64}$/.test(filter.what) ? filter.what : "";
  const since = filter.since && (moment(filter.since) ?? "");
  const [data, failure, reload] = useAsked(() => api.get("/audit", { limit: PAGE, what, since, before }), [what, since, before]);
  const columns = [
    { id: "at", label: t("audit.at"), cell: (one) => `${day(one.at)} ${clock(one.at)}` },
    { id: "who", label: t("audit.who"), cell: (one) => html`${one.who} <span class="muted">${one.role}</span>` },
    { id: "what", label: t("audit.what"), cell: (one) => html`${does(one.what)} <code class="muted">${one.what}</code>` },
    { id: "about", label: t("audit.about") },
    { id: "why", label: t("admin.why") },
    { id: "details", label: t("audit.details"), cell: (one) => Object.keys(one.details).length > 0 && html`<details><summary>${t("audit.show")}</summary><pre>${JSON.stringify(one.details, null, 1)}</pre></details>` },
  ];
  const rows = (data?.entries ?? []).filter((one) => one.who.toLowerCase().includes(who.toLowerCase()));
  const set = (name) => (value) => {
    setBefore("");
    setFilter((old) => ({ ...old, [name]: value }));
  };
  return html`<header class="admin-head"><h1>${t("admin.audit")}</h1></header>
    <p class="muted">${t("audit.about_text")}</p>
    <div class="columns filters">
      <${TextInput} label=${t("audit.what")} hint=${t("audit.what_hint")} value=${filter.what} onChange=${set("what")} />
      <${TextInput} label=${t("audit.who")} value=${who} onInput=${setWho} />
      <${TextInput} label=${t("audit.since")} type="datetime-local" value=${filter.since} onChange=${set("since")} />
    </div>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${!data && !failure && html`<${Busy} />`}
    ${data && html`<${Table} label=${t("admin.audit")} columns=${columns} rows=${rows} />
      <div class="row">${before && html`<${Button} onClick=${() => setBefore("")}>${t("audit.newest")}<//>`}
      ${data.entries.length === PAGE && html`<${Button} onClick=${() => setBefore(data.entries.at(-1).at)}>${t("audit.older")}<//>`}</div>`}`;
}
