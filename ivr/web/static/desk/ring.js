// A call that wants to be answered: a soft tone, the title, the icon, a notification where the person allows them.
import { t } from "../shell/words.js";

const RING = 1000; // ms of tone, then PAUSE ms of silence: the rhythm of the public network
const PAUSE = 3000;
const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#b3151f"/><path d="M10 8h3l2 5-2 2a10 10 0 0 0 4 4l2-2 5 2v3a2 2 0 0 1-2 2A14 14 0 0 1 8 10a2 2 0 0 1 2-2z" fill="#fff"/></svg>',
);

let sound = null;
let timer = 0;
let before = null;
let notice = null;

function burst() {
  const gain = sound.createGain();
  gain.connect(sound.destination);
  const [from, until] = [sound.currentTime, sound.currentTime + RING / 1000];
  gain.gain.setValueAtTime(0, from);
  gain.gain.linearRampToValueAtTime(0.12, from + 0.08);
  gain.gain.setValueAtTime(0.12, until - 0.15);
  gain.gain.linearRampToValueAtTime(0, until);
  for (const hertz of [660, 880]) {
    const tone = sound.createOscillator();
    tone.frequency.value = hertz;
    tone.connect(gain);
    tone.start(from);
    tone.stop(until);
  }
}

/** Also while it rings: the phone may ring before it is known who calls. */
export function startRinging(caller) {
  const icon = document.querySelector('link[rel~="icon"]');
  const rings = Boolean(before);
  before ??= { title: document.title, icon: icon?.getAttribute("href") };
  document.title = `☎ ${t("desk.rings")} ${caller}`;
  if (rings) return;
  icon?.setAttribute("href", ICON);
  navigator.setAppBadge?.(1).catch(() => null);
  if (globalThis.Notification?.permission === "granted" && document.hidden)
    notice = new Notification(t("desk.rings"), { tag: "hotline-ring" }); // no number: others may see the screen
  sound ??= new AudioContext();
  sound.resume().catch(() => null); // until a first key or click the browser keeps the page silent
  burst();
  timer = setInterval(burst, RING + PAUSE);
}

export function stopRinging() {
  if (!before) return;
  clearInterval(timer);
  sound?.suspend();
  document.title = before.title;
  if (before.icon) document.querySelector('link[rel~="icon"]')?.setAttribute("href", before.icon);
  navigator.clearAppBadge?.().catch(() => null);
  notice?.close();
  before = notice = null;
}
