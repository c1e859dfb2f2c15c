// Findings as one types: the quick rules at once, Asterisk's own words as they come.
import { signal } from "../../vendor/preact.js";
import { api } from "../../shell/api.js";

const QUICK = 300; // ms after the last key
const WHOLE = 1500;

export const report = signal({ findings: [], suppressed: [], state: "unknown" }); // unknown | quick | whole | failed
let turn = 0;

export const errors = () => report.value.findings.filter((one) => one.severity === "error");

async function ask(mine, unsaved, quick) {
  try {
    const found = await api.post("/dialplans/check", { unsaved, quick }, { seconds: 90 });
    if (mine === turn) report.value = { ...found, state: quick ? "quick" : "whole" };
  } catch (failure) {
    if (mine === turn) report.value = { ...report.value, state: "failed", failure };
  }
}

/** Judge these unsaved texts; a newer call makes an older one's answer void. */
export function check(unsaved) {
  const mine = ++turn;
  const timers = [
    setTimeout(() => ask(mine, unsaved, true), QUICK),
    setTimeout(() => ask(mine, unsaved, false), WHOLE),
  ];
  return () => timers.forEach(clearTimeout);
}
