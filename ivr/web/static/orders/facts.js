// What the list of orders, one order and the page of a case share: lights, clocks, departments, pictures.
import { html } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { known } from "../shell/known.js";
import { clock, day, now } from "../shell/time.js";
import { t, text } from "../shell/words.js";
import { Badge } from "../shell/ui.js";

const LIGHTS = { green: "good", yellow: "warn", red: "bad" }; // overdue has a shape of its own
const ENDS = { done: "good", returned: "idle" };
export const OPEN = ["sent", "signed"];
export const isOpen = (order) => OPEN.includes(order.state);
export const endOf = (order) => order.due_at ?? order.due; // in lists, and in a case
const SHARES = { yellow: 0.8, red: 0.95 }; // of its time: those of ivr/desks/work_order.py

/** A list brings its lights, which the clock overtakes; in a case they follow from the clock alone. */
function lightOf(order) {
  const [began, end] = [Date.parse(order.since), Date.parse(endOf(order))];
  if (order.light && now.value < end) return order.light;
  const gone = end > began ? (now.value - began) / (end - began) : 1;
  return gone >= 1 ? "overdue" : gone >= SHARES.red ? "red" : gone >= SHARES.yellow ? "yellow" : "green";
}
export const when = (iso) => (iso ? `${day(iso)} ${clock(iso).slice(0, 5)}` : "—");

/** Seconds in words, the two largest parts. */
export function span(seconds) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days) return t("orders.span_days", { days, hours });
  return hours ? t("orders.span_hours", { hours, minutes: rest }) : t("orders.span_minutes", { minutes: rest });
}

/** How an order stands: a shape, a word and a colour. One that is over has its end instead. */
export function Light({ order }) {
  if (!isOpen(order)) return html`<${Badge} kind=${ENDS[order.state]}>${t(`orders.state.${order.state}`)}<//>`;
  const light = lightOf(order);
  if (light === "overdue") return html`<span class="badge orders-overdue"><span aria-hidden="true">✖</span> ${t("orders.light.overdue")}</span>`;
  return html`<${Badge} kind=${LIGHTS[light]}>${t(`orders.light.${light}`)}<//>`;
}

/** Time left to a moment, or gone since. `name`: left | sign_left. */
export function Left({ until, name = "left" }) {
  const seconds = (Date.parse(until) - now.value) / 1000;
  const said = t(`orders.${name}${seconds < 0 ? "_over" : ""}`, { span: span(seconds) });
  return html`<time datetime=${until} class=${seconds < 0 ? "orders-late" : ""}>${said}</time>`;
}

/** What has to be done next, and by when. */
export function Clock({ order }) {
  if (!isOpen(order)) return null;
  const unsigned = order.state === "sent" && order.sign_by;
  return html`<span class="orders-clock">${unsigned && html`<${Left} until=${order.sign_by} name="sign_left" />`}<${Left} until=${endOf(order)} /></span>`;
}

/** The departments of the settings, [{key, name, phone, open, unsigned, overdue, asked}]. */
export const useDepartments = known(() => api.get("/departments").then((answer) => answer.departments ?? []));
export const nameOf = (departments, key) => text(departments.find((one) => one.key === key)?.name ?? {}) || key;
export const namesOf = (departments, order) => [order.department, ...order.joint].map((key) => nameOf(departments, key)).join(t("orders.and"));

/** Photographs and papers of an order; a picture is shown small, and whole behind it. */
export function Files({ id, files }) {
  if (!files?.length) return null;
  const at = (file) => `/api/v1/orders/${encodeURIComponent(id)}/files/${encodeURIComponent(file.id)}`;
  return html`<ul class="orders-files">${files.map((file) => html`<li key=${file.id}><a href=${at(file)} target="_blank" rel="noopener">
    ${file.type.startsWith("image/") ? html`<img src=${at(file)} alt=${file.name} loading="lazy" />` : html`<span class="orders-paper">${file.name}</span>`}</a></li>`)}</ul>`;
}

/** Of a department's person the name alone: `chengguan/liming`. */
export const by = (who) => who.split("/").at(-1);

/** What the caller said when he was called back. */
export const CallBacks = ({ said }) => html`<ul class="orders-parts">${said.map((each, place) => html`<li key=${place}>
  <${Badge} kind=${{ yes: "good", partly: "warn", no: "bad" }[each.satisfied] ?? "idle"}>${each.satisfied ? t(`orders.satisfied.${each.satisfied}`) : t(each.reached ? "orders.reached" : "orders.not_reached")}<//>
  <span class="orders-when">${when(each.at)} · ${by(each.by)}</span> ${each.words && html`<p>${each.words}</p>`}</li>`)}</ul>`;
