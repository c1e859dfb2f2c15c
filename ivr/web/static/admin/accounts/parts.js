// What the list of accounts, a new one and an old one share.
import { html, useRef, useState } from "../../vendor/preact.js";
import { clock, day } from "../../shell/time.js";
import { t } from "../../shell/words.js";
import { Badge, Button, Check } from "../../shell/ui.js";

export const ROLES = ["admin", "dialplan_admin", "supervisor", "liaison", "auditor", "operator"];
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
const excluded = (chosen) => (chosen.includes("auditor") ? APART : chosen.some((role) => APART.includes(role)) ? ["auditor"] : []);

/** `kept`: a role that cannot be taken away. */
export function Roles({ value, onChange, kept = "", disabled = false }) {
  const out = excluded(value);
  const set = (role) => (on) => onChange(ROLES.filter((one) => (one === role ? on : value.includes(one))));
  return html`<fieldset class="roles" disabled=${disabled}><legend>${t("accounts.roles")}</legend>
    ${ROLES.map((role) => html`<div key=${role}>
      <${Check} label=${t(`accounts.role_${role}`)} checked=${value.includes(role)} onChange=${set(role)} aria-describedby=${`role-${role}`}
        disabled=${kept === role || (!value.includes(role) && out.includes(role))} />
      <p class="muted" id=${`role-${role}`}>${t(`accounts.does_${role}`)}</p></div>`)}
    <p class="muted" role="status">${out.length > 0 && t(out.includes("auditor") ? "accounts.no_auditor" : "accounts.only_auditor")}</p>
  </fieldset>`;
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
