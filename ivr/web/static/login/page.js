// /login: who comes in, with the one-time code where one is set up; then what has to be done first.
import { html, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { hotline } from "../shell/hotline.js";
import { go, wanted } from "../shell/router.js";
import { session, signedIn } from "../shell/session.js";
import { t, text } from "../shell/words.js";
import { TextInput, useStyle } from "../shell/ui.js";
import { CODE, Factor, Form, Password } from "./forms.js";

function enter(found) {
  signedIn(found.session);
  const to = wanted(); // otherwise the shell opens the first page that is his
  if (!found.session.must && to) go(to, { replace: true });
}

function Login() {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState(null);
  const submit = async () => {
    try {
      enter(await api.post("/session", { user, password, ...(code === null ? {} : { code }) }));
    } catch (error) {
      if (error.id === "code_needed" || error.id === "wrong_code") setCode("");
      if (error.id !== "code_needed") throw error;
    }
  };
  return html`<${Form} title=${t("login.title")} action=${t("login.enter")} submit=${submit} leave>
    <${TextInput} label=${t("login.user")} value=${user} onInput=${setUser} name="user" autocomplete="username"
      required autofocus />
    <${TextInput} label=${t("login.password")} value=${password} onInput=${setPassword} type="password"
      name="password" autocomplete="current-password" required />
    ${code !== null &&
    html`<${TextInput} label=${t("login.code")} hint=${t("login.code_hint")} value=${code} onInput=${setCode}
      name="code" autofocus ...${CODE} />`}
  <//>`;
}

const STEPS = {
  password: () => html`<${Password} title=${t("login.choose")} text=${t("login.choose_text")} onDone=${enter} leave />`,
  totp: () => html`<${Factor} onDone=${enter} leave />`,
};

export default function Page() {
  useStyle("/static/login/page.css");
  const Step = STEPS[session.value?.must] ?? Login;
  return html`<section class="login"><p class="login-name">${text(hotline.name)}</p><${Step} />
    ${hotline.report && !session.value && html`<p class="login-public">${t("login.public")}
      <a href="/report">${t("login.report")}</a> · <a href="/report/progress">${t("login.progress")}</a></p>`}</section>`;
}
