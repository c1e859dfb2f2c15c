// The recording: one sound of all parties, a waveform for each, a cursor through all of it.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { session } from "../shell/session.js";
import { mmss } from "../shell/time.js";
import { theme } from "../shell/theme.js";
import { t } from "../shell/words.js";
import { Badge, Button, Check, Failure, prompt, Select, useKeys } from "../shell/ui.js";

const SPEEDS = ["1", "1.5", "2"];
const listener = () => session.value?.roles.some((role) => role === "supervisor" || role === "auditor");

function Wave({ leg, listening, seek, cursor }) {
  const canvas = useRef(null);
  const from = leg.from ? (Date.parse(leg.from) - Date.parse(listening.from)) / 1000 : 0;
  useEffect(() => {
    const draw = () => {
      const box = canvas.current;
      const width = (box.width = box.clientWidth * devicePixelRatio);
      const height = (box.height = box.clientHeight * devicePixelRatio);
      const pen = box.getContext("2d");
      pen.fillStyle = getComputedStyle(box).color;
      leg.peaks.forEach((peak, place) => {
        const x = ((from + place * leg.step) / listening.seconds) * width;
        const loud = Math.max((peak / 255) ** 0.6 * height, devicePixelRatio);
        pen.fillRect(x, (height - loud) / 2, Math.max((leg.step / listening.seconds) * width, 1), loud);
      });
    };
    draw();
    const watch = new ResizeObserver(draw);
    watch.observe(canvas.current);
    return () => watch.disconnect();
  }, [leg, listening, theme.value]);
  const click = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * listening.seconds);
  };
  return html`<div class=${`calls-wave ${leg.role}`} onClick=${click}>
    <canvas ref=${canvas} aria-hidden="true"></canvas>
    <span class="calls-wave-cursor" style=${{ left: `${(cursor / listening.seconds) * 100}%` }}></span>
  </div>`;
}

function Sound({ ladder, listening, controls, onCursor }) {
  const audio = useRef(null);
  const [cursor, setCursor] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState("1");
  const [silent, setSilent] = useState([]);
  const [failure, setFailure] = useState(null);
  const begins = Date.parse(listening.from);
  const heard = listening.legs.filter((leg) => !leg.problem);
  const source = `${listening.url}${silent.length ? `&without=${silent.join(",")}` : ""}`;

  const show = (at) => {
    setCursor(at);
    onCursor(begins + at * 1000);
  };
  const play = () => audio.current.play().catch(() => setFailure({ message: t("calls.sound_failed") }));
  const seek = (at) => {
    const place = Math.min(Math.max(at, 0), Math.max(listening.seconds - 0.05, 0));
    audio.current.currentTime = place;
    show(place);
    play();
  };
  const toggle = () => (audio.current.paused ? play() : audio.current.pause());
  controls.current = (ms) => seek((ms - begins) / 1000);

  useEffect(() => {
    if (!playing) return undefined;
    let frame = 0;
    const step = () => {
      show(audio.current.currentTime);
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playing, listening]);
  useEffect(() => {
    audio.current.playbackRate = Number(speed);
  }, [speed, source]);
  useEffect(() => {
    const { currentTime, paused } = audio.current;
    audio.current.src = source;
    audio.current.playbackRate = Number(speed);
    audio.current.currentTime = currentTime;
    if (!paused) play();
  }, [source]);
  useKeys(() => ({ K: toggle, J: () => seek(cursor - 5), L: () => seek(cursor + 5) }));

  const mute = (id) => (on) => setSilent(on ? silent.filter((one) => one !== id) : [...silent, id]);
  const name = (leg) => `${ladder.columns.find((column) => column.role === leg.role)?.name ?? leg.role} ${leg.party}`;
  return html`<div class="calls-sound">
    <audio ref=${audio} preload="auto" onPlay=${() => setPlaying(true)} onPause=${() => setPlaying(false)} onEnded=${() => setPlaying(false)}
      onError=${() => setFailure({ message: t("calls.sound_failed") })}></audio>
    ${failure && html`<${Failure} error=${failure} />`}
    <div class="calls-controls">
      <${Button} kind="primary" keys="K" onClick=${toggle}>${t(playing ? "calls.pause" : "calls.play")}<//>
      <input type="range" class="calls-slider" min="0" max=${listening.seconds} step="0.1" value=${cursor} aria-label=${t("calls.place")}
        aria-valuetext=${mmss(cursor)} onInput=${(event) => seek(Number(event.target.value))} />
      <span class="calls-time">${mmss(cursor)} / ${mmss(listening.seconds)}</span>
      <${Select} label=${t("calls.speed")} value=${speed} options=${SPEEDS.map((value) => ({ value, label: `${value}×` }))} onChange=${setSpeed} />
    </div>
    ${listening.legs.map((leg) => html`<div key=${leg.leg} class="calls-track">
      ${leg.problem
        ? html`<span>${name(leg)}</span><${Badge} kind="warn">${t("calls.leg_missing")}<//>`
        : html`<${Check} label=${name(leg)} checked=${!silent.includes(leg.leg)} disabled=${heard.length - silent.length < 2 && !silent.includes(leg.leg)} onChange=${mute(leg.leg)} />
            <${Wave} leg=${leg} listening=${listening} seek=${seek} cursor=${cursor} />`}
    </div>`)}
    <p class="calls-hint">${t("calls.listening_until")}</p>
  </div>`;
}

/** `controls.current(ms)` plays from that moment, once there is something to hear. */
export function Player({ ladder, controls, onCursor, onReady }) {
  const [listening, setListening] = useState(null);
  const [failure, setFailure] = useState(null);
  const { state, held } = ladder.recordings;
  const begin = async () => {
    const reason = await prompt({ title: t("calls.listen"), text: t("calls.listen.about"), label: t("calls.reason"), action: t("calls.listen") });
    if (reason === null) return;
    setFailure(null);
    try {
      setListening((await api.post(`/calls/${encodeURIComponent(ladder.id)}/listening`, { reason })).listening);
      onReady();
    } catch (error) {
      setFailure(error);
    }
  };
  return html`<section class="calls-player card" aria-labelledby="calls-recording">
    <header><h2 id="calls-recording">${t("calls.recording")}</h2>
      ${held && html`<${Badge} kind="info">${t("calls.held")}<//>`}
      ${state === "kept" && !listening && listener() && html`<${Button} kind="primary" onClick=${begin}>${t("calls.listen")}<//>`}
    </header>
    ${state !== "kept" && html`<p>${t(`calls.recording.${state}`)}</p>`}
    ${state === "kept" && !listener() && html`<p>${t("calls.not_for_you")}</p>`}
    ${failure && html`<${Failure} error=${failure} />`}
    ${listening && html`<${Sound} ladder=${ladder} listening=${listening} controls=${controls} onCursor=${onCursor} />`}
  </section>`;
}
