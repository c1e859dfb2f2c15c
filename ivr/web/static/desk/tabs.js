// One desk, one tab: a second one asks, and the first lets go of the phone without hanging up.
import { signal } from "../vendor/preact.js";

export const seat = signal("asking"); // asking | mine | elsewhere
const PATIENCE = 1500; // ms that the first tab has to let go
let leave = null;

/** `onLeave`: another tab takes over; what it returns is waited for before the seat is free. Without locks (plain http) no tab knows of another. */
export function sit(number, onLeave) {
  if (leave || seat.value === "mine") return;
  if (!navigator.locks) {
    seat.value = "mine";
    return;
  }
  const channel = new BroadcastChannel(`hotline.desk.${number}`);
  channel.onmessage = (message) => message.data === "take" && leave?.();
  navigator.locks.request(`hotline.desk.${number}`, { ifAvailable: true }, (lock) => {
    if (!lock) {
      seat.value = "elsewhere";
      return undefined;
    }
    return keep(onLeave);
  });
}

export function takeOver(number, onLeave) {
  seat.value = "asking";
  const channel = new BroadcastChannel(`hotline.desk.${number}`);
  channel.onmessage = (message) => message.data === "take" && leave?.();
  channel.postMessage("take");
  const given = new AbortController();
  const late = setTimeout(() => given.abort(), PATIENCE);
  const name = `hotline.desk.${number}`;
  navigator.locks
    .request(name, { signal: given.signal }, () => {
      clearTimeout(late);
      return keep(onLeave);
    })
    .catch(() => navigator.locks.request(name, { steal: true }, () => keep(onLeave)).catch(() => lost(onLeave)));
}

async function keep(onLeave) {
  seat.value = "mine";
  await new Promise((done) => (leave = done));
  leave = null;
  await onLeave();
  seat.value = "elsewhere";
}

async function lost(onLeave) {
  leave = null;
  seat.value = "elsewhere";
  await onLeave();
}
