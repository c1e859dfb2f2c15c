// Clocks. All times of the server are UTC; people read those of the hotline's zone.
import { signal } from "../vendor/preact.js";
import { hotline } from "./hotline.js";

/** Milliseconds since 1970, a new value each second. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 1000);

/** Seconds since a moment of the server's; never below 0, whatever the two clocks say. */
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
