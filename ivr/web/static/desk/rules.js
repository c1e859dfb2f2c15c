// What the desk's picture means: pure functions of the server's view, no screen, no clock.

export const NATIONAL = ["110", "119", "120", "122"]; // these four places are theirs on every desk
export const MODES = ["transfer", "conference", "consult", "suspend", "blind"];
const RUNNING = ["asked", "dialling", "ringing", "answered"];
const EASED = { not_acknowledged: "no_answer" };

/** off | idle | ringing | talking: what the operator's hands are needed for. */
export function phaseOf(view, phoneCall) {
  const mine = myLeg(view);
  if (mine?.state === "up" || ["up", "held"].includes(phoneCall?.state)) return "talking";
  if (mine?.state === "ringing" || (phoneCall?.state === "ringing" && phoneCall.direction === "in")) return "ringing";
  return view ? "idle" : "off";
}

export const myLeg = (view) => view?.call?.legs.filter((leg) => leg.mine).at(-1) ?? null;
export const running = (transfer) => Boolean(transfer && RUNNING.includes(transfer.state));

/** The keys in their places: the national four, there or not, then the site's own in the site's order. */
export function places(targets) {
  const known = new Map(targets.map((target) => [target.key, target]));
  const own = targets.filter((target) => !NATIONAL.includes(target.key));
  return [...NATIONAL.map((key) => known.get(key) ?? { key, absent: true }), ...own].map((target, place) => ({
    ...target,
    digit: place < 9 ? String(place + 1) : place === 9 ? "0" : null,
  }));
}

/** Why a target cannot be pressed now (the end of a word key), or null. Being out of reach is no reason: its routes are tried. */
export function barred(target, view, phase) {
  if (target.absent) return "absent";
  if (phase !== "talking" || !view?.call) return "no_call";
  if (running(view.call.transfer)) return "running";
  if (view.call.legs.some((leg) => leg.party === target.key && leg.state === "up")) return "inside";
  return null;
}

/** The mode that a press means: the wanted one where the target has it, else its first; null where it has none. */
export function modeFor(target, wanted) {
  const has = target.modes ?? [];
  if (has.includes(wanted)) return wanted;
  return wanted === "transfer" ? (MODES.find((mode) => has.includes(mode)) ?? null) : null;
}

/** Whom the caller hears now: you | music | target | all. */
export function hears(call, held) {
  if (!call) return null;
  if (held || call.state === "apart") return "music";
  const far = call.legs.filter((leg) => !leg.mine && leg.role !== "caller" && leg.state === "up");
  if (!myLeg({ call })) return far.length ? "target" : "music";
  return far.length ? "all" : "you";
}

/** Would the caller be left without anybody if this operator went now? */
export const leavesAlone = (call, held) => Boolean(call) && (running(call.transfer) || hears(call, held) === "music");

/** A transfer that went wrong → {why, id, target}, or null. What the operator did himself is no failure. */
export function failureOf(transfer) {
  if (transfer?.state !== "ended") return null;
  if (!["failed", "refused", "dropped", "interrupted"].includes(transfer.result)) return null;
  const told = transfer.result === "failed" || transfer.result === "refused" ? (transfer.reason ?? transfer.result) : transfer.result;
  const why = transfer.result === "refused" && told === "busy" ? "running" : told; // not the target is busy: another transfer runs
  return { id: transfer.id, target: transfer.target, mode: transfer.mode, why: EASED[why] ?? why };
}

/** What to offer after a failure: other targets, an emergency one first. */
export function others(targets, failed) {
  const rest = places(targets).filter((target) => !target.absent && target.key !== failed && target.reachable !== false);
  return rest.filter((target) => target.emergency).slice(0, 2);
}
