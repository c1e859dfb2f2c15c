// Operators as tiles, running calls as rows: one component each, which is drawn anew only when its own part changed.
import { html, useComputed, useMemo, useSignal, useState } from "../vendor/preact.js";
import { since } from "../shell/time.js";
import { t } from "../shell/words.js";
import { Badge, Empty, Select, TextInput, Timer } from "../shell/ui.js";
import { grouped, running, transfersOf } from "./model.js";

export function Tile({ operator, shape, kind, onOpen, named = true }) {
  const began = useSignal(operator.since);
  began.value = operator.since;
  const minutes = useComputed(() => Math.floor(since(began.value) / 60)).value; // drawn anew each minute, not each second
  const words = [operator.number, named ? operator.name : "", t(`room.${operator.state}`), operator.reason].filter(Boolean).join(" ");
  const inside = html`<span class="room-tile-top"><span aria-hidden="true">${shape}</span> ${operator.number}</span>
    ${named && html`<span class="room-tile-name">${operator.name}</span>`}
    <span class="room-tile-state">${t(`room.${operator.state}`)} ${minutes}′</span>`;
  const marks = { class: `room-tile ${kind}`, "data-operator": operator.number, "data-state": operator.state, "data-since": operator.since };
  return onOpen
    ? html`<button type="button" ...${marks} title=${words} onClick=${() => onOpen(operator.number)}>${inside}</button>`
    : html`<div ...${marks}>${inside}</div>`;
}

export function Operators({ operators, onOpen }) {
  const [wanted, want] = useState("");
  const [order, setOrder] = useState("number");
  const groups = useMemo(() => grouped(operators, { wanted, order }), [operators, wanted, order]);
  const orders = ["number", "since"].map((value) => ({ value, label: t(`room.sort_${value}`) }));
  return html`<div class="room-tools">
      <${TextInput} label=${t("room.filter")} type="search" value=${wanted} onInput=${want} />
      <${Select} label=${t("room.sort")} value=${order} options=${orders} onChange=${setOrder} />
    </div>
    ${groups.length === 0 && html`<${Empty}>${t("room.none_found")}<//>`}
    ${groups.map(
      (group) => html`<section key=${group.id} class="room-group">
        <h3><${Badge} kind=${group.kind}>${t(`room.${group.id}`)} ${group.operators.length}<//></h3>
        <div class="room-tiles">${group.operators.map(
          (one) => html`<${Tile} key=${one.number} operator=${one} shape=${group.shape} kind=${group.kind} onOpen=${onOpen} />`,
        )}</div></section>`,
    )}`;
}

const CALL_KINDS = { waiting: "warn", talking: "good", apart: "info", caller_gone: "bad", entering: "idle" };

const LegWord = ({ leg }) => html`<span class=${leg.bridge ? "room-leg in" : "room-leg"} title=${`${t(`room.role_${leg.role}`)} ${t(`room.leg_${leg.state}`)}`}>
  <span aria-hidden="true">${leg.bridge ? "●" : leg.state === "ringing" ? "▲" : "○"}</span> ${t(`room.role_${leg.role}`)} ${leg.role === "caller" ? "" : leg.party}
  ${leg.state !== "up" && ` ${t(`room.leg_${leg.state}`)}`}</span>`;

export const shownCaller = (call) => call.caller || t("room.hidden");

function CallRow({ call, onOpen }) {
  return html`<tr data-call=${call.id} data-state=${call.state} data-since=${call.since}>
    <th scope="row"><button type="button" class="row-open" onClick=${() => onOpen(call.id)}>${shownCaller(call)}</button></th>
    <td><${Badge} kind=${CALL_KINDS[call.state]}>${t(`room.call_${call.state}`)}<//></td>
    <td class="number"><${Timer} since=${call.since} /></td>
    <td>${call.legs.map((leg) => html`<${LegWord} key=${leg.id} leg=${leg} />`)}</td>
  </tr>`;
}

export function Calls({ calls, onOpen }) {
  const shown = useMemo(() => running(calls), [calls]);
  if (!shown.length) return html`<${Empty}>${t("room.no_running_calls")}<//>`;
  return html`<div class="table room-calls" role="region" tabindex="0" aria-label=${t("room.calls")}><table>
    <thead><tr>${["caller", "state", "since", "parties"].map((id) => html`<th key=${id} scope="col">${t(`room.${id}`)}</th>`)}</tr></thead>
    <tbody>${shown.map((call) => html`<${CallRow} key=${call.id} call=${call} onOpen=${onOpen} />`)}</tbody></table></div>`;
}

export function Transfers({ calls }) {
  const shown = useMemo(() => transfersOf(calls), [calls]);
  if (!shown.length) return html`<p class="room-none">${t("room.no_transfers")}</p>`;
  return html`<ul class="room-transfers">${shown.map(
    ({ id, call, transfer }) => html`<li key=${id} data-transfer=${transfer.target}>
      ${shownCaller(call)} <span aria-hidden="true">→</span> <strong>${transfer.target}</strong>
      <${Badge} kind="info">${t(`room.transfer_${transfer.state}`)}<//> <${Timer} since=${transfer.since} /></li>`,
  )}</ul>`;
}
