import { html, useId } from "../vendor/preact.js";
import { mmss, since } from "./time.js";
import { t } from "./words.js";

/** `kind`: primary | danger | quiet | none; `keys`: the shortcut, shown on it; `label`: where the content is no words. */
export function Button({ kind = "", keys, label, children, class: more = "", type = "button", ...rest }) {
  return html`<button type=${type} class=${`button ${kind} ${more}`} aria-label=${label} title=${label}
    aria-keyshortcuts=${keys} ...${rest}>${children}${keys && html`<${Kbd} keys=${keys} />`}</button>`;
}

export const Kbd = ({ keys }) => html`<kbd aria-hidden="true">${keys}</kbd>`;

/** A labelled control: `children` is a function of the ids, `(id, described) => html`, or plain content. */
export function Field({ label, hint, error, children }) {
  const id = useId();
  const note = error || hint ? `${id}-note` : undefined;
  return html`<div class=${error ? "field wrong" : "field"}>
    <label for=${id}>${label}</label>
    ${typeof children === "function" ? children(id, note) : children}
    ${(error || hint) && html`<p class="field-note" id=${note} role=${error ? "alert" : undefined}>${error || hint}</p>`}
  </div>`;
}

export function TextInput({ label, hint, error, value, onInput, onChange, lines = 0, ...rest }) {
  const tag = lines ? "textarea" : "input";
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(id, note) => html`<${tag} id=${id} value=${value} rows=${lines || undefined} aria-describedby=${note}
      aria-invalid=${error ? "true" : undefined} onInput=${onInput && ((event) => onInput(event.target.value))}
      onChange=${onChange && ((event) => onChange(event.target.value))} ...${rest} />`}
  <//>`;
}

/** `options`: [{value, label}] or plain words. */
export function Select({ label, hint, error, value, options, onChange, ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(id, note) => html`<select id=${id} value=${value} aria-describedby=${note}
      onChange=${(event) => onChange(event.target.value)} ...${rest}>
      ${options.map((each) => {
        const option = typeof each === "object" ? each : { value: each, label: each };
        return html`<option key=${option.value} value=${option.value} selected=${option.value === value}>${option.label}</option>`;
      })}
    </select>`}
  <//>`;
}

export function Check({ label, checked, onChange, ...rest }) {
  const id = useId();
  return html`<div class="check">
    <input type="checkbox" id=${id} checked=${checked} onChange=${(event) => onChange(event.target.checked)} ...${rest} />
    <label for=${id}>${label}</label>
  </div>`;
}

/** `tabs`: [{id, label}]; arrow keys move (WAI-ARIA tabs pattern). */
export function Tabs({ label, tabs, current, onChange }) {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const place = tabs.findIndex((tab) => tab.id === current);
    const next = tabs[(place + step + tabs.length) % tabs.length];
    onChange(next.id);
    event.currentTarget.querySelector(`[data-tab="${next.id}"]`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} onKeyDown=${move}>
    ${tabs.map(
      (tab) => html`<button type="button" role="tab" key=${tab.id} data-tab=${tab.id} aria-selected=${tab.id === current}
        tabindex=${tab.id === current ? 0 : -1} onClick=${() => onChange(tab.id)}>${tab.label}</button>`,
    )}
  </div>`;
}

const SHAPES = { good: "●", warn: "▲", bad: "■", info: "◆", idle: "○" };

/** A state by shape, colour and word. */
export const Badge = ({ kind = "idle", children }) =>
  html`<span class=${`badge ${kind}`}><span aria-hidden="true">${SHAPES[kind]}</span> ${children}</span>`;

/** Minutes and seconds since a moment, each second; screen readers are not told each second. */
export const Timer = ({ since: from, class: more = "" }) =>
  html`<time class=${`timer ${more}`} datetime=${from} role="timer" aria-live="off">${mmss(since(from))}</time>`;

export const Busy = ({ children }) => html`<p class="busy" role="status">${children ?? t("shell.busy")}</p>`;
export const Empty = ({ children }) => html`<p class="empty">${children ?? t("shell.empty")}</p>`;

/** What went wrong, in words, and the way to try again. */
export const Failure = ({ error, retry }) => html`<div class="failure" role="alert">
  <p>${error.message}</p>
  ${retry && html`<${Button} onClick=${retry}>${t("shell.retry")}<//>`}
</div>`;
