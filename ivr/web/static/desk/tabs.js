// One desk, one tab: a second one asks, and the first lets go of the phone without hanging up.
import { signal } from "../vendor/preact.js";

export const seat = signal("asking"); // asking | mine | elsewhere
const PATIENCE = 1500; // ms that the first tab has to let go; then it is dead, and its seat is taken
const channels = new Map();
const place = (number) => `hotline.desk.${number}`;
let leave = null; // ends our hold on the seat
let standing = false;

/** `onLeave`: another tab takes over; its end is waited for before the seat is free. Without locks (plain http) no tab knows of another. */
export function sit(number, onLeave) {
  if (seat.value === "mine") return;
  if (!navigator.locks) {
    seat.value = "mine";
    return;
  }
  listen(number);
  request(number, { ifAvailable: true }, onLeave);
}

export function takeOver(number, onLeave) {
  seat.value = "asking";
  listen(number).postMessage("take");
  const late = new AbortController();
  setTimeout(() => late.abort(), PATIENCE);
  navigator.locks
    .request(place(number), { signal: late.signal }, () => keep(onLeave))
    .catch(() => (leave ? undefined : request(number, { steal: true }, onLeave)));
}

/** Give the seat up: this person has logged out. */
export function stand() {
  standing = true;
  leave?.();
  if (!leave) seat.value = "asking";
}

function request(number, how, onLeave) {
  navigator.locks
    .request(place(number), how, (lock) => (lock ? keep(onLeave) : void (seat.value = "elsewhere")))
    .catch(() => {
      leave = null; // taken from us: we had not answered in time
      seat.value = "elsewhere";
      return onLeave();
    });
}

async function keep(onLeave) {
  standing = false;
  seat.value = "mine";
  await new Promise((done) => (leave = done));
  leave = null;
  await onLeave();
  seat.value = standing ? "asking" : "elsewhere";
}

function listen(number) {
  if (!channels.has(number)) {
    const channel = new BroadcastChannel(place(number));
    channel.onmessage = (message) => message.data === "take" && leave?.();
    channels.set(number, channel);
  }
  return channels.get(number);
}
