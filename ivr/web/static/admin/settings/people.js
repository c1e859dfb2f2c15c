// Operators and supervisors: their numbers, names, phones, and what operators are for.
import { html } from "../../vendor/preact.js";
import { t } from "../../shell/words.js";
import { Entries } from "./entries.js";
import { Choice, Several, Words, Yes } from "./fields.js";
import { at, set, told, tree } from "./sheet.js";
import { offer, TRANSPORTS } from "./targets.js";

const PHONES = [...TRANSPORTS, "wss"];

const named = (id, one) => ({ title: `${one.number ?? ""} ${one.name ?? ""}`.trim(), more: (one.skills ?? []).join(", ") });

/** The number after the highest: the next one in most houses. */
function next(table) {
  const numbers = Object.values(tree.value[table]).map((one) => Number(one.number)).filter(Number.isSafeInteger);
  return numbers.length ? String(Math.max(...numbers) + 1) : "";
}

function adding(table, more) {
  return async () => {
    let n = 1;
    while (`+${n}` in tree.value[table]) n += 1;
    set([table, `+${n}`], { number: next(table), name: "", ...more });
    return `+${n}`;
  };
}

const form = (table) => ({ id }) => {
  const path = (...rest) => [table, id, ...rest];
  const isOperator = table === "operators";
  return html`<h2>${named(id, at(path())).title || t(`settings.${table}_new`)}</h2>
    <div class="columns">
      <${Words} path=${path("number")} label=${t("settings.number")} hint=${t("settings.number_hint")} required />
      <${Words} path=${path("name")} label=${t("settings.name")} required />
    </div>
    ${isOperator && html`<${Several} path=${path("skills")} label=${t("settings.skills")} hint=${t("settings.skills_hint", { known: told.value.skills.join(", ") })} fallback=${told.value.defaults.operator.skills} />`}
    <${Choice} path=${path("transport")} label=${t("settings.phone")} fallback="udp" options=${offer("transport", PHONES)} />
    <${Yes} path=${path("srtp")} label=${t("settings.srtp")} />
    ${id.startsWith("+") && html`<p class="muted">${t("settings.password_hint")}</p>`}`;
};
const Operator = form("operators");
const Supervisor = form("supervisors");
const addOperator = adding("operators", { skills: ["general"] });
const addSupervisor = adding("supervisors", {});

export const People = () => html`<h2>${t("settings.operators")}</h2>
  <${Entries} table="operators" label=${t("settings.operators")} told=${named} form=${Operator} add=${addOperator} addLabel=${t("settings.operator_add")} none=${t("settings.operators_none")} />
  <h2>${t("settings.supervisors")}</h2>
  <${Entries} table="supervisors" label=${t("settings.supervisors")} told=${named} form=${Supervisor} add=${addSupervisor} addLabel=${t("settings.supervisor_add")} none=${t("settings.supervisors_none")} />
  <${Choice} path=${["supervision", "tell_operator"]} label=${t("settings.tell_operator")} fallback="no" options=${offer("tell", ["no", "tone"])} />`;
