// A case's work orders: who was ordered to do what and where it stands, a new order, and what the caller says of it.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { Asking, fresh, Words } from "../shell/asking.js";
import { useDraft } from "../shell/draft.js";
import { Link } from "../shell/router.js";
import { addWords, t, text } from "../shell/words.js";
import { moment } from "../calls/when.js";
import { Button, Check, Empty, Select, TextInput, toast, useStyle } from "../shell/ui.js";
import { CallBacks, Clock, Files, Light, nameOf, namesOf, useDepartments, when } from "../orders/facts.js";
import orderWords from "../orders/words.js";

addWords(orderWords);

/** A new order: to the department of the case's class, with its limit, unless somebody says otherwise. */
function Dispatch({ one, departments, act, onClose }) {
  const [proposal, setProposal] = useState(null);
  const [department, setDepartment] = useState("");
  const [joint, setJoint] = useState([]);
  const [words, setWords, kept] = useDraft(`ordered.${one.id}`);
  const [due, setDue] = useState("");
  const [order] = useState(fresh); // pressed twice, it is one order
  const choose = (key) => {
    setDepartment(key);
    setJoint((old) => old.filter((each) => each !== key));
  };
  useEffect(() => {
    const take = (answer) => {
      setProposal(answer.proposal);
      setDepartment((chosen) => chosen || answer.proposal.department);
      setJoint((chosen) => (chosen.length ? chosen : answer.proposal.joint));
    };
    api.get(`/cases/${encodeURIComponent(one.id)}/order`).then(take, (failure) => toast(failure.message, "bad"));
  }, []);
  const options = [{ value: "", label: t("orders.choose") }, ...departments.map((each) => ({ value: each.key, label: text(each.name) || each.key }))];
  const data = () => ({ order, department, joint, ...(words.trim() ? { words: words.trim() } : {}), ...(due ? { due: moment(due) } : {}) });
  const toggle = (key) => (on) => setJoint((old) => (on ? [...old, key] : old.filter((each) => each !== key)));
  const hint = proposal?.department ? t("orders.dispatch_by_class", { department: nameOf(departments, proposal.department) }) : "";
  return html`<${Asking} title=${t("orders.dispatch")} ready=${department} data=${data} act=${kept(act)} onClose=${onClose}>
    <${Select} label=${t("orders.department")} name="department" hint=${hint} value=${department} options=${options} onChange=${choose} required />
    <${Words} label=${t("orders.dispatch_words")} hint=${t("orders.dispatch_hint")} longest=${8000} value=${words} onInput=${setWords} />
    <${TextInput} label=${t("orders.dispatch_due")} type="datetime-local" value=${due} onInput=${setDue} hint=${proposal ? t("orders.due_proposed", { due: when(proposal.due) }) : ""} />
    ${departments.length > 1 && html`<fieldset class="orders-joint"><legend>${t("orders.joint_with")}</legend>
      ${departments.filter((each) => each.key !== department).map((each) => html`<${Check} key=${each.key} label=${text(each.name) || each.key} checked=${joint.includes(each.key)} onChange=${toggle(each.key)} />`)}
    </fieldset>`}
  <//>`;
}

/** 回访: was the caller reached, and is it as it should be? */
function CallBack({ one, act, onClose }) {
  const [reached, setReached] = useState("yes");
  const [satisfied, setSatisfied] = useState("yes");
  const [words, setWords, kept] = useDraft(`called_back.${one.id}`);
  const data = () => ({ reached: reached === "yes", ...(reached === "yes" && satisfied ? { satisfied } : {}), ...(words.trim() ? { words: words.trim() } : {}) });
  const option = (value, label) => ({ value, label: t(label) });
  return html`<${Asking} title=${t("orders.call_back")} data=${data} act=${kept(act)} onClose=${onClose}>
    <${Select} label=${t("orders.call_back_reached")} value=${reached} options=${[option("yes", "orders.reached"), option("no", "orders.not_reached")]} onChange=${setReached} />
    ${reached === "yes" && html`<${Select} label=${t("orders.call_back_satisfied")} name="satisfied" value=${satisfied} onChange=${setSatisfied}
      options=${[...["yes", "partly", "no"].map((value) => option(value, `orders.satisfied.${value}`)), option("", "orders.not_asked")]} />`}
    <${Words} label=${t("orders.call_back_words")} hint=${satisfied === "no" ? t("orders.call_back_no") : ""} longest=${8000} value=${words} onInput=${setWords} required=${reached === "yes" && satisfied === "no"} />
  <//>`;
}

/** `own`: another desk keeps its orders, and their photographs, at its own site. */
function Order({ order, own, departments }) {
  const names = namesOf(departments, order);
  return html`<li><p class="orders-head"><strong>${own ? html`<${Link} to=${`/orders/${encodeURIComponent(order.id)}`}>${names}<//>` : `${order.desk} · ${names}`}</strong>
    <${Light} order=${order} /> <${Clock} order=${order} /></p>
    ${order.state === "sent" && html`<p class="orders-when">${t("orders.state.sent")}</p>`}
    ${order.extension?.state === "asked" && html`<p class="orders-when">${t("orders.extension.asked")}</p>`}
    ${order.words && html`<p>${order.result ? `${t(`case.result.${order.result}`)}：` : ""}${order.words}</p>`}
    ${own && html`<${Files} id=${order.id} files=${order.files} />`}</li>`;
}

/** `act(kind, data, key)` does it to the case, once a key, and throws the server's refusal. `within`: beside a call, in the form. */
export function Orders({ one, act, within = false }) {
  useStyle("/static/orders/page.css");
  const departments = useDepartments();
  const [asking, setAsking] = useState("");
  const may = (kind) => one.may.includes(kind);
  const close = () => setAsking("");
  const dispatch = may("ordered") && departments.length > 0;
  const calls = may("called_back") && (one.orders.length > 0 || Object.keys(one.results).length > 0);
  if (!one.orders.length && !one.call_backs.length && !dispatch) return null;
  const title = within ? "h3" : "h2";
  return html`<section class=${within ? "note-field orders-within" : "card"} aria-label=${t("orders.of_case")}><${title}>${t("orders.of_case")}<//>
    ${one.orders.length ? html`<ul class="orders-parts">${one.orders.map((order) => html`<${Order} key=${`${order.desk} ${order.id}`} order=${order} own=${order.desk === one.desk} departments=${departments} />`)}</ul>` : !within && html`<${Empty}>${t("orders.none_of_case")}<//>`}
    <div class="orders-acts">
      ${dispatch && html`<${Button} onClick=${() => setAsking("dispatch")}>${t("orders.dispatch")}<//>`}
      ${calls && html`<${Button} onClick=${() => setAsking("call_back")}>${t("orders.call_back")}<//>`}
    </div>
    ${one.call_backs.length > 0 && html`<h3>${t("orders.call_backs")}</h3><${CallBacks} said=${one.call_backs} />`}
    ${asking === "dispatch" && html`<${Dispatch} one=${one} departments=${departments} act=${(data) => act("ordered", data)} onClose=${close} />`}
    ${asking === "call_back" && html`<${CallBack} one=${one} act=${(data, key) => act("called_back", data, key)} onClose=${close} />`}
  </section>`;
}
