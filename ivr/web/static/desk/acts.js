// What an operator does. Each act goes the shortest way: through the phone in the page where there is one, else by an order.
import { signal } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { t, text } from "../shell/words.js";
import { ask, toast } from "../shell/ui.js";
import { line } from "./line.js";
import { seen, toggle } from "./presses.js";
import { barred, leavesAlone, modeFor, myLeg, running } from "./rules.js";
import { call, dismissed, finished, held, phase, putAway, view } from "./state.js";

const TWICE = 1000; // ms: nobody decides about a call so soon after he has left another; it is the same press
const ANSWERS = 5; // seconds that a server which is well never needs; then the phone's own keys do it

export const keypadOpen = signal(false);
const busy = new Set(); // the acts that are not done with
let left = { call: null, at: -TWICE };

/** An order: one at a time by its name; a refusal is told in the server's words. `shown`: the picture has it. */
async function order(name, act, shown) {
  if (busy.has(name)) return false;
  busy.add(name);
  try {
    await act();
    if (shown) await seen(shown);
    return true;
  } catch (failure) {
    toast(failure.message, "bad");
    return false;
  } finally {
    busy.delete(name);
  }
}

const ofCall = (path, id = call.value.id) => `/calls/${encodeURIComponent(id)}${path}`;
const legOf = (id) => call.value?.legs.find((leg) => leg.id === id);

export function answer() {
  if (phase.value !== "ringing") return;
  if (line.value) line.value.answer();
  else order("answer", () => api.post("/desk/answer"));
}

export function hold() {
  if (phase.value !== "talking") return;
  if (line.value) return line.value.hold();
  const name = `hold ${call.value?.id}`; // of this call alone
  return toggle(name, () => held.value, (wanted) => order(name, () => api.post("/desk/hold", { held: wanted })));
}

export function mute() {
  if (phase.value !== "talking") return;
  if (line.value) return line.value.mute(!line.value.muted.value);
  const mine = myLeg(view.value);
  if (mine) muteLeg(mine);
}

export function muteLeg(leg) {
  const name = `mute ${leg.id}`;
  const path = ofCall(`/legs/${encodeURIComponent(leg.id)}/mute`);
  return toggle(name, () => legOf(leg.id)?.muted, (muted) => order(name, () => api.post(path, { muted })));
}

export async function hangUp() {
  if (phase.value === "idle" || phase.value === "off") return;
  const which = here();
  if (which !== left.call && performance.now() - left.at < TWICE) return;
  if (phase.value === "talking" && leavesAlone(call.value, held.value)) {
    const agreed = await ask({ title: t("desk.hang_up"), text: t("desk.leaves_alone"), action: t("desk.hang_up"), kind: "danger" });
    if (!agreed || here() !== which) return; // he was asked about another call
  }
  left = { call: which, at: performance.now() };
  if (["ringing", "up", "held"].includes(line.value?.call.value?.state)) return line.value.hangup();
  const mine = myLeg(view.value);
  if (mine) await order("hang up", () => api.del(ofCall(`/legs/${encodeURIComponent(mine.id)}`)), () => !legOf(mine.id));
}

/** The call that an act is about: of the phone in the page, else of the picture. */
const here = () => line.value?.call.value?.id ?? call.value?.id ?? null;

export async function remove(leg, name) {
  const path = ofCall(`/legs/${encodeURIComponent(leg.id)}`);
  const agreed = await ask({ title: t("desk.remove"), text: t("desk.remove_text", { name }), action: t("desk.remove"), kind: "danger" });
  if (agreed) await order(`remove ${leg.id}`, () => api.del(path), () => !legOf(leg.id));
}

export const press = (keys) => line.value?.dtmf(keys);

/** A press on a target. While the server cannot be reached, the phone's own keys do it: the dialplan hears them. */
export async function transfer(target, wanted) {
  if (busy.has("transfer") || barred(target, view.value, phase.value)) return; // since it was drawn
  const mode = modeFor(target, wanted);
  if (!mode) return toast(t("desk.no_mode", { target: text(target.name) || target.key, mode: t(`desk.mode.${wanted}`) }), "warn");
  const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  const { id, transfer: before } = call.value;
  const changed = () => call.value?.id !== id || call.value.transfer?.id !== before?.id;
  busy.add("transfer");
  dismissed.value = before?.id ?? null;
  try {
    await api.post(ofCall("/transfers", id), { target: target.key, mode }, { key, seconds: ANSWERS });
    await seen(changed);
  } catch (failure) {
    if (failure.status === 0 && changed()) return; // it was done, only its answer is lost; or the call is another
    if (failure.status === 0 && line.value && target.keys?.[mode]) {
      line.value.dtmf(target.keys[mode]);
      toast(t("desk.by_keys", { keys: target.keys[mode] }), "warn");
    } else toast(failure.message, "bad");
  } finally {
    busy.delete("transfer");
  }
}

export const cancel = () => running(call.value?.transfer) && order("cancel", () => api.del(ofCall("/transfers/current")), () => !running(call.value?.transfer));
export const consulting = () => call.value?.state === "apart" && !running(call.value.transfer);
export const join = () => consulting() && order("join", () => api.post(ofCall("/join")), () => !consulting());
export const takeBack = () => consulting() && order("take back", () => api.post(ofCall("/take-back")), () => !consulting());

export async function ready() {
  if (await order("ready", () => api.post("/desk/ready"))) putAway();
}
export const pause = (reason) => order("pause", () => api.post("/desk/pause", { reason }));
export const wrapUp = () => order("wrap-up", () => api.post("/desk/wrap-up"));
export const skills = (chosen) => order("skills", () => api.put("/desk/skills", { skills: chosen }));
export const written = () => call.value ?? finished.value;
