// The list: what is to be done first stands first. It looks by itself for what came meanwhile.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { usePages } from "../shell/paged.js";
import { go, Link, query } from "../shell/router.js";
import { may } from "../shell/session.js";
import { language, t, text } from "../shell/words.js";
import { Badge, Busy, Button, Empty, Failure, Select, Tabs, TextInput } from "../shell/ui.js";
import { nameOfClass, useClasses } from "../case/form.js";
import { Clock, isOpen, Light, namesOf, useDepartments, when } from "./facts.js";

const EVERY = 15_000; // ms between two looks
const PAGE = 50;
const SHOWN = {
  open: { state: "open" },
  sent: { state: "sent" },
  signed: { state: "signed" },
  overdue: { light: "overdue" },
  extension: { extension: "asked" },
  done: { state: "done" },
  returned: { state: "returned" },
  all: {},
};
const URGENT = { urgent: "warn", very_urgent: "bad" };
const FIELDS = ["show", "department", "q"];

const sum = (departments) => Object.fromEntries([["open", "open"], ["overdue", "overdue"], ["extension", "asked"]].map(([tab, name]) => [tab, departments.reduce((all, one) => all + one[name], 0)]));
const wantedNow = () => Object.fromEntries(FIELDS.map((name) => [name, query.value.get(name) ?? ""]));
const asking = ({ show, department, q }) => ({ ...SHOWN[show || "open"], department, q: q.trim() });

function Row({ order, classes, departments, every }) {
  return html`<li class=${`orders-row card ${order.light ?? ""}`}>
    <span class="orders-light"><${Light} order=${order} />${URGENT[order.urgency] && html` <${Badge} kind=${URGENT[order.urgency]}>${t(`case.urgency.${order.urgency}`)}<//>`}
      ${order.extension === "asked" && html` <${Badge} kind="info">${t("orders.extension.asked")}<//>`}</span>
    <h2 class="orders-line"><${Link} to=${`/orders/${encodeURIComponent(order.id)}`}>${order.line || t("orders.no_line")}<//></h2>
    <span class="orders-where">${order.place || "—"}</span>
    <span class="orders-what">${order.number}${order.class_code ? ` · ${nameOfClass(classes, order.class_code)}` : ""}${every ? ` · ${namesOf(departments, order)}` : ""}</span>
    <span class="orders-when">${isOpen(order) ? html`<${Clock} order=${order} />` : when(order.due_at)}</span>
  </li>`;
}

function Conditions({ wanted, departments, every, onWanted }) {
  const [q, setQ] = useState(wanted.q);
  useEffect(() => setQ(wanted.q), [wanted.q]);
  const submit = (event) => {
    event.preventDefault();
    onWanted({ q });
  };
  const options = [{ value: "", label: t("orders.every_department") }, ...departments.map((one) => ({ value: one.key, label: text(one.name) || one.key }))];
  return html`<form class="calls-conditions card" role="search" onSubmit=${submit}>
    <${TextInput} label=${t("orders.q")} type="search" value=${q} onInput=${setQ} maxlength="100" autocomplete="off" />
    ${every && html`<${Select} label=${t("orders.department")} value=${wanted.department} options=${options} onChange=${(department) => onWanted({ department })} />`}
    <${Button} kind="primary" type="submit">${t("case.search")}<//>
  </form>`;
}

export function List() {
  const classes = useClasses();
  const departments = useDepartments();
  const [counts, setCounts] = useState({});
  const every = !may("department");
  const wanted = wantedNow();
  const address = query.value.toString();
  const ask = async (before) => {
    const counted = every ? api.get("/departments").then((told) => setCounts(sum(told.departments)), () => null) : null; // of a joint one no count is right
    const answer = await api.get("/orders", { ...asking(wanted), before, limit: PAGE });
    await counted;
    return answer;
  };
  const { pages, failure, busy, more, retry, look } = usePages(ask, [address, language.value]);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || look(), EVERY);
    return () => clearInterval(timer);
  }, [address, language.value]);
  const want = (change) => {
    const next = new URLSearchParams(Object.entries({ ...wanted, ...change }).filter(([, value]) => value)).toString();
    go(next ? `/orders?${next}` : "/orders");
  };
  const tabs = Object.keys(SHOWN).filter((id) => every || id !== "extension").map((id) => ({ id, label: `${t(`orders.show.${id}`)}${!wanted.department && counts[id] ? ` ${counts[id]}` : ""}` }));
  const orders = pages?.flatMap((page) => page.orders);
  return html`<div class="orders"><h1 class="unseen">${t("orders.title")}</h1>
    <${Conditions} wanted=${wanted} departments=${departments} every=${every} onWanted=${want} />
    <${Tabs} label=${t("orders.show")} tabs=${tabs} current=${wanted.show || "open"} onChange=${(show) => want({ show: show === "open" ? "" : show })} />
    ${failure && html`<${Failure} error=${failure} retry=${retry} />`}
    ${!orders && !failure && html`<${Busy} />`}
    ${orders?.length === 0 && html`<${Empty}>${t(address ? "orders.none" : every ? "orders.none_yet" : "orders.none_for_you")}<//>`}
    ${orders?.length > 0 && html`<ul class="orders-list" aria-label=${t("orders.title")}>${orders.map((order) => html`<${Row} key=${order.id} order=${order} classes=${classes} departments=${departments} every=${every} />`)}</ul>`}
    ${more && html`<p class="calls-more"><${Button} disabled=${busy} onClick=${more}>${t("case.more")}<//></p>`}
  </div>`;
}
