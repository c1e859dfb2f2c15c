// What an operator does. Each act goes the shortest way: through the phone in the page where there is one, else by an order.
import { signal } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { t, text } from "../shell/words.js";
import { ask, toast } from "../shell/ui.js";
import { line } from "./line.js";
import { leavesAlone, modeFor, myLeg, running } from "./rules.js";
import { call, dismissed, finished, held, phase, putAway, view } from "./state.js";

export const busy = signal(""); // the act whose answer is awaited
export const keypadOpen = signal(false);

/** An order: one at a time by its name; a refusal is told in the server's words. */
async function order(name, act) {
  if (busy.value === name) return false;
  busy.value = name;
  try {
    await act();
    return true;
  } catch (failure) {
    toast(failure.message, "bad");
    return false;
  } finally {
    busy.value = "";
  }
}

const ofCall = (path) => `/calls/${encodeURIComponent(call.value.id)}${path}`;

export function answer() {
  if (phase.value !== "ringing") return;
  if (line.value) line.value.answer();
  else order("answer", () => api.post("/desk/answer"));
}

export function hold() {
  if (phase.value !== "talking") return;
  const wanted = !held.value;
  if (line.value) return line.value.hold(wanted);
  return order("hold", () => api.post("/desk/hold", { held: wanted }));
}

export function mute() {
  if (phase.value !== "talking") return;
  if (line.value) return line.value.mute(!line.value.muted.value);
  const mine = myLeg(view.value);
  if (mine) muteLeg(mine);
}

export const muteLeg = (leg) => order(`mute ${leg.id}`, () => api.post(ofCall(`/legs/${encodeURIComponent(leg.id)}/mute`), { muted: !leg.muted }));

export async function hangUp() {
  if (phase.value === "idle" || phase.value === "off") return;
  if (phase.value === "talking" && leavesAlone(call.value, held.value)) {
    const agreed = await ask({ title: t("desk.hang_up"), text: t("desk.leaves_alone"), action: t("desk.hang_up"), kind: "danger" });
    if (!agreed) return;
  }
  if (["ringing", "up", "held"].includes(line.value?.call.value?.state)) return line.value.hangup();
  const mine = myLeg(view.value);
  if (mine) await order("hang up", () => api.del(ofCall(`/legs/${encodeURIComponent(mine.id)}`)));
}

export async function remove(leg, name) {
  const agreed = await ask({ title: t("desk.remove"), text: t("desk.remove_text", { name }), action: t("desk.remove"), kind: "danger" });
  if (agreed) await order("remove", () => api.del(ofCall(`/legs/${encodeURIComponent(leg.id)}`)));
}

export const press = (keys) => line.value?.dtmf(keys);

/** A press on a target. While the server cannot be reached, the phone's own keys do it: the dialplan hears them. */
export async function transfer(target, wanted) {
  const mode = modeFor(target, wanted);
  if (!mode) return toast(t("desk.no_mode", { target: text(target.name) || target.key, mode: t(`desk.mode.${wanted}`) }), "warn");
  const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  if (busy.value === "transfer") return;
  busy.value = "transfer";
  dismissed.value = call.value.transfer?.id ?? null;
  try {
    await api.post(ofCall("/transfers"), { target: target.key, mode }, { key });
  } catch (failure) {
    if (failure.status === 0 && line.value && target.keys?.[mode]) {
      line.value.dtmf(target.keys[mode]);
      toast(t("desk.by_keys", { keys: target.keys[mode] }), "warn");
    } else toast(failure.message, "bad");
  } finally {
    busy.value = "";
  }
}

export const cancel = () => running(call.value?.transfer) && order("cancel", () => api.del(ofCall("/transfers/current")));
export const consulting = () => call.value?.state === "apart" && !running(call.value.transfer);
export const join = () => consulting() && order("join", () => api.post(ofCall("/join")));
export const takeBack = () => consulting() && order("take back", () => api.post(ofCall("/take-back")));

export async function ready() {
  if (await order("ready", () => api.post("/desk/ready"))) putAway();
}
export const pause = (reason) => order("pause", () => api.post("/desk/pause", { reason }));
export const wrapUp = () => order("wrap-up", () => api.post("/desk/wrap-up"));
export const skills = (chosen) => order("skills", () => api.put("/desk/skills", { skills: chosen }));
export const written = () => call.value ?? finished.value;
