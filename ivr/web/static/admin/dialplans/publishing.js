// Publish with its steps as they happen; what was published, with what it changed; back to an earlier version.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { api } from "../../shell/api.js";
import { session } from "../../shell/session.js";
import { clock, day } from "../../shell/time.js";
import { t } from "../../shell/words.js";
import { Badge, Button, Dialog, Failure, prompt, Select, Table, TextInput, toast } from "../../shell/ui.js";
import { useAction, useAsked } from "../loading.js";
import { errors, report } from "./checking.js";
import { load, overview, unsaved } from "./draft.js";
import { Difference } from "./editor.js";

const STEPS = ["gather_files", "examine", "rehearse", "write", "announce", "switch", "reload", "verify", "finish"];
const KINDS = { in_force: "good", was_in_force: "idle", failed: "bad", abandoned: "bad", rolled_back: "warn", never: "idle" };
const LOOK = 300; // ms

/** The step that a publish under way is at, asked while `active`. */
function useStep(active) {
  const [step, setStep] = useState(null);
  useEffect(() => {
    if (!active) return undefined;
    const look = async () => setStep((await api.get("/dialplans/publishing").catch(() => ({}))).publishing?.step ?? null);
    const ticking = setInterval(look, LOOK);
    return () => clearInterval(ticking) || setStep(null);
  }, [active]);
  return step;
}

export function Publish() {
  const [why, setWhy] = useState("");
  const [state, setState] = useState({});
  const [busy, run] = useAction();
  const step = useStep(state.active);
  const { draft, two_person: twoPerson } = overview.value;
  const typed = Object.keys(unsaved.value);
  const mine = draft.author === session.value?.user || draft.author === session.value?.name;
  const held = [
    typed.length > 0 && t("dialplans.held_unsaved", { files: typed.join(", ") }),
    errors().length > 0 && t("dialplans.held_errors", { count: errors().length }),
    draft.published && t("dialplans.held_nothing"),
    twoPerson && !draft.author && t("dialplans.held_submit"),
    twoPerson && draft.author && mine && t("dialplans.held_same", { author: draft.author }),
  ].filter(Boolean);
  const publish = async (event) => {
    event.preventDefault();
    setState({ active: true });
    try {
      const { version } = await api.post("/dialplans/publish", { why: why.trim() }, { seconds: 300 });
      setState({ version });
      setWhy("");
    } catch (failure) {
      setState({ failure });
    }
    load();
  };
  const submit = () => run(async () => {
    await api.post("/dialplans/submit", {});
    toast(t("dialplans.submitted"), "good");
    await load();
  });
  return html`<section aria-label=${t("dialplans.publish")}>
    ${twoPerson && html`<p>${t("dialplans.two_person", { author: draft.author ?? "—" })} <${Button} disabled=${busy || typed.length > 0} onClick=${submit}>${t("dialplans.submit")}<//></p>`}
    ${held.map((reason) => html`<p key=${reason}><${Badge} kind="warn">${t("dialplans.held")}<//> ${reason}</p>`)}
    <form onSubmit=${publish}>
      <${TextInput} label=${t("admin.why")} required maxlength="500" value=${why} onInput=${setWhy} />
      <${Button} kind="primary" type="submit" disabled=${held.length > 0 || state.active || report.value.state === "unknown"}>${t("dialplans.publish")}<//>
    </form>
    ${state.active && html`<ol class="steps" aria-live="polite">${STEPS.map((name, at) => html`<li key=${name} aria-current=${name === step ? "step" : undefined} class=${at < STEPS.indexOf(step) ? "past" : ""}>${t(`dialplans.step_${name}`)}</li>`)}</ol>`}
    ${state.failure && html`<${Failure} error=${state.failure} />
      <ul>${(state.failure.details?.findings ?? state.failure.details?.stories ?? []).map((one) => html`<li key=${one}>${one}</li>`)}</ul>`}
    ${state.version && html`<p role="status"><${Badge} kind="good">${t("dialplans.published", { number: state.version.number })}<//></p>`}
  </section>`;
}

export function History() {
  const [data, failure, reload] = useAsked(() => api.get("/dialplans/versions"), [overview.value?.current]);
  const [looking, setLooking] = useState(null);
  const [busy, run] = useAction();
  const back = async (version) => {
    const why = await prompt({ title: t("dialplans.back_title", { number: version.number }), text: t("dialplans.back_text"), label: t("admin.why"), action: t("dialplans.back") });
    if (why === null) return;
    const made = await run(() => api.post("/dialplans/rollback", { why, version: version.number }, { seconds: 300 }));
    if (made) toast(t("dialplans.published", { number: made.version.number }), "good");
    await load();
    reload();
  };
  const columns = [
    { id: "number", label: t("dialplans.version"), number: true },
    { id: "state", label: t("dialplans.state"), cell: (one) => html`<${Badge} kind=${KINDS[one.state]}>${t(`dialplans.${one.state}`)}<//>${one.reason && html`<p class="muted">${one.reason}</p>`}` },
    { id: "at", label: t("dialplans.at"), cell: (one) => `${day(one.at)} ${clock(one.at)}` },
    { id: "by", label: t("admin.by"), cell: (one) => html`${one.by}${one.author !== one.by && html`<p class="muted">${t("dialplans.written_by", { author: one.author })}</p>`}` },
    { id: "why", label: t("admin.why"), cell: (one) => html`${one.kind === "rollback" && t("dialplans.content_of", { number: one.content_of })} ${one.why}` },
    { id: "do", label: t("admin.actions"), cell: (one) => html`<div class="row"><${Button} onClick=${() => setLooking(one)}>${t("dialplans.changes")}<//>
      ${one.number !== data.current && html`<${Button} kind="danger" disabled=${busy} onClick=${() => back(one)}>${t("dialplans.back")}<//>`}</div>` },
  ];
  return html`<section aria-label=${t("dialplans.history")}>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${data && html`<${Table} label=${t("dialplans.history")} columns=${columns} rows=${data.versions} key="number" />`}
    ${busy && html`<p role="status" class="muted">${t("dialplans.busy_back")}</p>`}
    ${looking && html`<${Changes} version=${looking} onClose=${() => setLooking(null)} />`}
  </section>`;
}

