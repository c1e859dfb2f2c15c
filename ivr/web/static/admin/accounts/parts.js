// What the list of accounts, a new one and an old one share.
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { api } from "../../shell/api.js";
import { clock, day } from "../../shell/time.js";
import { language, t, text } from "../../shell/words.js";
import { Badge, Button, Check, Select } from "../../shell/ui.js";

export const ROLES = ["admin", "dialplan_admin", "supervisor", "liaison", "auditor", "operator", "department"];
const APART = ["admin", "dialplan_admin", "supervisor", "operator"]; // from auditor (R61): nobody changes a thing and its audit
export const STATES = ["works", "first", "locked", "disabled"];
const KINDS = { works: "good", first: "info", locked: "warn", disabled: "idle" };

/** How an account stands, the weightiest first. */
export const stateOf = (one) => (one.disabled ? "disabled" : one.locked_until ? "locked" : one.must_change ? "first" : "works");

export const State = ({ one }) => {
  const state = stateOf(one);
  const until = state === "locked" ? ` ${t("accounts.until", { time: clock(one.locked_until).slice(0, 5) })}` : "";
  return html`<${Badge} kind=${KINDS[state]}>${t(`accounts.state_${state}`)}${until}<//>`;
};

export const Factor = ({ one }) => {
  if (one.totp) return html`<${Badge} kind="good">${t("accounts.factor_set")}<//>`;
  return one.totp_wanted ? html`<${Badge} kind="info">${t("accounts.factor_due")}<//>` : "—";
};

/** Which of these roles cannot be taken beside `chosen`. */
function excluded(chosen) {
  if (chosen.includes("department")) return ROLES.filter((role) => role !== "department"); // R60: the hotline's people see more than a department may
  const out = chosen.includes("auditor") ? APART : chosen.some((role) => APART.includes(role)) ? ["auditor"] : [];
  return chosen.length ? [...out, "department"] : out;
}

/** Why some roles cannot be chosen beside these. */
function whyNot(chosen) {
  if (chosen.includes("department")) return "accounts.department_alone";
  if (chosen.includes("auditor")) return "accounts.only_auditor";
  return chosen.some((role) => APART.includes(role)) ? "accounts.no_auditor" : "";
}

/** `kept`: a role that cannot be taken away. */
export function Roles({ value, onChange, kept = "", disabled = false }) {
  const [out, why] = [excluded(value), whyNot(value)];
  const set = (role) => (on) => onChange(ROLES.filter((one) => (one === role ? on : value.includes(one))));
  return html`<fieldset class="roles" disabled=${disabled}><legend>${t("accounts.roles")}</legend>
    ${ROLES.map((role) => html`<div key=${role}>
      <${Check} label=${t(`accounts.role_${role}`)} checked=${value.includes(role)} onChange=${set(role)} aria-describedby=${`role-${role}`}
        disabled=${kept === role || (!value.includes(role) && out.includes(role))} />
      <p class="muted" id=${`role-${role}`}>${t(`accounts.does_${role}`)}</p></div>`)}
    <p class="muted" role="status">${why && t(why)}</p>
  </fieldset>`;
}

/** The departments of the settings: [{key, name}]; null while they are asked for. */
function useDepartments() {
  const [known, setKnown] = useState(null);
  useEffect(() => {
    api.get("/departments").then((answer) => setKnown(answer.departments), () => setKnown([]));
  }, [language.value]);
  return known;
}

/** Which department a person of one belongs to; one that the settings have no more is shown as gone. */
export function Department({ roles, value, onChange, disabled = false }) {
  const known = useDepartments();
  if (!roles.includes("department") || !known) return null;
  const gone = value && !known.some((one) => one.key === value);
  const options = [{ value: "", label: t("accounts.choose_department") }, ...known.map((one) => ({ value: one.key, label: text(one.name) || one.key }))];
  return html`<${Select} label=${t("accounts.department")} name="department" value=${value} onChange=${onChange} required disabled=${disabled}
    hint=${known.length ? "" : t("accounts.no_departments")} error=${gone ? t("accounts.department_gone", { department: value }) : ""}
    options=${gone ? [...options, { value, label: value }] : options} />`;
}

/** The one time that a first password is shown. */
export function FirstPassword({ user, password }) {
  const [copied, setCopied] = useState(false);
  const shown = useRef(null);
  const copy = async () => {
    getSelection().selectAllChildren(shown.current);
    await navigator.clipboard?.writeText(password).then(() => setCopied(true), () => null); // by http it is only marked
  };
  return html`<div class="first-password" role="status">
    <p>${t("accounts.first_is", { user })}</p>
    <div class="row"><code ref=${shown} class="first">${password}</code>
      <${Button} onClick=${copy}>${t(copied ? "accounts.copied" : "accounts.copy")}<//></div>
    <p class="muted">${t("accounts.once")}</p>
  </div>`;
}

export const moment = (iso) => (iso ? `${day(iso)} ${clock(iso)}` : "—");
