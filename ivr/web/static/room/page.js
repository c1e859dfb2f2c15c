// The wallboard. What changes comes over the live stream; figures and alarms are asked for now and then, and at once
// when the live state says that an alarm may have begun or ended.
import { html, useComputed, useEffect, useMemo, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { liveRoom } from "../shell/live.js";
import { Link, query } from "../shell/router.js";
import { session } from "../shell/session.js";
import { addWords, t } from "../shell/words.js";
import { Check, Failure, useStyle } from "../shell/ui.js";
import { Big } from "./big.js";
import { CallDialog, OperatorDialog } from "./dialogs.js";
import { alarming, waitingNow } from "./model.js";
import { OwnPhone } from "./own-phone.js";
import { Alarms, Chart, DayNumbers, Queues, Targets, useChime, Wait } from "./parts.js";
import { Calls, Operators, Transfers } from "./people.js";
import words from "./words.js";

addWords(words);
const AGAIN = 5000; // ms

function useFigures(room) {
  const [found, setFound] = useState({ figures: null, alarms: [], error: null });
  const mark = useComputed(() => alarming(room)).value;
  useEffect(() => {
    let gone = false;
    const ask = async () => {
      try {
        const answer = await api.get("/room/figures");
        if (!gone) setFound({ ...answer, error: null });
      } catch (error) {
        const alarms = await api.get("/room/alarms").then((answer) => answer.alarms, () => null);
        if (!gone) setFound((before) => ({ ...before, alarms: alarms ?? before.alarms, error }));
      }
    };
    ask();
    const timer = setInterval(ask, AGAIN);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [mark]);
  return found;
}

function useKept(name, first) {
  const [value, setValue] = useState(() => JSON.parse(localStorage.getItem(name) ?? JSON.stringify(first)));
  const keep = (next) => {
    localStorage.setItem(name, JSON.stringify(next));
    setValue(next);
  };
  return [value, keep];
}

export default function Page() {
  useStyle("/static/room/page.css");
  const room = useMemo(liveRoom, []);
  useEffect(() => room.close, []);
  const { figures, alarms, error } = useFigures(room);
  const [sound, setSound] = useKept("hotline.room.sound", false);
  const [names, setNames] = useKept("hotline.room.names", false);
  const [open, setOpen] = useState(null); // {call: id} or {operator: number}
  const openCall = useMemo(() => (id) => setOpen({ call: id }), []);
  const openOperator = useMemo(() => (number) => setOpen({ operator: number }), []);
  useChime(alarms, sound);

  const lost = room.state.value === "down" ? "room.connection_down" : room.state.value === "up" && !room.connected.value ? "room.pbx_down" : null;
  const banner = lost && html`<p class="room-lost" role="alert"><span aria-hidden="true">■</span> ${t(lost)}</p>`;
  if (query.value.has("big")) return html`${banner}<${Big} room=${room} figures=${figures} alarms=${alarms} names=${names} />`;

  const { waiting, oldest } = waitingNow(room.queues.value);
  const call = open?.call && room.calls.value.get(open.call);
  const operator = open?.operator && room.operators.value.get(open.operator);
  return html`<div class="room">
    <h1 class="unseen">${t("room.title")}</h1>
    ${banner}${error && html`<${Failure} error=${error} />`}
    <div class="room-head">
      <section class="room-figure now"><h2>${t("room.waiting")}</h2><p class="room-number" data-waiting=${waiting}>${waiting}</p>
        <p class="room-limit">${t("room.longest")} <${Wait} oldest=${oldest} /></p></section>
      <${Targets} figures=${figures} />
      <section class="room-figure"><h2>${t("room.day")}</h2><${Chart} figures=${figures} /><${DayNumbers} figures=${figures} /></section>
    </div>
    <div class="room-columns">
      <div class="room-side">
        <section class="card"><h2>${t("room.alarms")}</h2><${Alarms} alarms=${alarms} />
          <${Check} label=${t("room.sound")} checked=${sound} onChange=${setSound} /></section>
        <section class="card"><h2>${t("room.queue")}</h2><${Queues} queues=${room.queues.value} /></section>
        <section class="card"><h2>${t("room.transfers")}</h2><${Transfers} calls=${room.calls.value} /></section>
        <section class="card">${session.value?.number && html`<${OwnPhone} />`}
          <${Link} to="/room?big=1">${t("room.big")}<//><${Check} label=${t("room.names")} checked=${names} onChange=${setNames} /></section>
      </div>
      <section class="card"><h2>${t("room.calls")} ${room.calls.value.size}</h2><${Calls} calls=${room.calls.value} onOpen=${openCall} /></section>
      <section class="card"><h2>${t("room.operators")} ${room.operators.value.size}</h2><${Operators} operators=${room.operators.value} onOpen=${openOperator} /></section>
    </div>
    ${call && html`<${CallDialog} call=${call} onClose=${() => setOpen(null)} />`}
    ${operator && html`<${OperatorDialog} operator=${operator} onClose=${() => setOpen(null)} />`}
  </div>`;
}
