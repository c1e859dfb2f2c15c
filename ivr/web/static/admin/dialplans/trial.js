// One call through the draft, and all of its stories.
import { html, useState } from "../../vendor/preact.js";
import { moment } from "../../calls/when.js";
import { api } from "../../shell/api.js";
import { hotline } from "../../shell/hotline.js";
import { mmss } from "../../shell/time.js";
import { t, text } from "../../shell/words.js";
import { Badge, Button, Check, Failure, Select, TextInput } from "../../shell/ui.js";
import { show, unsaved } from "./draft.js";
import { passed } from "./picture.js";

const base = (file) => file.split("/").pop();
const OPERATORS = ["free", "busy", "silent", "none"];

export function Trial() {
  const [wish, setWish] = useState({ from: "13800138000", to: hotline.number, press: "", at: "", down: false, operator: "free", seconds: "10" });
  const [state, setState] = useState({});
  const [whole, setWhole] = useState(false);
  const set = (name) => (value) => setWish((old) => ({ ...old, [name]: value }));
  const run = async (kind, work) => {
    setState({ busy: kind });
    try {
      setState({ [kind]: await work() });
    } catch (failure) {
      setState({ failure });
    }
  };
  const call = (event) => {
    event.preventDefault();
    const { from, to, press, operator } = wish;
    const body = { from, to, press: press.trim().replace(/\s+/g, " "), operator, controller: wish.down ? "down" : "up", seconds: Number(wish.seconds), unsaved: unsaved.value };
    if (wish.at) body.at = moment(wish.at);
    run("trial", async () => {
      const { trial } = await api.post("/dialplans/try", body, { seconds: 180 });
      passed.value = [...new Set(trial.story.filter((one) => one.kind === "step").map((one) => one.what.split(",")[0]))];
      return trial;
    });
  };
  const stories = () => run("stories", async () => (await api.post("/dialplans/test", {}, { seconds: 300 })).stories);
  return html`<section aria-label=${t("dialplans.try")} class="trial">
    <form onSubmit=${call} class="columns">
      <${TextInput} label=${t("dialplans.caller")} required pattern="[0-9+]{1,20}" value=${wish.from} onInput=${set("from")} />
      <${TextInput} label=${t("dialplans.dialled")} required pattern="[0-9]{1,20}" value=${wish.to} onInput=${set("to")} />
      <${TextInput} label=${t("dialplans.keys")} hint=${t("dialplans.keys_hint")} value=${wish.press} onInput=${set("press")} />
      <${TextInput} label=${t("dialplans.hour")} hint=${t("dialplans.hour_hint")} type="datetime-local" value=${wish.at} onInput=${set("at")} />
      <${Select} label=${t("dialplans.operator")} value=${wish.operator} onChange=${set("operator")} options=${OPERATORS.map((value) => ({ value, label: t(`dialplans.operator_${value}`) }))} />
      <${TextInput} label=${t("dialplans.seconds")} type="number" min="1" max="60" value=${wish.seconds} onInput=${set("seconds")} />
      <${Check} label=${t("dialplans.down")} checked=${wish.down} onChange=${set("down")} />
      <div class="row"><${Button} kind="primary" type="submit" disabled=${Boolean(state.busy)}>${t("dialplans.try")}<//>
        <${Button} disabled=${Boolean(state.busy)} onClick=${stories}>${t("dialplans.stories")}<//></div>
    </form>
    <p role="status" class="muted">${state.busy && t(`dialplans.busy_${state.busy}`)}</p>
    ${state.failure && html`<${Failure} error=${state.failure} />`}
    ${state.trial && html`<${Told} trial=${state.trial} whole=${whole} setWhole=${setWhole} />`}
    ${state.stories && html`<${Stories} stories=${state.stories} />`}
  </section>`;
}

function Told({ trial, whole, setWhole }) {
  const lines = trial.story.filter((one) => one.told || (whole && one.kind === "step"));
  const place = (one) => one.file && html`<button type="button" class="row-open" onClick=${() => show(base(one.file), one.line)}><code>${base(one.file)}:${one.line}</code></button>`;
  return html`<p class="stands"><${Badge} kind="info">${t("dialplans.in_the_end")}<//> ${trial.told}</p>
    <${Check} label=${t("dialplans.every_step")} checked=${whole} onChange=${setWhole} />
    <ol class="story">${lines.map((one, at) => html`<li key=${at} class=${one.told ? "told" : ""}><time>${mmss(one.at)}${`.${Math.floor((one.at % 1) * 10)}`}</time> ${one.told ?? html`<code>${one.what} ${one.application}(${one.arguments})</code>`} ${place(one)}</li>`)}</ol>`;
}

const Stories = ({ stories }) => html`${stories.length === 0 && html`<p class="muted">${t("dialplans.no_stories")}</p>`}
  <ul class="stories">${stories.map((one) => html`<li key=${one.name}><${Badge} kind=${one.passed ? "good" : "bad"}>${t(one.passed ? "dialplans.passed" : "dialplans.failed")}<//> ${one.name}
    ${(one.failures ?? []).map((failure, at) => html`<p key=${at}>${text(failure)}</p>`)}</li>`)}</ul>`;
