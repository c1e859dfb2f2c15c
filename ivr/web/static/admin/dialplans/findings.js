import { html } from "../../vendor/preact.js";
import { t } from "../../shell/words.js";
import { Badge, Failure } from "../../shell/ui.js";
import { report } from "./checking.js";
import { show } from "./draft.js";

const KINDS = { error: "bad", warning: "warn", note: "info" };
const base = (file) => file.split("/").pop();

/** Every finding with how to mend it; a click goes to its line. */
export function Findings() {
  const { findings, suppressed, state, failure } = report.value;
  return html`<section class="findings" aria-label=${t("dialplans.findings")}>
    <p class="muted" role="status" data-state=${state}>${t(`dialplans.checked_${state}`)} ${findings.length ? t("dialplans.count", { count: findings.length }) : state === "whole" ? t("dialplans.clean") : ""}</p>
    ${state === "failed" && html`<${Failure} error=${failure} />`}
    <ol>${findings.map(
      (one) => html`<li key=${`${one.file}:${one.line}:${one.code}:${one.message}`}>
        <button type="button" class="finding" onClick=${() => show(base(one.file), one.line)}>
          <${Badge} kind=${KINDS[one.severity]}>${t(`dialplans.${one.severity}`)}<//> <code>${base(one.file)}:${one.line}</code>
          <strong>${one.message}</strong><span class="muted">${t("dialplans.mend")}${one.mend}</span></button></li>`,
    )}</ol>
    ${suppressed.length > 0 && html`<details><summary>${t("dialplans.suppressed", { count: suppressed.length })}</summary>
      <ul>${suppressed.map((one, place) => html`<li key=${place}><code>${base(one.file)}:${one.line}</code> ${one.message} — ${one.reason}</li>`)}</ul></details>`}
  </section>`;
}
