// This desk: the server's picture of it, kept while the page lives, whatever view is open.
import { computed, signal } from "../vendor/preact.js";
import { follow } from "../shell/live.js";
import { myLeg, phaseOf } from "./rules.js";
import { line, phoneCall } from "./line.js";

const KEPT = "hotline.desk.call"; // sessionStorage: the call that is being written up, over a reload

export const view = signal(null);
const following = signal(null);
export const streamState = computed(() => following.value?.state.value ?? "connecting");
export const call = computed(() => view.value?.call ?? null);
export const phase = computed(() => phaseOf(view.value, phoneCall.value));
export const finished = signal(null); // the call whose note can still be written after it has ended
/** What the stream says of the case that is written now. `told`: whether it speaks of it; not of a call from before its controller began. */
export const caseNews = computed(() => {
  const { last_call: last, last_case: lastCase } = view.value?.me ?? {};
  const [told, known] = call.value ? [true, call.value.case] : [last === finished.value?.id, lastCase];
  return { up: streamState.value === "up", told, revision: told ? (known?.revision ?? 0) : 0 };
});
export const dismissed = signal(null); // id of the failed transfer whose words were read
/** On hold: a browser's phone knows itself, of a desk phone the server knows. */
export const held = computed(() => (line.value ? line.value.held.value : Boolean(myLeg(view.value)?.held)));

export function take(next) {
  const before = view.value?.call ?? remembered();
  if (before && before.id !== next.call?.id) {
    if (before.talked) finished.value = before;
    remember(null);
  }
  if (next.call) {
    const talked = next.call.legs.some((leg) => leg.mine && leg.state === "up") || (before?.id === next.call.id && before.talked);
    next.call.talked = talked;
    if (talked) {
      remember(next.call);
      finished.value = null;
    }
  }
  if (!next.call && !finished.value && next.me.state === "wrap-up" && next.me.last_call) finished.value = { id: next.me.last_call };
  view.value = next;
}

export function openDesk() {
  if (following.value) return;
  finished.value = remembered("done");
  following.value = follow("/desk/stream", (message) => message.type === "desk" && take(message.desk));
}

export function closeDesk() {
  following.value?.close();
  following.value = null;
  view.value = null;
}

/** The write-up is done with. */
export function putAway() {
  finished.value = null;
  sessionStorage.removeItem(`${KEPT}.done`);
}

function remember(now) {
  const { id, caller, region, entered_at: entered, talked } = now ?? {};
  if (now) sessionStorage.setItem(KEPT, JSON.stringify({ id, caller, region, entered_at: entered, talked }));
  else {
    const last = sessionStorage.getItem(KEPT);
    if (last) sessionStorage.setItem(`${KEPT}.done`, last);
    sessionStorage.removeItem(KEPT);
  }
}

function remembered(which = "") {
  try {
    return JSON.parse(sessionStorage.getItem(which ? `${KEPT}.${which}` : KEPT));
  } catch {
    return null;
  }
}
