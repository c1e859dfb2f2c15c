// /login: who comes in, with the one-time code where one is set up; then what has to be done first.
import { html, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { hotline } from "../shell/hotline.js";
import { go, wanted } from "../shell/router.js";
import { logout, session, signedIn } from "../shell/session.js";
import { addWords, t, text } from "../shell/words.js";
import { Button, TextInput, useStyle } from "../shell/ui.js";
import words from "./words.js";

addWords(words);

const CODE = { inputmode: "numeric", autocomplete: "one-time-code", maxlength: 6, pattern: "[0-9]{6}", required: true };

/** A form that asks the server once at a time and says what is wrong. */
function Form({ title, text, action, submit, children }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem("");
    await submit().catch((error) => setProblem(error.message));
    setBusy(false);
  };
  return html`<form onSubmit=${send}>
    <h1>${title}</h1>
    ${text && html`<p>${text}</p>`}
    ${children}
    <p class="wrong" role="alert">${problem}</p>
    <${Button} type="submit" kind="primary" disabled=${busy}>${action}<//>
    ${session.value && html`<${Button} kind="quiet" onClick=${logout}>${t("login.leave")}<//>`}
  </form>`;
}

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
  return html`<${Form} title=${t("login.title")} action=${t("login.enter")} submit=${submit}>
    <${TextInput} label=${t("login.user")} value=${user} onInput=${setUser} name="user" autocomplete="username"
      required autofocus />
    <${TextInput} label=${t("login.password")} value=${password} onInput=${setPassword} type="password"
      name="password" autocomplete="current-password" required />
    ${code !== null &&
    html`<${TextInput} label=${t("login.code")} hint=${t("login.code_hint")} value=${code} onInput=${setCode}
      name="code" autofocus ...${CODE} />`}
  <//>`;
}

function Password() {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const submit = async () => {
    if (fresh !== again) throw new Error(t("login.differ"));
    enter(await api.put("/session/password", { old, new: fresh }));
  };
  const typed = { type: "password", required: true };
  return html`<${Form} title=${t("login.choose")} text=${t("login.choose_text")} action=${t("login.save")} submit=${submit}>
    <${TextInput} label=${t("login.old")} value=${old} onInput=${setOld} autocomplete="current-password" ...${typed} />
    <${TextInput} label=${t("login.new")} value=${fresh} onInput=${setFresh} autocomplete="new-password" ...${typed} />
    <${TextInput} label=${t("login.again")} value=${again} onInput=${setAgain} autocomplete="new-password" ...${typed} />
  <//>`;
}

function Factor() {
  const [made, setMade] = useState(null);
  const [code, setCode] = useState("");
  const submit = async () => {
    if (made === null) setMade((await api.post("/session/totp")).totp);
    else enter(await api.put("/session/totp", { code }));
  };
  const picture = made && `data:image/svg+xml;charset=utf-8,${encodeURIComponent(made.svg)}`;
  return html`<${Form} title=${t("login.factor")} text=${t("login.factor_text")}
    action=${made ? t("login.confirm") : t("login.factor")} submit=${submit}>
    ${made &&
    html`<img class="qr" src=${picture} alt=${t("login.qr")} />
      <p>${t("login.by_hand")} <code>${made.secret}</code></p>
      <${TextInput} label=${t("login.code")} hint=${t("login.code_hint")} value=${code} onInput=${setCode} ...${CODE} />`}
  <//>`;
}

const STEPS = { password: Password, totp: Factor };

export default function Page() {
  useStyle("/static/login/page.css");
  const Step = STEPS[session.value?.must] ?? Login;
  return html`<section class="login"><p class="login-name">${text(hotline.name)}</p><${Step} /></section>`;
}
