// A control for each kind of value, bound to its place in the tree; what is wrong stands beside it.
import { html } from "../../vendor/preact.js";
import { language, t } from "../../shell/words.js";
import { Button, Check, Field, Select, TextInput } from "../../shell/ui.js";
import { at, set, told, wrong } from "./sheet.js";

const error = (path) => wrong(path, language.value);

/** Digits become a number; anything else is sent as it was typed, and refused in words. */
const typedNumber = (text) => (/^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : text);

export const Words = ({ path, label, hint, placeholder, required }) => html`<${TextInput} label=${label} hint=${hint} error=${error(path)}
  value=${at(path) ?? ""} placeholder=${placeholder} aria-required=${required ? "true" : undefined} maxlength="200" autocomplete="off" spellcheck=${false}
  onInput=${(text) => set(path, text || required ? text : undefined)} />`;

/** Seconds and counts: empty means the default, which is shown. `range`: a row of the server's ranges. */
export function Count({ path, label, range, fallback }) {
  const limits = told.value.choices.ranges[range];
  const hint = limits ? t("settings.range", { from: limits[0], to: limits[1], fallback }) : undefined;
  return html`<${TextInput} label=${label} hint=${hint} error=${error(path)} inputmode="numeric" maxlength="12" autocomplete="off"
    value=${at(path) ?? ""} placeholder=${fallback} onInput=${(text) => set(path, text.trim() ? typedNumber(text) : undefined)} />`;
}

export const Choice = ({ path, label, options, fallback, hint }) => html`<${Select} label=${label} hint=${hint} error=${error(path)}
  value=${at(path) ?? fallback} options=${options} onChange=${(value) => set(path, value === fallback ? undefined : value)} />`;

export const Yes = ({ path, label, fallback = false }) =>
  html`<${Check} label=${label} checked=${at(path) ?? fallback} onChange=${(value) => set(path, value === fallback ? undefined : value)} />`;

/** Words apart by commas or blanks, Chinese ones too. */
export const Several = ({ path, label, hint, fallback = [] }) => html`<${TextInput} label=${label} hint=${hint} error=${error(path)} maxlength="400"
  autocomplete="off" spellcheck=${false} placeholder=${fallback.join(", ")} value=${(at(path) ?? []).join(", ")}
  onChange=${(text) => set(path, text.trim() ? text.split(/[,，、\s]+/).filter(Boolean) : undefined)} />`;

/** A list whose order counts: each line has its own control, is moved, and is taken out. `line`: (id, value, put, described) → control. */
export function Lines({ path, label, hint, add, fallback = [], fresh = "", line = textLine, ordered = false, empty }) {
  const rows = at(path) ?? fallback;
  const write = (next) => set(path, next);
  const replace = (n, value) => write(rows.map((row, m) => (m === n ? value : row)));
  const move = (n, step) => {
    const next = [...rows];
    [next[n], next[n + step]] = [next[n + step], next[n]];
    write(next);
  };
  return html`<fieldset class="lines"><legend>${label}</legend>
    ${hint && html`<p class="muted">${hint}</p>`}
    ${rows.map((row, n) => {
      const name = `${label} ${n + 1}`;
      return html`<div class="line" key=${n}>
        <${Field} label=${name} error=${wrong([...path.slice(0, -1), `${path.at(-1)}[${n}]`], language.value)}>${(id, described) => line(id, row, (value) => replace(n, value), described)}<//>
        ${ordered && html`<${Button} kind="quiet" label=${t("settings.up", { what: name })} disabled=${n === 0} onClick=${() => move(n, -1)}>↑<//>
          <${Button} kind="quiet" label=${t("settings.down", { what: name })} disabled=${n === rows.length - 1} onClick=${() => move(n, 1)}>↓<//>`}
        <${Button} kind="quiet" label=${t("settings.remove", { what: name })} onClick=${() => write(rows.filter((_, m) => m !== n))}>✕<//>
      </div>`;
    })}
    ${!rows.length && empty && html`<p class="muted">${empty}</p>`}
    ${whole(path) && html`<p class="wrong-note" role="alert">${whole(path)}</p>`}
    <${Button} onClick=${() => write([...rows, fresh])}>＋ ${add}<//>
  </fieldset>`;
}

/** What is wrong with the list itself, and is not said beside one of its lines. */
function whole(path) {
  const rows = at(path) ?? [];
  const beside = rows.map((_, n) => wrong([...path.slice(0, -1), `${path.at(-1)}[${n}]`], language.value)).filter(Boolean);
  const all = error(path);
  return beside.includes(all) || beside.join("；") === all ? "" : all;
}

function textLine(id, value, put, described) {
  return html`<input id=${id} value=${value} aria-describedby=${described} maxlength="200" autocomplete="off" spellcheck=${false} onInput=${(event) => put(event.target.value)} />`;
}

export const dateLine = (id, value, put, described) =>
  html`<input type="date" id=${id} value=${value} aria-describedby=${described} onInput=${(event) => put(event.target.value)} />`;
