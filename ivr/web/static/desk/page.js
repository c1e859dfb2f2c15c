// /desk: the operator's console.
import { effect, html, useEffect, useState } from "../vendor/preact.js";
import { addWords, t } from "../shell/words.js";
import { CasePanel } from "../case/form.js";
import { rescue } from "../case/keeper.js";
import formWords from "../case/form-words.js";
import caseWords from "../case/words.js";
import { go, path } from "../shell/router.js";
import { session } from "../shell/session.js";
import { Busy, Button, Empty, toast, useKeys, useStyle } from "../shell/ui.js";
import * as acts from "./acts.js";
import { Banners } from "./banners.js";
import { CallCard } from "./callcard.js";
import { DayCheck, dayChecked } from "./daycheck.js";
import { Help, KEYS, keyTable } from "./keys.js";
import { Keypad } from "./keypad.js";
import { lastTalk, showLastTalk } from "./lasttalk.js";
import { connect, letGo, phoneCall } from "./line.js";
import { Middle } from "./middle.js";
import { startRinging, stopRinging } from "./ring.js";
import { call, caseNews, closeDesk, openDesk, phase, view } from "./state.js";
import { PauseDialog, StatusBar } from "./statusbar.js";
import { Summary } from "./summary.js";
import { seat, sit, stand, takeOver } from "./tabs.js";
import { Targets } from "./targets.js";
import talkWords from "./talk-words.js";
import words from "./words.js";

addWords(words);
addWords(talkWords);
addWords(formWords);
addWords(caseWords);

// These live as long as the page, so that a call rings whatever view is open.
effect(() => {
  if (phase.value !== "talking") acts.keypadOpen.value = false;
  if (phase.value !== "ringing" || seat.value !== "mine") return stopRinging();
  if (path.peek() !== "/desk") go("/desk");
  startRinging(call.value?.caller ?? phoneCall.value?.from ?? "");
});
let known = null;
effect(() => {
  const who = session.value?.user ?? null;
  if (known && !who) {
    stand();
    closeDesk();
    toast(t(lastTalk.peek() ? "desk.session_ended_talking" : "desk.session_ended"), "bad");
  }
  known = who;
});
showLastTalk();

/** Another tab takes the desk, or the login has ended: nothing is hung up, nothing rings here any more. A last talk keeps its phone. */
async function leave() {
  closeDesk();
  if (!lastTalk.peek()) await letGo();
}

export default function Page() {
  useStyle("/static/desk/page.css");
  const number = session.value?.number;
  useEffect(() => {
    if (number) sit(number, leave);
  }, [number]);
  if (!number) return html`<${Empty}>${t("desk.no_number")}<//>`;
  if (seat.value === "asking") return html`<${Busy} />`;
  if (seat.value === "elsewhere") return html`<${Elsewhere} number=${number} />`;
  return html`<${Seated} />`;
}

const Elsewhere = ({ number }) => html`<section class="desk-alone card">
  <h1>${t("desk.elsewhere")}</h1>
  <p>${t("desk.elsewhere_text")}</p>
  <${Button} kind="primary" autofocus onClick=${() => takeOver(number, leave)}>${t("desk.take_over")}<//>
</section>`;

function Seated() {
  const [begun, setBegun] = useState(dayChecked());
  useEffect(openDesk, []);
  const known = Boolean(view.value);
  useEffect(() => {
    if (known) rescue(acts.written()?.id); // the note that is open here sends itself
  }, [known]);
  const inCall = Boolean(view.value?.call?.legs.some((leg) => leg.mine));
  const on = begun || inCall; // whoever comes back into a call is asked nothing
  useEffect(() => {
    if (on) connect(view.peek()?.phone);
  }, [on]);
  if (!view.value) return html`<${Banners} /><${Busy} />`;
  if (!on) return html`<${DayCheck} onReady=${() => setBegun(true)} />`;
  return html`<${Console} />`;
}

function Console() {
  const [open, setOpen] = useState(null); // help | summary | pause
  useKeys(() => keyTable({ help: () => setOpen("help"), pause: () => setOpen("pause") }), [KEYS.answer]);
  const close = () => setOpen(null);
  useEffect(() => {
    if (phase.value === "ringing") close(); // a dialog would keep the answering key from working
  }, [phase.value]);
  return html`<div class=${`desk ${phase.value}`}>
    <h1 class="unseen">${t("shell.desk")}</h1>
    <${StatusBar} open=${setOpen} />
    <${Banners} />
    <div class="desk-body">
      <${CallCard} />
      <${Middle} />
      <${CasePanel} call=${acts.written()} news=${caseNews.value} over=${!call.value} />
    </div>
    <${Targets} />
    ${open === "help" && html`<${Help} onClose=${close} />`}
    ${open === "summary" && html`<${Summary} onClose=${close} />`}
    ${open === "pause" && html`<${PauseDialog} onClose=${close} />`}
    ${acts.keypadOpen.value && phoneCall.value && html`<${Keypad} onClose=${() => (acts.keypadOpen.value = false)} />`}
  </div>`;
}
