// What somebody does about his own login: a password, a second factor.
import { html, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { logOut } from "../shell/log-out.js";
import { session } from "../shell/session.js";
import { addWords, t } from "../shell/words.js";
import { Button, TextInput } from "../shell/ui.js";
import words from "./words.js";

addWords(words);

export const CODE = { inputmode: "numeric", autocomplete: "one-time-code", maxlength: 6, pattern: "[0-9]{6}", required: true };

/** A form that asks the server once at a time and says what is wrong. `leave`: it is all of the page, and offers a way out. */
export function Form({ title, text, action, submit, leave, children }) {
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
    ${leave ? html`<h1>${title}</h1>` : html`<h3>${title}</h3>`}
    ${text && html`<p>${text}</p>`}
    ${children}
    <p class="wrong" role="alert">${problem}</p>
    <${Button} type="submit" kind="primary" disabled=${busy}>${action}<//>
    ${leave && session.value && html`<${Button} kind="quiet" onClick=${logOut}>${t("login.leave")}<//>`}
  </form>`;
}

/** `onDone` gets what the server says of the session. */
export function Password({ onDone, title, text, leave }) {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const submit = async () => {
    if (fresh !== again) throw new Error(t("login.differ"));
    await onDone(await api.put("/session/password", { old, new: fresh }));
  };
  const typed = { type: "password", required: true };
  return html`<${Form} title=${title} text=${text} leave=${leave} action=${t("login.save")} submit=${submit}>
    <${TextInput} label=${t("login.old")} value=${old} onInput=${setOld} autocomplete="current-password" ...${typed} />
    <${TextInput} label=${t("login.new")} value=${fresh} onInput=${setFresh} autocomplete="new-password" ...${typed} />
    <${TextInput} label=${t("login.again")} value=${again} onInput=${setAgain} autocomplete="new-password" ...${typed} />
  <//>`;
}

export function Factor({ onDone, leave }) {
  const [made, setMade] = useState(null);
  const [code, setCode] = useState("");
  const submit = async () => {
    if (made === null) setMade((await api.post("/session/totp")).totp);
    else await onDone(await api.put("/session/totp", { code }));
  };
  const picture = made && `data:image/svg+xml;charset=utf-8,${encodeURIComponent(made.svg)}`;
  return html`<${Form} title=${t("login.factor")} text=${t("login.factor_text")} leave=${leave}
    action=${made ? t("login.confirm") : t("login.factor")} submit=${submit}>
    ${made &&
    html`<img class="qr" src=${picture} alt=${t("login.qr")} />
      <p>${t("login.by_hand")} <code>${made.secret}</code></p>
      <${TextInput} label=${t("login.code")} hint=${t("login.code_hint")} value=${code} onInput=${setCode} ...${CODE} />`}
  <//>`;
}
