// One's own account, from the bar of every page: a new password, a second factor, other logins. A call goes on meanwhile.
import { html, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { session, signedIn, signedOut } from "../shell/session.js";
import { t } from "../shell/words.js";
import { ask, Badge, Button, Dialog, useStyle } from "../shell/ui.js";
import { Factor, Password } from "./forms.js";

export function Own({ onClose }) {
  useStyle("/static/login/page.css");
  const [done, setDone] = useState("");
  const [problem, setProblem] = useState("");
  const [open, setOpen] = useState("");
  const who = session.value;
  const kept = (said) => (found) => {
    signedIn(found.session);
    setOpen("");
    setDone(t(said));
  };
  const leave = async () => {
    if (!(await ask({ title: t("login.everywhere"), text: t("login.everywhere_text"), action: t("login.everywhere"), kind: "danger" }))) return;
    try {
      await api.del("/session", { everywhere: true });
    } catch (failure) {
      return setProblem(failure.message);
    }
    signedOut();
  };
  const toggle = (what) => () => {
    setDone("");
    setOpen(open === what ? "" : what);
  };
  return html`<${Dialog} title=${t("login.own", { user: who.user })} onClose=${onClose}>
    <div class="own">
      ${problem && html`<p class="wrong" role="alert">${problem}</p>`}
      ${done && html`<p role="status"><${Badge} kind="good">${done}<//></p>`}
      <div class="row"><${Button} aria-expanded=${open === "password"} onClick=${toggle("password")}>${t("login.change")}<//>
        ${!who.totp && html`<${Button} aria-expanded=${open === "factor"} onClick=${toggle("factor")}>${t("login.factor")}<//>`}
        <${Button} kind="danger" onClick=${leave}>${t("login.everywhere")}<//></div>
      ${who.totp && html`<p>${t("login.has_factor")}</p>`}
      ${open === "password" && html`<${Password} title=${t("login.change")} text=${t("login.change_text")} onDone=${kept("login.changed")} />`}
      ${open === "factor" && html`<${Factor} onDone=${kept("login.factor_done")} />`}
    </div>
  <//>`;
}
