// Accounts: who may come in, as what, and what helps one who cannot.
import { html, useEffect, useState } from "../../vendor/preact.js";
import words from "./words.js";
import { api } from "../../shell/api.js";
import { clock, day } from "../../shell/time.js";
import { addWords, t } from "../../shell/words.js";
import { Badge, Busy, Button, Failure, Select, Table, TextInput, useStyle } from "../../shell/ui.js";
import { useAsked } from "../loading.js";
import { Making } from "./making.js";
import { One } from "./one.js";
import { Factor, ROLES, State, stateOf, STATES } from "./parts.js";

addWords(words);

const EVERY = 10000; // ms: locks begin and end, people come and go

const when = (iso) => (iso ? `${day(iso)} ${clock(iso).slice(0, 5)}` : "—");
const holds = (text, wanted) => (text ?? "").toLowerCase().includes(wanted.trim().toLowerCase());

export default function Accounts() {
  useStyle("/static/admin/accounts/section.css");
  const [filter, setFilter] = useState({ text: "", role: "", state: "" });
  const [open, setOpen] = useState("");
  const [making, setMaking] = useState(false);
  const [data, failure, reload] = useAsked(() => api.get("/accounts"));
  useEffect(() => {
    const timer = setInterval(reload, EVERY);
    return () => clearInterval(timer);
  }, [reload]);
  const set = (name) => (value) => setFilter((old) => ({ ...old, [name]: value }));
  const all = data?.accounts ?? [];
  const rows = all.filter(
    (one) =>
      [one.user, one.name, one.number, one.department].some((part) => holds(part, filter.text)) &&
      (!filter.role || one.roles.includes(filter.role)) &&
      (!filter.state || stateOf(one) === filter.state),
  );
  const chosen = all.find((one) => one.user === open);
  const columns = [
    { id: "user", label: t("accounts.user") },
    { id: "name", label: t("accounts.name") },
    { id: "roles", label: t("accounts.roles"), cell: (one) => one.roles.map((role) => t(`accounts.role_${role}`)).join(t("accounts.and")) + (one.department ? t("accounts.of_department", { department: one.department }) : "") },
    { id: "number", label: t("accounts.number"), cell: (one) => one.number ?? "—" },
    { id: "state", label: t("accounts.state"), cell: (one) => html`<${State} one=${one} />` },
    { id: "totp", label: t("accounts.factor"), cell: (one) => html`<${Factor} one=${one} />` },
    { id: "sessions", label: t("accounts.sessions"), cell: (one) => (one.sessions ? html`<${Badge} kind="good">${t("accounts.in", { n: one.sessions })}<//>` : "—") },
    { id: "last", label: t("accounts.last"), cell: (one) => when(one.last_login_at) },
  ];
  const options = (names, key, every) => [{ value: "", label: t(every) }, ...names.map((value) => ({ value, label: t(`${key}${value}`) }))];
  return html`<header class="admin-head"><h1>${t("admin.accounts")}</h1>
      <${Button} kind="primary" onClick=${() => setMaking(true)}>${t("accounts.new")}<//></header>
    <p class="muted">${t("accounts.about")}</p>
    <div class="columns filters">
      <${TextInput} label=${t("admin.search")} hint=${t("accounts.search_hint")} type="search" value=${filter.text} onInput=${set("text")} />
      <${Select} label=${t("accounts.roles")} value=${filter.role} onChange=${set("role")} options=${options(ROLES, "accounts.role_", "accounts.any_role")} />
      <${Select} label=${t("accounts.state")} value=${filter.state} onChange=${set("state")} options=${options(STATES, "accounts.state_", "accounts.any_state")} />
    </div>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${!data && !failure && html`<${Busy} />`}
    ${data && html`<p class="muted" role="status">${t("accounts.shown", { shown: rows.length, all: all.length })}</p>
      <${Table} label=${t("admin.accounts")} columns=${columns} rows=${rows} key="user" onOpen=${(one) => setOpen(one.user)} empty=${t("accounts.none")} />`}
    ${chosen && html`<${One} key=${open} account=${chosen} others=${all.filter((one) => one !== chosen)} onChange=${reload} onClose=${() => setOpen("")} />`}
    ${making && html`<${Making} onMade=${reload} onClose=${() => setMaking(false)} />`}`;
}
