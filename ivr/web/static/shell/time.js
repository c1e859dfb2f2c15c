// Clocks. All times of the server are UTC; people read those of the hotline's zone. What is left of a time limit follows from
// the server's clock, whatever the clock of this machine says.
import { signal } from "../vendor/preact.js";
import { hotline } from "./hotline.js";

const SECOND = 1000; // ms: what the server's Date leaves open
const steady = () => performance.timeOrigin + performance.now(); // nobody sets it while the page is open

let ahead = 0; // ms of the server's clock before this one
let between = [-Infinity, Infinity]; // where `ahead` surely lies

/** Milliseconds since 1970, by the server's clock. */
export const present = () => Math.round(steady() + ahead);
/** The same, a new value each second. */
export const now = signal(present());
setInterval(() => (now.value = present()), SECOND);

/** What an answer says of the server's clock (RFC 9110, Date): it was made after it was asked for and before it came. */
export function heard(date, asked) {
  const said = Date.parse(date ?? "");
  if (Number.isNaN(said)) return;
  const [least, most] = [said - steady(), said + SECOND - asked];
  const [low, high] = [Math.max(least, between[0]), Math.min(most, between[1])];
  between = low <= high ? [low, high] : [least, most]; // a clock was set, or this machine slept
  const better = Math.min(Math.max(ahead, between[0]), between[1]);
  if (better === ahead) return;
  ahead = better;
  now.value = present();
}
export const asking = steady; // for `heard`

/** Now, as the server writes it. */
export const nowIso = () => new Date(present()).toISOString();

/** Seconds since a moment of the server's; never below 0. */
export const since = (iso) => (iso ? Math.max(0, (now.value - Date.parse(iso)) / 1000) : 0);

/** 75 → "1:15", 3675 → "1:01:15" */
export function mmss(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const formats = new Map();
function shown(iso, options) {
  if (!iso) return "";
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("sv-SE", { timeZone: hotline.zone, ...options }));
  return formats.get(key).format(new Date(iso));
}

/** 10:32:05 */
export const clock = (iso) => shown(iso, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** 2026-11-27 */
export const day = (iso) => shown(iso, { year: "numeric", month: "2-digit", day: "2-digit" });
