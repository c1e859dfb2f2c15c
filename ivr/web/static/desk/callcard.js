// Who calls, and why he called before.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { clock, day, mmss } from "../shell/time.js";
import { t, text } from "../shell/words.js";
import { Badge, Empty, Timer } from "../shell/ui.js";
import { call, finished } from "./state.js";

export const callerWords = (number) => number || t("desk.hidden");
const UNSEEN = ["queue", "partner_call"]; // steps that say nothing of what the caller chose
const wordsOf = (key, otherwise) => (t(key) === key ? otherwise : t(key));

function History({ id }) {
  const [found, setFound] = useState(null);
  useEffect(() => {
    let gone = false;
    setFound(null);
    api.get(`/calls/${encodeURIComponent(id)}/history`).then(
      (answer) => gone || setFound(answer.history ?? []),
      () => gone || setFound([]),
    );
    return () => (gone = true);
  }, [id]);
  if (!found) return null;
  return html`<section class="desk-history">
    <h3>${t("desk.history")} ${found.length > 0 && html`<${Badge} kind=${found.length > 4 ? "warn" : "idle"}>${t("desk.times", { n: found.length })}<//>`}</h3>
    ${found.length === 0 && html`<p class="desk-hint">${t("desk.first_time")}</p>`}
    <ol>${found.map(
      (each) => html`<li key=${each.id}>
        <p><time datetime=${each.entered_at}>${day(each.entered_at)} ${clock(each.entered_at).slice(0, 5)}</time>
          ${" "}${wordsOf(`desk.outcome.${each.outcome}`, each.outcome ?? "")}
          ${(each.targets ?? []).map((target) => ` → ${target}`).join("")} ${(each.operators ?? []).join("、")}</p>
        ${each.note && html`<p class="desk-history-note">${each.note}</p>`}
      </li>`,
    )}</ol>
  </section>`;
}

export function CallCard() {
  const shown = call.value ?? finished.value;
  if (!shown) return html`<section class="desk-call card" aria-label=${t("desk.call")}><${Empty}>${t("desk.no_call")}<//></section>`;
  const over = !call.value;
  return html`<section class=${over ? "desk-call card over" : "desk-call card"} aria-label=${t("desk.call")}>
    <h2>${t(over ? "desk.last_call" : "desk.caller")}</h2>
    ${"caller" in shown && html`<p class="desk-number">${callerWords(shown.caller)}</p>`}
    ${shown.region && html`<p>${text(shown.region)}</p>`}
    <dl class="desk-facts">
      ${!over && html`<div><dt>${t("desk.duration")}</dt><dd><${Timer} since=${shown.entered_at} /></dd></div>
        <div><dt>${t("desk.waited")}</dt><dd class="timer">${mmss(shown.waited ?? 0)}</dd></div>`}
      ${shown.entered_at && html`<div><dt>${t("desk.entered")}</dt><dd class="timer">${clock(shown.entered_at)}</dd></div>`}
      ${shown.language && html`<div><dt>${t("desk.language")}</dt><dd>${wordsOf(`desk.language.${shown.language}`, shown.language)}</dd></div>`}
      ${(shown.choices ?? []).filter((choice) => !UNSEEN.includes(choice.step)).map((choice) => html`<div key=${choice.at}><dt>${wordsOf(`desk.step.${choice.step}`, choice.step)}</dt><dd>${choice.value}</dd></div>`)}
    </dl>
    ${shown.handed_over_by && html`<p><${Badge} kind="warn">${t("desk.handed_over", { by: shown.handed_over_by })}<//></p>`}
    ${shown.requeued && html`<p><${Badge} kind="warn">${t("desk.requeued", { why: wordsOf(`desk.requeued.${shown.requeued}`, shown.requeued) })}<//></p>`}
    <${History} id=${shown.id} key=${shown.id} />
  </section>`;
}
