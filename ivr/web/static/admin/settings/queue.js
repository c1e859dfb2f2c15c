// How callers wait, and which operators a skill has.
import { html } from "../../vendor/preact.js";
import { t } from "../../shell/words.js";
import { Table } from "../../shell/ui.js";
import { Choice, Count } from "./fields.js";
import { told, tree } from "./sheet.js";
import { offer } from "./targets.js";

const NUMBERS = ["target_seconds", "ring", "wrap_up", "announce_every"];

function skills() {
  const found = new Map(told.value.skills.map((skill) => [skill, []]));
  for (const one of Object.values(tree.value.operators))
    for (const skill of one.skills ?? told.value.defaults.operator.skills) found.set(skill, [...(found.get(skill) ?? []), `${one.number} ${one.name}`]);
  return [...found].map(([skill, people]) => ({ id: skill, skill, people }));
}

export function Queue() {
  const usual = told.value.defaults.queue;
  const columns = [
    { id: "skill", label: t("settings.skill"), cell: (one) => html`<code>${one.skill}</code>` },
    { id: "count", label: t("settings.count"), number: true, cell: (one) => one.people.length },
    { id: "people", label: t("settings.operators"), cell: (one) => one.people.join("、") || t("settings.nobody") },
  ];
  return html`<section class="card"><div class="columns">
      ${NUMBERS.map((name) => html`<${Count} key=${name} path=${["queue", name]} label=${t(`settings.queue_${name}`)} range=${`queue.${name}`} fallback=${usual[name]} />`)}
      <${Choice} path=${["queue", "strategy"]} label=${t("settings.strategy")} fallback=${usual.strategy} options=${offer("strategy", told.value.choices.strategy)} />
    </div></section>
    <h2>${t("settings.skills_by")}</h2><p class="muted">${t("settings.skills_by_hint")}</p>
    <${Table} label=${t("settings.skills_by")} columns=${columns} rows=${skills()} />`;
}
