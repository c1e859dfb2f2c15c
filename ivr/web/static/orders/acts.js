// What may be done with an order now, by whoever looks at it: a row an act.
import { html, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { Reason } from "../shell/asking.js";
import { may } from "../shell/session.js";
import { t } from "../shell/words.js";
import { Button, toast } from "../shell/ui.js";
import { Escalation, Result, Until } from "./dialogs.js";
import { endOf, when } from "./facts.js";

/** `order.may` says which of them; what comes next mostly stands first. `of`: only a department's people, or only the desk's. */
const ACTS = [
  { kind: "order_signed", name: "sign", press: "primary", of: "department", data: {} },
  { kind: "order_done", name: "finish", press: "primary", of: "department", dialog: (props) => html`<${Result} title=${t("orders.finish")} ...${props} />` },
  { kind: "order_done", name: "finish_for", of: "desk", dialog: (props) => html`<${Result} title=${t("orders.finish_for")} ...${props} />` },
  {
    kind: "order_extension",
    name: "extend",
    dialog: (props) => html`<${Until} title=${t("orders.extend")} until=${t("orders.until")} label=${t("orders.reason")}
      hint=${t("orders.until_hint", { due: when(endOf(props.order)) })} data=${(until, reason) => ({ until, reason })} ...${props} />`,
  },
  {
    kind: "order_returned",
    name: "return",
    of: "department",
    dialog: (props) => html`<${Reason} draft=${`return.${props.order.id}`} title=${t("orders.return")} label=${t("orders.return_why")} hint=${t("orders.return_hint")} data=${(reason) => ({ reason })} ...${props} />`,
  },
  {
    kind: "order_returned",
    name: "withdraw",
    of: "desk",
    dialog: (props) => html`<${Reason} draft=${`withdraw.${props.order.id}`} title=${t("orders.withdraw")} label=${t("orders.reason")} hint=${t("orders.withdraw_hint")} data=${(reason) => ({ reason })} ...${props} />`,
  },
  { kind: "order_extended", name: "grant", press: "primary", of: "desk", data: { granted: true } },
  {
    kind: "order_extended",
    name: "deny",
    of: "desk",
    dialog: (props) => html`<${Reason} draft=${`deny.${props.order.id}`} title=${t("orders.deny")} label=${t("orders.reason")} data=${(words) => ({ granted: false, words })} ...${props} />`,
  },
  {
    kind: "order_reopened",
    name: "reopen",
    of: "desk",
    dialog: (props) => html`<${Until} title=${t("orders.reopen")} until=${t("orders.reopen_until")} label=${t("orders.reopen_why")}
      hint=${t("orders.reopen_hint")} propose=${() => api.get(`/cases/${encodeURIComponent(props.order.case)}/order`).then((answer) => answer.proposal.due)}
      data=${(due, reason) => ({ due, reason })} ...${props} />`,
  },
  { kind: "escalated", name: "escalate", press: "danger", dialog: (props) => html`<${Escalation} ...${props} />` },
];

/** `act(kind, data)` does it, and throws the server's refusal. */
export function Acts({ order, act }) {
  const [open, setOpen] = useState("");
  const [busy, setBusy] = useState(false);
  const doing = async (kind, data) => {
    setBusy(true);
    try {
      await act(kind, data);
    } catch (failure) {
      toast(failure.message, "bad");
    }
    setBusy(false);
  };
  const side = may("department") ? "department" : "desk";
  const able = ACTS.filter((each) => order.may.includes(each.kind) && (each.of ?? side) === side);
  const chosen = able.find((each) => each.name === open);
  if (!able.length) return null;
  return html`<div class="orders-acts">
    ${able.map((each) => html`<${Button} key=${each.name} kind=${each.press ?? ""} disabled=${busy} onClick=${() => (each.dialog ? setOpen(each.name) : doing(each.kind, each.data))}>${t(`orders.${each.name}`)}<//>`)}
    ${chosen && chosen.dialog({ order, act: (data) => act(chosen.kind, data), onClose: () => setOpen("") })}
  </div>`;
}
