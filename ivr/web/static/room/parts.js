// The parts of both layouts: figures, the day's chart, the queue, alarms.
import { html, useEffect, useRef } from "../vendor/preact.js";
import { clock, mmss, since } from "../shell/time.js";
import { skillWords, t, text } from "../shell/words.js";
import { Badge, Empty, Timer } from "../shell/ui.js";
import { percent, queued } from "./model.js";

function Figure({ label, rate, limit, formula }) {
  const known = rate !== null && rate !== undefined;
  const met = known && (limit === null || rate >= limit);
  const kind = !known || limit === null ? "idle" : met ? "good" : "bad";
  return html`<section class=${`room-figure ${kind}`} title=${formula}>
    <h2>${label}</h2>
    <p class="room-number">${percent(rate)}</p>
    <p class="room-limit">${limit !== null && known && html`<${Badge} kind=${kind}>${t(met ? "room.met" : "room.missed")}<//> `}
      ${!known ? t("room.no_calls") : limit === null ? t("room.no_limit") : t("room.limit", { limit: percent(limit) })}</p>
    <p class="room-formula">${formula}</p>
  </section>`;
}

/** The two national targets (R2, R3). */
export function Targets({ figures }) {
  const day = figures?.day ?? {};
  const limits = figures?.targets ?? { connect_rate: 0.95, in_time_seconds: 15 };
  const seconds = limits.in_time_seconds;
  return html`<${Figure} label=${t("room.connect_rate")} rate=${day.connect_rate} limit=${limits.connect_rate}
      formula=${t("room.connect_formula", { answered: day.answered ?? 0, offered: day.offered ?? 0 })} />
    <${Figure} label=${t("room.in_time_rate", { seconds })} rate=${day.in_time_rate} limit=${null}
      formula=${t("room.in_time_formula", { seconds, in_time: day.answered_in_time ?? 0, answered: day.answered ?? 0 })} />`;
}

const WIDTH = 240, HEIGHT = 60, BAR = WIDTH / 24;

/** 24 hours as bars: answered below, what was not answered on top of it. */
export function Chart({ figures }) {
  const hours = figures?.hours ?? [];
  const most = Math.max(1, ...hours.map((hour) => hour.offered));
  const high = (calls) => (calls / most) * HEIGHT;
  return html`<svg class="room-chart" viewBox=${`0 0 ${WIDTH} ${HEIGHT + 12}`} preserveAspectRatio="xMinYMax" role="img" aria-label=${t("room.day_chart")}>
    <line x1="0" x2=${WIDTH} y1=${HEIGHT} y2=${HEIGHT} />
    ${hours.map((hour, place) => {
      const begin = clock(hour.from).slice(0, 2);
      const lost = hour.offered - hour.answered;
      return html`<g key=${hour.from}><title>${t("room.hour", { hour: begin, ...hour })}</title>
        <rect class="answered" x=${place * BAR + 1} width=${BAR - 2} y=${HEIGHT - high(hour.answered)} height=${high(hour.answered)} />
        <rect class="lost" x=${place * BAR + 1} width=${BAR - 2} y=${HEIGHT - high(hour.offered)} height=${high(lost)} />
        ${place % 6 === 5 && html`<text x=${place * BAR + BAR / 2} y=${HEIGHT + 11} text-anchor="middle">${begin}</text>`}
      </g>`;
    })}
  </svg>`;
}

export function DayNumbers({ figures }) {
  const day = figures?.day;
  const shown = (seconds) => (seconds === null || seconds === undefined ? "—" : mmss(seconds));
  return html`<dl class="room-day">
    <div><dt>${t("room.average_wait")}</dt><dd>${shown(day?.average_wait)}</dd></div>
    <div><dt>${t("room.day_longest")}</dt><dd>${shown(day?.longest_wait)}</dd></div>
    <div><dt>${t("room.abandoned")}</dt><dd>${day?.abandoned ?? "—"}</dd></div>
  </dl>`;
}

/** A wait, coloured and marked once it is longer than the law allows. */
export function Wait({ oldest, limit = 15 }) {
  if (!oldest) return html`<span class="room-wait">—</span>`;
  const late = since(oldest) > limit;
  return html`<span class=${late ? "room-wait late" : "room-wait"}>${late && html`<span aria-hidden="true">▲ </span>`}<${Timer} since=${oldest} /></span>`;
}

export function Queues({ queues }) {
  const shown = queued(queues);
  if (!shown.length) return html`<${Empty}>${t("room.nobody_waits")}<//>`;
  return html`<table class="room-queues"><thead><tr>
      <th scope="col">${t("room.queue")}</th><th scope="col">${t("room.waiting")}</th><th scope="col">${t("room.longest")}</th>
    </tr></thead>
    <tbody>${shown.map(
      (queue) => html`<tr key=${queue.name} class=${queue.waiting ? "some" : ""} data-queue=${queue.name}>
        <th scope="row">${skillWords(queue.name)}</th><td class="room-waiting">${queue.waiting}</td><td><${Wait} oldest=${queue.oldest} /></td></tr>`,
    )}</tbody></table>`;
}

export const Alarms = ({ alarms }) => html`<ul class="room-alarms" aria-live="polite" aria-relevant="additions" aria-label=${t("room.alarms")}>
  ${alarms.length === 0 && html`<li class="well" key="well"><span aria-hidden="true">●</span> ${t("room.all_well")}</li>`}
  ${alarms.map(
    (alarm) => html`<li key=${alarm.id} class=${alarm.severity} data-alarm=${alarm.id}>
      <p><span aria-hidden="true">${alarm.severity === "bad" ? "■" : "▲"}</span> ${text(alarm.message)} <${Timer} since=${alarm.since} /></p>
      <p class="mend">${text(alarm.mend)}</p></li>`,
  )}
</ul>`;

/** Two short tones for an alarm that was not there before; nothing when the page opens. */
export function useChime(alarms, wanted) {
  const known = useRef(null);
  useEffect(() => {
    const ids = new Set(alarms.map((alarm) => alarm.id));
    const fresh = known.current && [...ids].some((id) => !known.current.has(id));
    known.current = ids;
    if (fresh && wanted) chime();
  }, [alarms, wanted]);
}

function chime() {
  const audio = new AudioContext();
  for (const [at, pitch] of [[0, 880], [0.25, 660]]) {
    const tone = audio.createOscillator();
    const volume = new GainNode(audio, { gain: 0.2 });
    tone.frequency.value = pitch;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.2);
  }
  setTimeout(() => audio.close(), 1000);
}
