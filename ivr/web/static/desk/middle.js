// The middle: what is to be done now. Idle, ringing, or the call with its parties.
import { html } from "../vendor/preact.js";
import { Coming } from "../case/coming.js";
import { Standing } from "../case/form.js";
import { clock, mmss, since } from "../shell/time.js";
import { skillWords, t, text } from "../shell/words.js";
import { Badge, Button, Kbd, Timer } from "../shell/ui.js";
import * as acts from "./acts.js";
import { callerWords } from "./callcard.js";
import { KEYS } from "./keys.js";
import { line, phoneCall } from "./line.js";
import { Parties } from "./parties.js";
import { hears, myLeg } from "./rules.js";
import { call, held, phase, view } from "./state.js";
import { TransferBar } from "./transferbar.js";

const Idle = () => html`<section class="desk-middle card desk-idle" aria-label=${t("desk.work")}>
  <p class="desk-big">${t(`desk.idle.${view.value.me.state}`)}</p>
  <ul class="desk-queues">
    ${view.value.queues.map(
      (queue) => html`<li key=${queue.name}><span>${skillWords(queue.skill || queue.name)}</span>
        <span>${t("desk.queue_waiting", { n: queue.waiting })}${queue.longest_since ? ` · ${mmss(since(queue.longest_since))}` : ""}</span></li>`,
    )}
  </ul>
</section>`;

function Ringing() {
  const caller = call.value?.caller ?? phoneCall.value?.from;
  const mine = myLeg(view.value);
  return html`<section class="desk-middle card desk-ringing" aria-label=${t("desk.rings")}>
    <div role="alert">
      <p>${t("desk.rings")}</p>
      <p class="desk-huge">${callerWords(caller)}</p>
      <p>${text(call.value?.region)}</p>
      ${call.value?.handed_over_by && html`<p><${Badge} kind="warn">${t("desk.handed_over", { by: call.value.handed_over_by })}<//></p>`}
      ${call.value?.requeued && html`<p><${Badge} kind="warn">${t("desk.requeued", { why: t(`desk.requeued.${call.value.requeued}`) })}<//></p>`}
    </div>
    <p class="desk-hint">${t("desk.waited")} <span class="timer">${mmss(call.value?.waited ?? 0)}</span>${mine && html` · ${t("desk.rings_since")} <${Timer} since=${mine.since} />`}</p>
    <${Button} kind="primary" class="desk-answer" keys=${KEYS.answer} onClick=${acts.answer}>${t("desk.answer")}<//>
    <p class="desk-hint">${t("desk.answer_hint")} <${Kbd} keys="Enter" /></p>
    ${call.value && html`<${Coming} call=${call.value.id} revision=${call.value.case?.revision} key=${call.value.id} />`}
  </section>`;
}

function Controls() {
  const muted = line.value ? line.value.muted.value : Boolean(myLeg(view.value)?.muted);
  const both = call.value?.legs.filter((leg) => leg.state === "up").length > 2;
  return html`<div class="desk-controls" role="group" aria-label=${t("desk.controls")}>
    <${Button} keys=${KEYS.hold} aria-pressed=${held.value} class=${held.value ? "on" : ""} onClick=${acts.hold}>${t(held.value ? "desk.resume" : "desk.hold")}<//>
    <${Button} keys=${KEYS.mute} aria-pressed=${muted} class=${muted ? "on" : ""} onClick=${acts.mute}>${t(muted ? "desk.unmute" : "desk.mute")}<//>
    ${line.value && html`<${Button} keys=${KEYS.keypad} onClick=${() => (acts.keypadOpen.value = true)}>${t("desk.keypad")}<//>`}
    <span class="desk-space"></span>
    <${Button} kind="danger" keys=${KEYS.hang_up} onClick=${acts.hangUp}>${t(both ? "desk.leave" : "desk.hang_up")}<//>
  </div>`;
}

function Talking() {
  const whom = hears(call.value, held.value);
  return html`<section class="desk-middle card" aria-label=${t("desk.parties")}>
    <div class="desk-talk-head">
      <h2>${t("desk.talking")}</h2>
      ${call.value && html`<span class="desk-hint">${clock(call.value.since)} · <${Timer} since=${call.value.since} /></span>`}
      ${whom && html`<p class=${`desk-hears ${whom}`} role="status"><span aria-hidden="true">${whom === "music" ? "♪" : "◉"}</span> ${t(`desk.hears.${whom}`)}</p>`}
    </div>
    <${Controls} />
    ${call.value ? html`<${Parties} /><${TransferBar} /><${Standing} />` : html`<p class="desk-hint">${t("desk.call_known_soon")}</p>`}
  </section>`;
}

export function Middle() {
  if (phase.value === "ringing") return html`<${Ringing} />`;
  return phase.value === "talking" ? html`<${Talking} />` : html`<${Idle} />`;
}
