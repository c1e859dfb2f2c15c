// A transfer on its way, or why it did not come off and what to do next.
import { html } from "../vendor/preact.js";
import { t, text } from "../shell/words.js";
import { mmss, since } from "../shell/time.js";
import { Button } from "../shell/ui.js";
import * as acts from "./acts.js";
import { KEYS } from "./keys.js";
import { failureOf, others, running } from "./rules.js";
import { call, dismissed, view } from "./state.js";

const targetOf = (key) => view.value.targets.find((each) => each.key === key) ?? { key, modes: [] };
const nameOf = (key) => text(targetOf(key).name) || key;

function Dialling({ transfer }) {
  const spent = since(transfer.since);
  return html`<div class="desk-transfer" data-state=${transfer.state}>
    <p role="status"><strong>${t("desk.to", { mode: t(`desk.mode.${transfer.mode ?? "transfer"}`), target: nameOf(transfer.target) })}</strong>
      ${" "}${t(`desk.transfer.${transfer.state}`)}</p>
    <p class="desk-hint">${transfer.routes > 0 && t("desk.route", { n: transfer.route ?? 1, of: transfer.routes })}
      ${" "}<span class="timer">${mmss(spent)}</span>${transfer.ring ? html` / <span class="timer">${mmss(transfer.ring)}</span>` : ""}</p>
    <progress max=${transfer.ring || 20} value=${Math.min(spent, transfer.ring || 20)} aria-label=${t("desk.ring_time")}></progress>
    <${Button} keys=${KEYS.cancel} onClick=${acts.cancel}>${t("desk.cancel")}<//>
  </div>`;
}

const wordsOf = (why) => (t(`desk.why.${why}`) === `desk.why.${why}` ? t("desk.why.failed") : t(`desk.why.${why}`));

function Failed({ failure }) {
  const target = targetOf(failure.target);
  const mode = failure.mode ?? "transfer";
  const close = () => (dismissed.value = failure.id);
  return html`<div class="desk-transfer failed" data-why=${failure.why}>
    <p role="alert"><strong>${t("desk.failed", { target: nameOf(failure.target) })}</strong> ${wordsOf(failure.why)}</p>
    ${target.critical_contact && html`<p>${t("desk.critical")} <strong class="timer">${target.critical_contact}</strong></p>`}
    <div class="desk-next" role="group" aria-label=${t("desk.next")}>
      <${Button} kind="primary" onClick=${() => acts.transfer(target, mode)}>${t("desk.again")}<//>
      ${others(view.value.targets, failure.target).map(
        (each) => html`<${Button} key=${each.key} onClick=${() => acts.transfer(each, mode)}>${t("desk.instead", { target: text(each.name) || each.key })}<//>`,
      )}
      <${Button} onClick=${() => (close(), document.querySelector(".note textarea")?.focus())}>${t("desk.take_notes")}<//>
      <${Button} kind="quiet" onClick=${close}>${t("desk.back_to_talk")}<//>
    </div>
  </div>`;
}

/** The caller hears music while operator and target talk: he is brought in, or taken back. */
const Consult = ({ target }) => html`<div class="desk-transfer consult">
  <p role="status"><strong>${t("desk.consulting", { target: target ? nameOf(target) : "" })}</strong></p>
  <div class="desk-next">
    <${Button} kind="primary" keys=${KEYS.join} onClick=${acts.join}>${t("desk.join")}<//>
    <${Button} keys=${KEYS.take_back} onClick=${acts.takeBack}>${t("desk.take_back")}<//>
  </div>
</div>`;

export function TransferBar() {
  const { transfer } = call.value;
  if (acts.consulting()) return html`<${Consult} target=${transfer?.target} />`;
  if (running(transfer)) return html`<${Dialling} transfer=${transfer} />`;
  const failure = failureOf(transfer);
  return failure && failure.id !== dismissed.value ? html`<${Failed} failure=${failure} />` : null;
}
