// One order: what the citizen wants, where it stands, what was done, and what may be done with it now.
import { html, useEffect, useState } from "../vendor/preact.js";
import { useAsked } from "../admin/loading.js";
import { api } from "../shell/api.js";
import { Link } from "../shell/router.js";
import { may as mayRole } from "../shell/session.js";
import { language, t } from "../shell/words.js";
import { Badge, Busy, Button, Failure, toast } from "../shell/ui.js";
import { useClasses, valueOf } from "../case/form.js";
import { told } from "../case/told.js";
import { Acts } from "./acts.js";
import { by, Clock, Files, isOpen, Light, nameOf, namesOf, useDepartments, when } from "./facts.js";

const EVERY = 15_000; // ms between two looks
const WRITTEN = ["cause", "course", "text", "happened", "place", "name", "caller", "kind", "class_code", "urgency", "tags", "contact"];
const PERSON = ["name", "caller"]; // of one who stays unnamed: the server tells neither
const RINGS = ["department", "supervisor", "liaison", "admin"]; // an operator never uncovers a number ([privacy] unmask)
const filled = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

const Facts = ({ pairs }) => html`<dl class="orders-facts">${pairs.filter(([, value]) => filled(value)).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}</dl>`;

/** Whom to ring about the work; the server writes down who looked. */
function Caller({ order }) {
  const [told, setTold] = useState(null);
  const look = () => api.post(`/orders/${encodeURIComponent(order.id)}/caller`).then((answer) => setTold(answer.caller), (failure) => toast(failure.message, "bad"));
  if (told) return html`<p role="status">${told.number ? html`<a href=${`tel:${told.number}`}>${told.number}</a> ${told.contact && t(`case.contact.${told.contact}`)}` : t("orders.no_caller")}</p>`;
  return html`<p><${Button} onClick=${look}>${t("orders.show_caller")}<//> <span class="orders-when">${t("orders.caller_why")}</span></p>`;
}

function Wanted({ order, classes }) {
  const { matter } = order;
  return html`<section class="card"><h2>${t("orders.wanted")}</h2>
    ${matter.confidential && html`<p class="orders-confidential"><${Badge} kind="warn">${t("orders.confidential")}<//> ${t("orders.confidential_text")}</p>`}
    ${!matter.confidential && mayRole(...RINGS) && (isOpen(order) || !mayRole("department")) && html`<${Caller} order=${order} />`}
    <${Facts} pairs=${[[t("orders.task"), order.task], ...WRITTEN.filter((name) => !matter.confidential || !PERSON.includes(name)).map((name) => [t(`case.note_${name}`), filled(matter[name]) && valueOf(classes, name, matter[name])])]} />
  </section>`;
}

/** More time: asked for, granted or not. */
function Extension({ asked }) {
  if (!asked) return null;
  return html`<p class="orders-extension"><${Badge} kind=${{ asked: "info", granted: "good", refused: "bad" }[asked.state]}>${t(`orders.extension.${asked.state}`)}<//>
    ${t("orders.extension_until", { until: when(asked.until), by: by(asked.by) })} ${asked.reason}${asked.words ? html`<br />${t("orders.extension_words", { by: by(asked.decided_by) })} ${asked.words}` : ""}</p>`;
}

function Part({ order, part, departments }) {
  return html`<li><strong>${nameOf(departments, part.department)}</strong> <${Badge} kind=${{ done: "good", returned: "bad", signed: "info" }[part.state] ?? "idle"}>${t(`orders.state.${part.state}`)}<//>
    ${part.at && html` <span class="orders-when">${when(part.at)} · ${by(part.by)}</span>`} ${part.words && html`<p>${part.words}</p>`}
    <${Files} id=${order.id} files=${part.files} /></li>`;
}

function Done({ order, departments }) {
  const steps = [
    [t("orders.sent_at"), when(order.at)],
    [t("orders.sign_by"), order.state === "sent" && when(order.sign_by)],
    [t("orders.signed_at"), order.signed_at && `${when(order.signed_at)} · ${by(order.signed_by)}`],
    [t("orders.due"), when(order.due_at)],
    [t(order.state === "returned" ? "orders.returned_at" : "orders.done_at"), order.done_at && `${when(order.done_at)} · ${by(order.done_by)}`],
    [t("orders.result"), order.result && t(`case.result.${order.result}`)],
    [t(order.state === "returned" ? "orders.reason" : "orders.result_words"), order.words],
    [t("orders.reopened"), order.reopened > 0 && t("orders.reopened_why", { times: order.reopened, why: order.why_reopened })],
  ];
  return html`<section class="card"><h2>${t("orders.course")}</h2>
    <${Facts} pairs=${steps} />
    <${Extension} asked=${order.extension} />
    <${Files} id=${order.id} files=${order.files} />
    ${order.parts.length > 0 && html`<h3>${t("orders.joint")}</h3><ul class="orders-parts">${order.parts.map((part) => html`<${Part} key=${part.department} order=${order} part=${part} departments=${departments} />`)}</ul>`}
  </section>`;
}

function History({ order, departments }) {
  return html`<section class="card orders-history"><h2>${t("orders.history")}</h2><ol class="orders-parts">${order.history.map((entry, place) => html`<li key=${place}>
    <span class="orders-when">${when(entry.at)} · ${by(entry.by)}</span><br />${told(entry, departments)}</li>`)}</ol></section>`;
}

export function One({ id }) {
  const classes = useClasses();
  const departments = useDepartments();
  const address = `/orders/${encodeURIComponent(id)}`;
  const [order, failure, read, put] = useAsked(() => api.get(address).then((answer) => answer.order), [id, language.value]);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || read(), EVERY);
    return () => clearInterval(timer);
  }, [read]);
  const act = async (kind, data) => {
    try {
      put((await api.post(`${address}/acts`, { kind, data })).order);
    } catch (refusal) {
      if (refusal.status === 409) read(); // somebody was quicker: show what it is now
      throw refusal;
    }
  };
  const back = html`<p><${Link} to="/orders">← ${t("orders.back")}<//></p>`;
  if (failure && !order) return html`<${Failure} error=${failure} retry=${read} />${back}`;
  if (!order) return html`<${Busy} />`;
  return html`<article class="orders-one">
    <header class="card">${back}
      ${failure && html`<${Failure} error=${failure} retry=${read} />`}
      <h1>${order.line || t("orders.no_line")}</h1>
      <p class="orders-head" role="status"><${Light} order=${order} /> <${Badge} kind="idle">${t(`orders.state.${order.state}`)}<//> <${Clock} order=${order} /></p>
      <p class="orders-what">${mayRole("department") ? order.number : html`<${Link} to=${`/cases/${encodeURIComponent(order.case)}`}>${order.number}<//>`} · ${namesOf(departments, order)}</p>
      <${Acts} order=${order} act=${act} />
    </header>
    <${Wanted} order=${order} classes=${classes} />
    <${Done} order=${order} departments=${departments} />
    <${History} order=${order} departments=${departments} />
  </article>`;
}
