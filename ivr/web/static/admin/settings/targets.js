// Where a call can be taken to.
import { html } from "../../vendor/preact.js";
import { language, t } from "../../shell/words.js";
import { prompt, toast } from "../../shell/ui.js";
import { Entries } from "./entries.js";
import { Choice, Count, Lines, Words, Yes } from "./fields.js";
import { at, set, told, tree, wrongAsWhole } from "./sheet.js";
import { nameOf } from "./tree.js";

const KEY = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const TRANSPORTS = ["udp", "tls", "mtls"];
const offer = (kind, values) => values.map((value) => ({ value, label: t(`settings.${kind}_${value}`) }));
const named = (id, one) => ({ title: one.name?.[language.value] || one.name?.zh || nameOf(id), more: nameOf(id) });

async function add() {
  const key = (await prompt({ title: t("settings.target_new"), text: t("settings.target_key_hint"), label: t("settings.target_key") }))?.trim();
  if (!key) return null;
  const taken = Object.keys(tree.value.targets).some((id) => nameOf(id) === key);
  if (taken || !KEY.test(key)) {
    toast(t(taken ? "settings.target_taken" : "settings.target_key_hint", { key }), "bad");
    return null;
  }
  const name = Object.fromEntries(told.value.languages.map((code) => [code, ""]));
  set(["targets", `+${key}`], { name, routes: ["sip:"] });
  return `+${key}`;
}

function Form({ id }) {
  const path = (...rest) => ["targets", id, ...rest];
  const { choices, defaults, languages } = told.value;
  const usual = defaults.target;
  const ways = wrongAsWhole(path(), language.value);
  return html`<h2>${named(id, at(path())).title} <code>${nameOf(id)}</code></h2>
    ${ways && html`<p class="wrong-note">${ways}</p>`}
    <div class="columns">
      ${languages.map((code) => html`<${Words} key=${code} path=${path("name", code)} label=${t("settings.name_in", { language: t(`settings.language_${code}`) })} required />`)}
      <${Choice} path=${path("role")} label=${t("settings.role")} fallback=${usual.role} options=${offer("role", choices.role)} />
    </div>
    <${Yes} path=${path("emergency")} label=${t("settings.emergency")} />
    <${Lines} path=${path("routes")} label=${t("settings.routes")} hint=${t("settings.routes_hint")} add=${t("settings.route_add")} fresh="sip:" ordered />
    <${Lines} path=${path("match")} label=${t("settings.match")} hint=${t("settings.match_hint")} add=${t("settings.address_add")} />
    <div class="columns">
      <${Count} path=${path("ring")} label=${t("settings.ring")} range="target.ring" fallback=${usual.ring} />
      <${Count} path=${path("stay")} label=${t("settings.stay")} range="target.stay" fallback=${usual.stay} />
      <${Choice} path=${path("acknowledge")} label=${t("settings.acknowledge")} fallback=${usual.acknowledge} options=${offer("acknowledge", choices.acknowledge)} />
      <${Count} path=${path("acknowledge_seconds")} label=${t("settings.acknowledge_seconds")} range="target.acknowledge_seconds" fallback=${usual.acknowledge_seconds} />
    </div>
    <fieldset class="lines"><legend>${t("settings.keys")}</legend><p class="muted">${t("settings.keys_hint")}</p><div class="columns">
      ${choices.mode.map((mode) => html`<${Words} key=${mode} path=${path("keys", mode)} label=${t(`settings.mode_${mode}`)} />`)}
    </div></fieldset>
    <fieldset class="lines"><legend>${t("settings.desk_keys")}</legend><div class="columns">
      ${choices.desk_act.map((act) => html`<${Words} key=${act} path=${path("desk_keys", act)} label=${t(`settings.act_${act}`)} />`)}
    </div></fieldset>
    <div class="columns">
      <${Words} path=${path("flow")} label=${t("settings.flow")} hint=${t("settings.flow_hint")} />
      <${Words} path=${path("critical_contact")} label=${t("settings.critical_contact")} hint=${t("settings.critical_contact_hint")} />
      <${Choice} path=${path("transport")} label=${t("settings.transport")} fallback="udp" options=${offer("transport", TRANSPORTS)} />
    </div>
    <${Yes} path=${path("srtp")} label=${t("settings.srtp")} />`;
}

export const Targets = () => html`<${Entries} table="targets" label=${t("settings.targets")} told=${named} form=${Form} add=${add} addLabel=${t("settings.target_add")} none=${t("settings.targets_none")} />`;
export { offer, TRANSPORTS };