const textOf = async (path) => (await api.get(path).catch(() => ({ file: { text: "" } }))).file.text;

/** What a version changed against the one before it, file by file. */
function Changes({ version, onClose }) {
  const [files, failure] = useAsked(async () => {
    const of = async (number) => (number ? (await api.get(`/dialplans/versions/${number}`)).files : []);
    const [old, now] = await Promise.all([of(version.before), of(version.number)]);
    const hash = (list, name) => list.find((one) => one.name === name)?.hash;
    return [...new Set([...old, ...now].map((one) => one.name))].filter((name) => hash(old, name) !== hash(now, name)).sort();
  }, [version.number]);
  const [name, setName] = useState("");
  const file = name || files?.[0];
  const [texts] = useAsked(async () => (file ? Promise.all([version.before ? textOf(`/dialplans/versions/${version.before}/${file}`) : "", textOf(`/dialplans/versions/${version.number}/${file}`)]) : null), [file]);
  return html`<${Dialog} wide title=${t("dialplans.changes_of", { number: version.number, before: version.before ?? "—" })} onClose=${onClose}>
    ${failure && html`<${Failure} error=${failure} />`}
    ${files?.length === 0 && html`<p>${t("dialplans.no_changes")}</p>`}
    ${files?.length > 0 && html`<${Select} label=${t("dialplans.file")} value=${file} options=${files} onChange=${setName} />`}
    ${texts && html`<${Difference} before=${texts[0]} after=${texts[1]} />`}
  <//>`;
}
