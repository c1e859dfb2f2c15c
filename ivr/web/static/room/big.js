// For a screen on the wall: readable from five metres, nothing to click, nobody's number.
import { html, useEffect, useMemo, useRef } from "../vendor/preact.js";
import { clock, now } from "../shell/time.js";
import { hotline } from "../shell/hotline.js";
import { t, text } from "../shell/words.js";
import { Alarms, Chart, DayNumbers, Targets, Wait } from "./parts.js";
import { Tile } from "./people.js";
import { counts, grouped, STATES, transfersOf, waitingNow } from "./model.js";

const STEP = 60_000; // ms; the whole picture moves by a few pixels, so that nothing burns into the screen
const PLACES = [[0, 0], [4, 2], [8, 4], [4, 6], [0, 4], [2, 2]];
const MANY = 120; // operators; of more only the shapes are shown, as seats are in a hall

export function Big({ room, figures, alarms, names }) {
  const box = useRef(null);
  useEffect(() => {
    const move = () => {
      const [x, y] = PLACES[Math.floor(Date.now() / STEP) % PLACES.length];
      if (box.current) box.current.style.transform = `translate(${x}px, ${y}px)`;
    };
    move();
    const timer = setInterval(move, STEP);
    return () => clearInterval(timer);
  }, []);
  const operators = room.operators.value;
  const many = useMemo(() => counts(operators), [operators]);
  const groups = useMemo(() => grouped(operators), [operators]);
  const { waiting, oldest } = waitingNow(room.queues.value);
  const under = transfersOf(room.calls.value).length;
  return html`<div class="room-big" ref=${box}>
    <header><h1>${text(hotline.name)}</h1><p class="room-clock">${clock(new Date(now.value).toISOString()).slice(0, 5)}</p></header>
    <div class="room-big-now">
      <section class=${waiting ? "some" : ""}><h2>${t("room.waiting")}</h2><p class="room-number">${waiting}</p></section>
      <section><h2>${t("room.longest")}</h2><p class="room-number"><${Wait} oldest=${oldest} /></p></section>
      <section><h2>${t("room.calls")}</h2><p class="room-number">${room.calls.value.size}</p></section>
      <section><h2>${t("room.transfers")}</h2><p class="room-number">${under}</p></section>
    </div>
    <div class="room-big-day"><${Targets} figures=${figures} /><section class="room-big-chart"><h2>${t("room.day")}</h2><${Chart} figures=${figures} /><${DayNumbers} figures=${figures} /></section></div>
    <div class="room-big-people">
      <ul class="room-big-states">${STATES.map(
        (state) => html`<li key=${state.id} class=${state.kind}><span aria-hidden="true">${state.shape}</span> ${t(`room.${state.id}`)} <strong>${many[state.id]}</strong></li>`,
      )}</ul>
      ${operators.size <= MANY && html`<div class="room-tiles">${groups.flatMap((group) =>
        group.operators.map((one) => html`<${Tile} key=${one.number} operator=${one} shape=${group.shape} kind=${group.kind} named=${names} />`),
      )}</div>`}
      ${operators.size > MANY && html`<div class="room-seats" aria-hidden="true">${groups.flatMap((group) =>
        group.operators.map((one) => html`<span key=${one.number} class=${group.kind}>${group.shape}</span>`),
      )}</div>`}
    </div>
    <${Alarms} alarms=${alarms} />
  </div>`;
}
