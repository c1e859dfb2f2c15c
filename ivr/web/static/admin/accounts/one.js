// One account: what it is, and what helps its person.
import { html, useState } from "../../vendor/preact.js";
import { api } from "../../shell/api.js";
import { session } from "../../shell/session.js";
import { t } from "../../shell/words.js";
import { ask, Button, Dialog, Failure, TextInput } from "../../shell/ui.js";
import { Department, Factor, FirstPassword, moment, Roles, State } from "./parts.js";

/** Of a person of a department only. */
const departmentOf = (wish) => (wish.roles.includes("department") && wish.department) || null;
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Why this account cannot lose what it has: nobody shuts himself out, and one administrator stays. */
function bound(account, others) {
  if (account.user === session.value?.user) return t("accounts.own");
  const alone = account.roles.includes("admin") && !account.disabled && !others.some((one) => one.roles.includes("admin") && !one.disabled);
  return alone ? t("accounts.last_admin") : "";
}

export function One({ account, others, onChange, onClose }) {
  const [wish, setWish] = useState({ name: account.name, number: account.number ?? "", department: account.department ?? "", roles: account.roles });
  const [told, setTold] = useState(null); // {password} or {done}
  const [wrong, setWrong] = useState(null);
  const [busy, setBusy] = useState(false);
  const set = (name) => (value) => setWish((old) => ({ ...old, [name]: value }));
  const at = `/accounts/${encodeURIComponent(account.user)}`;
  const stays = bound(account, others);
  const own = account.user === session.value?.user;

  const work = async (request, done) => {
    setBusy(true);
    setWrong(null);
    setTold(null);
    try {
      const answer = await request();
      setTold(answer.password ? { password: answer.password } : { done });
      await onChange();
      return true;
    } catch (failure) {
      setWrong(failure);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const sure = (key) => {
    const text = [`accounts.${key}_text`, account.sessions > 0 && "accounts.talks_end"].filter(Boolean).map((each) => t(each)).join(t("accounts.stop"));
    return ask({ title: t(`accounts.${key}_title`, { user: account.user }), text, action: t(`accounts.${key}`), kind: "danger" });
  };
  const change = async (key, body) => {
    if (key === "unlock" || key === "enable" || (await sure(key))) await work(() => api.patch(at, body), t(`accounts.${key}_done`));
  };
  const remove = async () => {
    if ((await sure("remove")) && (await work(() => api.del(at), ""))) onClose();
  };
  const save = async (event) => {
    event.preventDefault();
    const fresh = { name: wish.name.trim(), number: wish.number.trim() || null, department: departmentOf(wish), roles: wish.roles };
    const body = Object.fromEntries(Object.entries(fresh).filter(([key, value]) => !same(value, account[key])));
    const ends = account.sessions && ["number", "roles", "department"].some((name) => name in body);
    if (ends && !(await sure("save"))) return;
    await work(() => api.patch(at, body), t("accounts.saved"));
  };
  const { name, number, department, roles } = account;
  const changed = !same({ ...wish, number: wish.number || null, department: departmentOf(wish) }, { name, number, department, roles });
  const act = (name, body, { when = true, kind = "" } = {}) =>
    when && html`<${Button} kind=${kind} disabled=${busy} onClick=${() => change(name, body)}>${t(`accounts.${name}`)}<//>`;
  return html`<${Dialog} title=${`${account.user} ${account.name === account.user ? "" : account.name}`} wide onClose=${onClose}>
    ${wrong && html`<${Failure} error=${wrong} />`}
    ${told?.password && html`<${FirstPassword} user=${account.user} password=${told.password} />`}
    ${told?.done && html`<p class="done" role="status">✓ ${told.done}</p>`}
    <dl class="facts">
      <div><dt>${t("accounts.state")}</dt><dd><${State} one=${account} /></dd></div>
      <div><dt>${t("accounts.factor")}</dt><dd><${Factor} one=${account} /></dd></div>
      <div><dt>${t("accounts.sessions")}</dt><dd>${account.sessions || "—"}</dd></div>
      <div><dt>${t("accounts.last")}</dt><dd>${moment(account.last_login_at)}</dd></div>
      <div><dt>${t("accounts.created")}</dt><dd>${moment(account.created_at)}</dd></div>
    </dl>
    <h3>${t("accounts.help")}</h3>
    <div class="row acts">
      ${act("unlock", { unlock: true }, { when: account.locked_until, kind: "primary" })}
      ${act("enable", { disabled: false }, { when: account.disabled, kind: "primary" })}
      ${act("first", { password_reset: true }, { when: !own })}
      ${act("factor_reset", { totp_reset: true }, { when: account.totp && !own })}
      ${act("log_out", { log_out: true }, { when: account.sessions > 0 })}
      ${act("disable", { disabled: true }, { when: !stays && !account.disabled, kind: "danger" })}
      ${!stays && html`<${Button} kind="danger" disabled=${busy} onClick=${remove}>${t("accounts.remove")}<//>`}
    </div>
    ${stays && html`<p class="muted">${stays}</p>`}
    <h3>${t("accounts.is")}</h3>
    <form onSubmit=${save}>
      <div class="columns">
        <${TextInput} label=${t("accounts.name")} hint=${t("accounts.name_hint")} value=${wish.name} onInput=${set("name")} required maxlength="40" autocomplete="off" />
        <${TextInput} label=${t("accounts.number")} hint=${t("accounts.number_hint")} value=${wish.number} onInput=${set("number")} inputmode="numeric" maxlength="20"
          pattern="[0-9]{1,20}" autocomplete="off" />
      </div>
      <${Roles} value=${wish.roles} onChange=${set("roles")} disabled=${own} kept=${stays ? "admin" : ""} />
      <${Department} roles=${wish.roles} value=${wish.department} onChange=${set("department")} />
      <p class="muted">${t("accounts.change_text")}</p>
      <div class="dialog-foot"><${Button} onClick=${onClose}>${t("shell.close")}<//>
        <${Button} kind="primary" type="submit" disabled=${busy || !changed || !wish.roles.length}>${t("accounts.save")}<//></div>
    </form>
  <//>`;
}
