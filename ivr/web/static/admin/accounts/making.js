// A new account. Its first password is shown once, here.
import { html, useState } from "../../vendor/preact.js";
import { api } from "../../shell/api.js";
import { t } from "../../shell/words.js";
import { Button, Dialog, Failure, TextInput } from "../../shell/ui.js";
import { Department, FirstPassword, Roles } from "./parts.js";

export function Making({ onMade, onClose }) {
  const [wish, setWish] = useState({ user: "", name: "", number: "", department: "", roles: ["operator"] });
  const [made, setMade] = useState(null);
  const [wrong, setWrong] = useState(null);
  const [busy, setBusy] = useState(false);
  const set = (name) => (value) => setWish((old) => ({ ...old, [name]: value }));
  const make = async (event) => {
    event.preventDefault();
    setBusy(true);
    setWrong(null);
    try {
      setMade(await api.post("/accounts", { ...wish, user: wish.user.trim(), name: wish.name.trim(), number: wish.number.trim() || null, department: (wish.roles.includes("department") && wish.department) || null }));
      onMade();
    } catch (failure) {
      setWrong(failure);
    } finally {
      setBusy(false);
    }
  };
  if (made)
    return html`<${Dialog} title=${t("accounts.made", { user: made.account.user })} onClose=${onClose}
      actions=${html`<${Button} kind="primary" onClick=${onClose}>${t("accounts.written_down")}<//>`}>
      <${FirstPassword} user=${made.account.user} password=${made.password} />
    <//>`;
  return html`<${Dialog} title=${t("accounts.new")} wide onClose=${onClose}>
    <form onSubmit=${make}>
      ${wrong && html`<${Failure} error=${wrong} />`}
      <div class="columns">
        <${TextInput} label=${t("accounts.user")} hint=${t("accounts.user_hint")} value=${wish.user} onInput=${set("user")} required maxlength="64"
          pattern="[A-Za-z0-9._\\-]{1,64}" autocomplete="off" autofocus />
        <${TextInput} label=${t("accounts.name")} hint=${t("accounts.name_hint")} value=${wish.name} onInput=${set("name")} required maxlength="40" autocomplete="off" />
        <${TextInput} label=${t("accounts.number")} hint=${t("accounts.number_hint")} value=${wish.number} onInput=${set("number")} inputmode="numeric" maxlength="20"
          pattern="[0-9]{1,20}" autocomplete="off" />
      </div>
      <${Roles} value=${wish.roles} onChange=${set("roles")} />
      <${Department} roles=${wish.roles} value=${wish.department} onChange=${set("department")} />
      <div class="dialog-foot"><${Button} onClick=${onClose}>${t("shell.cancel")}<//>
        <${Button} kind="primary" type="submit" disabled=${busy || !wish.roles.length}>${t("accounts.make")}<//></div>
    </form>
  <//>`;
}
