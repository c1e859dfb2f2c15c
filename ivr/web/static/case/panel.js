// Where the case stands, and what may be done with it now: who accepts (R25–R27), hand-over, result, end.
import { html, useEffect, useState } from "../vendor/preact.js";
import { Reason } from "../shell/asking.js";
import { mmss, now } from "../shell/time.js";
import { t } from "../shell/words.js";
import { Badge, Button, Dialog, usePresses } from "../shell/ui.js";

export const KINDS = { open: "info", offered: "warn", accepted: "good", consulting: "bad", handled: "good", closed: "idle", merged: "idle" };

const DANGERS = ["life", "property", "public"]; // R27
const GIVEN_BACK = { refused: "case.refuse", returned: "case.return" };
const LATE = 2; // seconds after which another desk should have been told (R43)
const LOOK = 1500; // ms

const otherOf = (desks, own) => desks.find((desk) => desk !== own) ?? desks[0];

/** Three-party: each desk proposes; agreed by both, or the one that received it first when the time is over. */
function Negotiation({ one, doing }) {
  const { desks, proposals, ends_at: ends, decided } = one.negotiation;
  const mine = desks.includes(one.desk);
  const other = otherOf(desks, one.desk);
  const left = ends ? Math.max(0, Math.ceil((Date.parse(ends) - now.value) / 1000)) : 0;
  const running = left ? t("case.left", { left: mmss(left), desk: one.first }) : t("case.limit_over");
  const limit = decided ? null : ends || one.first === one.desk ? running : t("case.left_there", { desk: one.first });
  return html`<fieldset class="case-negotiation" data-decided=${decided}>
    <legend>${t("case.who_accepts")}</legend>
    ${mine && html`<div class="desk-next">
      ${["ours", "yours", "both"].map((whose) => html`<${Button} key=${whose} disabled=${!one.may.includes("proposed")} aria-pressed=${proposals[one.desk]?.whose === whose}
        onClick=${() => doing("proposed", { whose })}>${t(`case.${whose}`, { desk: other })}<//>`)}
    </div>`}
    <ul>${desks.map((desk) => html`<li key=${desk}>${proposals[desk] ? t(`case.pressed.${proposals[desk].whose}`, { by: proposals[desk].by }) : t("case.not_pressed", { desk })}</li>`)}</ul>
    ${limit && html`<p class="case-limit" role="timer" aria-live="off">${limit}</p>`}
  </fieldset>`;
}

/** Offered by another desk, and not answered yet. */
function Offered({ one, offer, doing, refuse }) {
  return html`<div class="case-offered" role="status">
    <strong>${t("case.offered_by", { desk: offer.origin })}</strong>
    ${offer.voice === "failed" && html`<p>${t("case.voice_failed", { desk: offer.to })}</p>`}
    <div class="desk-next">
      <${Button} kind="primary" onClick=${() => doing("accepted")}>${t("case.accept")}<//>
      <${Button} onClick=${refuse}>${t("case.refuse")}<//>
    </div>
  </div>`;
}

/** What the data line has not brought there: then it goes by voice (R43). */
function Untold({ untold }) {
  const late = untold.filter((each) => each.seconds >= LATE);
  return late.length > 0 && html`<p class="case-failed" role="alert">${t("case.untold", { desk: late.map((each) => each.desk).join(t("case.and")) })}</p>`;
}

/** Which danger it is says whoever flags it: one press, and 110 dispatches. */
function Danger({ onClose, choose }) {
  return html`<${Dialog} title=${t("case.emergency")} onClose=${onClose} actions=${html`<${Button} onClick=${onClose}>${t("shell.cancel")}<//>`}>
    <p>${t("case.emergency_text")}</p>
    <div class="desk-next case-dangers">${DANGERS.map((danger) => html`<${Button} key=${danger} kind="danger" onClick=${() => choose(danger)}>${t(`case.danger.${danger}`)}<//>`)}</div>
  <//>`;
}

/** `again`: reads the case anew; without it the page does so by itself. */
export function Panel({ case: one, act, again }) {
  const doing = usePresses(act);
  const [flagging, setFlagging] = useState(false);
  const [why, setWhy] = useState(""); // refused or returned: asked for its reason
  useEffect(() => {
    if (!again || !one?.untold.length) return;
    const timer = setTimeout(again, LOOK);
    return () => clearTimeout(timer);
  }, [one]);
  if (!one) return html`<p class="case-head desk-hint">${t("case.new")}</p>`;
  const flag = (danger) => {
    setFlagging(false);
    doing("emergency", { danger });
  };
  const may = (kind) => one.may.includes(kind);
  const mine = one.offers.findLast((offer) => offer.to === one.desk);
  const last = one.offers.at(-1);
  const back = last?.origin === one.desk && ["refused", "returned"].includes(last.state) ? last : null;
  const failed = one.offers.find((offer) => offer.origin === one.desk && offer.voice === "failed" && offer.state === "sent");
  return html`<div class="case-head">
    <p><span class="case-number">${one.number}</span> <${Badge} kind=${KINDS[one.state]}>${t(`case.state.${one.state}`)}<//></p>
    ${one.emergency && html`<p class="case-emergency">${t("case.emergency_set", { danger: t(`case.danger.${one.emergency.danger}`) })}</p>`}
    ${one.decision && html`<p class="case-decision" role="status">${t("case.decision", { owners: one.owners.join(t("case.and")), reason: t(`case.decided.${one.decision.reason}`) })}</p>`}
    ${back && html`<p class="case-back" role="status">${t("case.given_back", { desk: back.to, reason: back.reason })}</p>`}
    <${Untold} untold=${one.untold} />
    ${failed && html`<p class="case-failed" role="alert">${t("case.voice_failed", { desk: failed.to })}</p>`}
    ${mine?.state === "sent" && may("accepted") && html`<${Offered} one=${one} offer=${mine} doing=${doing} refuse=${() => setWhy("refused")} />`}
    ${one.negotiation && !["closed", "merged"].includes(one.state) && html`<${Negotiation} one=${one} doing=${doing} />`}
    <div class="desk-next">
      ${!one.emergency && may("emergency") && html`<${Button} kind="danger" onClick=${() => setFlagging(true)}>${t("case.emergency")}<//>`}
      ${may("returned") && html`<${Button} onClick=${() => setWhy("returned")}>${t("case.return")}<//>`}
    </div>
    ${why && html`<${Reason} draft=${`${why}.${one.id}`} title=${t(GIVEN_BACK[why])} action=${t("shell.ok")} label=${t("case.refuse_why")} data=${(reason) => ({ reason })}
      act=${(data) => act(why, data)} onClose=${() => setWhy("")} />`}
    ${flagging && html`<${Danger} onClose=${() => setFlagging(false)} choose=${flag} />`}
  </div>`;
}
