// Office hours of the site's own numbers: the week, holidays, and days that are worked instead. 12345 itself never closes.
import { html, useState } from "../../vendor/preact.js";
import { language, t } from "../../shell/words.js";
import { Button, TextInput } from "../../shell/ui.js";
import { dateLine, Lines } from "./fields.js";
import { at, generation, set, told, wrong } from "./sheet.js";

const DAYS = ["weekdays", "saturday", "sunday"];
const HOLIDAYS = ["hours", "holidays"];

export const Hours = () => html`<p class="muted">${t("settings.hours_about")}</p>
  <div class="hours">${DAYS.map((day) => html`<section class="card" key=${day}><${Lines} path=${["hours", day]} label=${t(`settings.${day}`)} add=${t("settings.span_add")}
    fresh="09:00-12:00" fallback=${told.value.defaults.hours[day]} empty=${t("settings.closed")} /></section>`)}</div>
  <${Holidays} key=${generation.value} />
  <section class="card"><${Lines} path=${["hours", "workdays"]} label=${t("settings.workdays")} hint=${t("settings.workdays_hint")} add=${t("settings.day_add")} line=${dateLine} /></section>`;

/** A row may be half typed, so the rows are kept here and written as a table of spans: `2026-10-01/2026-10-07` → name. */
function Holidays() {
  const [rows, setRows] = useState(() =>
    Object.entries(at(HOLIDAYS) ?? {}).map(([span, name]) => {
      const [from, to = from] = span.split("/");
      return { from, to, name };
    }),
  );
  const write = (next) => {
    setRows(next);
    const spans = next.map(({ from, to, name }) => [to && to !== from ? `${from}/${to}` : from, name]);
    set(HOLIDAYS, next.length ? Object.fromEntries(spans) : undefined);
  };
  const edit = (n, name) => (value) => write(rows.map((row, m) => (m === n ? { ...row, [name]: value } : row)));
  const error = wrong(HOLIDAYS, language.value);
  return html`<section class="card"><fieldset class="lines"><legend>${t("settings.holidays")}</legend>
    ${rows.map((row, n) => html`<div class="line holiday" key=${n}>
      <${TextInput} label=${t("settings.first_day", { n: n + 1 })} type="date" value=${row.from} onInput=${edit(n, "from")} />
      <${TextInput} label=${t("settings.last_day", { n: n + 1 })} type="date" value=${row.to} onInput=${edit(n, "to")} />
      <${TextInput} label=${t("settings.holiday", { n: n + 1 })} value=${row.name} maxlength="60" onInput=${edit(n, "name")} />
      <${Button} kind="quiet" label=${t("settings.remove", { what: row.name || row.from })} onClick=${() => write(rows.filter((_, m) => m !== n))}>✕<//>
    </div>`)}
    ${error && html`<p class="wrong-note" role="alert">${error}</p>`}
    <${Button} onClick=${() => setRows([...rows, { from: "", to: "", name: "" }])}>＋ ${t("settings.holiday_add")}<//>
  </fieldset></section>`;
}
