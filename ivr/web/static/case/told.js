// What happened to a case, in words.
import { clock, day } from "../shell/time.js";
import { t } from "../shell/words.js";
import { nameOf } from "../orders/facts.js";

const when = (iso) => `${day(iso)} ${clock(iso)}`;

/** An event; `departments` have names. */
export function told({ kind, data }, departments = []) {
  const said = { words: "", satisfied: "", ...data };
  if (kind === "written") said.fields = Object.keys(data).map((name) => t(`case.note_${name}`)).join(t("case.and"));
  for (const name of ["whose", "danger", "result", "granted", "reached", "satisfied"]) if (name in data) said[name] = t(`case.${name}.${data[name]}`);
  for (const name of ["due", "until"]) if (name in data) said[name] = when(data[name]);
  if (data.files) said.files = data.files.map((file) => file.name).join(t("case.and"));
  if (kind === "told" && data.way === "email") said.words = t(`case.mailed.${data.step}`);
  if (data.department) said.department = nameOf(departments, data.department);
  return t(kind === "told" && data.state === "failed" ? "case.event.told_failed" : `case.event.${kind}`, said);
}
