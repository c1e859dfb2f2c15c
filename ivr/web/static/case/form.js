// What is written about the case while talking: the five elements (R41), kind, class, urgency, and what the caller wishes.
import { html, signal, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { known } from "../shell/known.js";
import { clock } from "../shell/time.js";
import { language, t } from "../shell/words.js";
import { Button, Check, Empty, Select, TextInput, useStyle } from "../shell/ui.js";
import { Advice } from "./advice.js";
import { HIDDEN, keep } from "./keeper.js";
import { Orders } from "./orders.js";
import { Panel } from "./panel.js";
import { ScopePick } from "./scope-pick.js";

const TEXTS = ["happened", "name", "place", "cause", "course", "text"];
const LINES = { cause: 2, course: 2, text: 2 };
export const KINDS = ["consultation", "complaint", "help", "report", "suggestion", "praise"];
export const URGENCIES = ["general", "urgent", "very_urgent"];
const CONTACTS = ["", "phone", "sms_only", "no_call_back"];
const TAGS = ["minor", "elder", "disabled", "hearing", "foreigner", "pregnant", "veteran", "repeated", "in_danger"];

const UNTOLD = 10_000; // ms between two looks at a case that the live view does not speak of

/** The class tree: [{code, zh, en, desk, basis}]. */
export const useClasses = known(() => api.get("/cases/classes").then((answer) => answer.classes));

export const nameOfClass = (classes, code) => classes.find((one) => one.code === code)?.[language.value] ?? code;

/** What is said in a field, in the reader's words. */
export function valueOf(classes, name, value) {
  if (["kind", "urgency", "contact"].includes(name)) return t(`case.${name}.${value}`);
  if (name === "class_code") return nameOfClass(classes, value);
  if (name === "tags") return value.map((tag) => t(`case.tag.${tag}`)).join(t("case.and"));
  return value === true ? "✓" : String(value);
}

const optionOf = (one) => `${one[language.value]} ${one.code}`;
export const words = (name, all) => all.map((value) => ({ value, label: t(`case.${name}.${value}`) }));

/** `onChoice`: whatever goes with the field is put right. */
function Conflict({ kept, field, theirs, onChoice }) {
  const classes = useClasses();
  const choose = (choice) => {
    kept.resolve(field, choice);
    onChoice?.();
  };
  return html`<div class="note-conflict" role="alert">
    <p>${t("case.note_conflict")}</p>
    <blockquote>${valueOf(classes, field, theirs) || t("case.note_empty")}</blockquote>
    <div class="desk-next">
      ${(TEXTS.includes(field) ? ["mine", "theirs", "both"] : ["mine", "theirs"]).map((choice) => html`<${Button} key=${choice} onClick=${() => choose(choice)}>${t(`case.note_${choice}`)}<//>`)}
    </div>
  </div>`;
}

function State({ kept }) {
  const state = kept.state.value;
  const at = kept.savedAt.value;
  const said = state === "saved" && at ? t("case.note.saved_at", { at: clock(at) }) : t(`case.note.${state}`, { why: kept.problem.value });
  return html`<p class=${`note-state ${state}`} data-state=${state} role="status">${said}</p>`;
}

const Clash = ({ kept, field, onChoice }) =>
  field in kept.conflicts.value ? html`<${Conflict} kept=${kept} field=${field} theirs=${kept.conflicts.value[field]} onChoice=${onChoice} />` : null;

const hidden = (kept, field) => (field === "name" && kept.whole.value?.matter.name === HIDDEN ? t("case.note_name_hidden") : undefined);

function Texts({ kept }) {
  return html`${TEXTS.map(
    (field) => html`<div key=${field} class=${`note-field ${field}`}>
      <${TextInput} label=${t(`case.note_${field}`)} value=${kept.fields.value[field]} lines=${LINES[field]} name=${field}
        maxlength=${LINES[field] ? 4000 : 200} autocomplete="off" placeholder=${hidden(kept, field)} onInput=${(said) => kept.set(field, said)} />
      <${Clash} kept=${kept} field=${field} />
    </div>`,
  )}`;
}

/** Typed by name or code; the browser offers what fits. A class of neither desk brings its basis along. */
function ClassInput({ kept }) {
  const classes = useClasses();
  const [typed, setTyped] = useState(null); // and not taken yet: whatever is drawn anew meanwhile leaves it as it is
  const [wrong, setWrong] = useState(false);
  const code = kept.fields.value.class_code;
  const chosen = classes.find((one) => one.code === code);
  const own = kept.whole.value?.desk;
  const forget = () => {
    setTyped(null);
    setWrong(false);
  };
  useEffect(forget, [code]);
  const choose = (said) => {
    const found = classes.find((one) => optionOf(one) === said || one.code === said || one[language.value] === said);
    if (!found && said) return setWrong(classes.length > 0);
    forget();
    kept.set("class_code", found?.code ?? "");
    kept.set("scope", ""); // was of another class, as far as anybody here knows
    settle();
  };
  const settle = () => {
    if (classes.length) kept.set("neither", Boolean(classes.find((one) => one.code === kept.fields.value.class_code)?.basis));
  };
  const hint = chosen?.basis ? t("case.neither") : chosen?.desk && own && chosen.desk !== own ? t("case.desk_of_class", { desk: chosen.desk }) : "";
  return html`<div class="note-field class">
    <${TextInput} label=${t("case.class")} value=${typed ?? (chosen ? optionOf(chosen) : code)} name="class" list="case-classes" autocomplete="off" placeholder=${t("case.class_hint")} hint=${hint}
      error=${wrong ? t("case.class_unknown") : ""} onInput=${setTyped} onChange=${choose} />
    <datalist id="case-classes">${classes.map((one) => html`<option key=${one.code} value=${optionOf(one)} />`)}</datalist>
    <${Clash} kept=${kept} field="class_code" onChoice=${settle} />
  </div>`;
}

/** A matter of the scope lists brings its class along. */
function ScopeInput({ kept }) {
  const classes = useClasses();
  const pick = (item) => {
    kept.set("scope", item?.reference ?? "");
    const found = classes.find((one) => one.code === item?.class_code);
    if (!found) return;
    kept.set("class_code", found.code);
    kept.set("neither", Boolean(found.basis));
  };
  return html`<div class="note-field scope">
    <${ScopePick} value=${kept.fields.value.scope} onPick=${pick} />
    <${Clash} kept=${kept} field="scope" />
  </div>`;
}

function Facts({ kept }) {
  const said = kept.fields.value;
  const put = (field) => (value) => kept.set(field, value);
  const tag = (name) => (on) => kept.set("tags", TAGS.filter((one) => (one === name ? on : said.tags.includes(one))));
  return html`<div class="note-field kind">
      <${Select} label=${t("case.kind")} name="kind" value=${said.kind} options=${words("kind", ["", ...KINDS])} onChange=${put("kind")} />
      <${Clash} kept=${kept} field="kind" />
    </div>
    <div class="note-field urgency">
      <${Select} label=${t("case.urgency")} name="urgency" value=${said.urgency} options=${words("urgency", URGENCIES)} onChange=${put("urgency")} />
      <${Clash} kept=${kept} field="urgency" />
    </div>
    <${ScopeInput} kept=${kept} />
    <${ClassInput} kept=${kept} />
    <details class="note-field more" open=${["contact", "tags"].some((field) => field in kept.conflicts.value)}><summary>${t("case.more_fields")}</summary>
      <${Select} label=${t("case.contact")} name="contact" value=${said.contact} options=${words("contact", CONTACTS)} onChange=${put("contact")} />
      <${Clash} kept=${kept} field="contact" />
      <${Check} label=${t("case.confidential")} name="confidential" checked=${said.confidential} onChange=${put("confidential")} />
      <fieldset class="case-tags"><legend>${t("case.tags")}</legend>
        ${TAGS.map((name) => html`<${Check} key=${name} label=${t(`case.tag.${name}`)} checked=${said.tags.includes(name)} onChange=${tag(name)} />`)}
      </fieldset>
      <${Clash} kept=${kept} field="tags" />
    </details>`;
}

const written = signal(null); // what keeps the case that is open now

/** Where the case stands, and whose matter it seems to be: who accepts is decided while people talk. */
function Whose({ kept }) {
  const classes = useClasses();
  const [one, act] = [kept.whole.value, kept.act];
  return html`<${Panel} case=${one} act=${act} again=${kept.again} /><${Advice} case=${one} classes=${classes} act=${act} />`;
}

/** For the middle of the desk. */
export const Standing = () => (written.value ? html`<${Whose} kept=${written.value} />` : null);

function Written({ id, news, over }) {
  const { up, told, revision } = news;
  const [kept] = useState(() => keep(id));
  useEffect(() => {
    written.value = kept;
    return () => {
      kept.close();
      if (written.value === kept) written.value = null;
    };
  }, []);
  useEffect(() => kept.newer(revision), [revision, kept.state.value]);
  useEffect(() => {
    if (up) kept.again(); // what happened while nobody told it
    if (!up || told) return;
    const timer = setInterval(kept.again, UNTOLD);
    return () => clearInterval(timer);
  }, [up, told]);
  return html`<${State} kept=${kept} />
    ${over && html`<${Whose} kept=${kept} />`}
    <${Texts} kept=${kept} /><${Facts} kept=${kept} />
    ${kept.whole.value && html`<${Orders} one=${kept.whole.value} act=${kept.act} within />`}`;
}

/** Beside the call. `over`: it has ended, and is written up. `news`: {up, told, revision} of the live view. */
export function CasePanel({ call, news, over }) {
  useStyle("/static/case/page.css");
  return html`<section class="note card" aria-label=${t("case.note")}>
    <h2>${t(over && call ? "case.note_after" : "case.note")}</h2>
    ${call && (over || call.talked) ? html`<${Written} id=${call.id} news=${news} over=${over} key=${call.id} />` : html`<${Empty}>${t("case.note_later")}<//>`}
  </section>`;
}
