// What a consultation comes to: who was there, what was said, who accepts; and, where it is to be the rule, the norm.
import { html, useEffect, useState } from "../vendor/preact.js";
import { moment } from "../calls/when.js";
import { api } from "../shell/api.js";
import { useKey } from "../shell/asking.js";
import { useDraft } from "../shell/draft.js";
import { Link } from "../shell/router.js";
import { clock, day, nowIso } from "../shell/time.js";
import { may } from "../shell/session.js";
import { language, t } from "../shell/words.js";
import { Badge, Busy, Button, Check, Failure, Select, TextInput } from "../shell/ui.js";
import { nameOfClass } from "./form.js";
import { KINDS } from "./panel.js";

const NORM_MAKERS = ["supervisor", "liaison", "admin"]; // the server says so too
const GIVEN_BACK = ["refused", "returned"];

/** Every desk that has a part in the case: the one that looks at it last, since it decides about the other. */
const desksOf = (one) => [...new Set([...one.offers.flatMap((offer) => [offer.to, offer.origin]), ...one.owners, one.first, one.desk])].filter(Boolean);

/** Alone, or both, in either order: the first one acts first. */
const choices = (desks) => [...desks.map((desk) => [desk]), ...desks.flatMap((first) => desks.filter((second) => second !== first).map((second) => [first, second]))];
const nameOf = (owners) => (owners.length === 1 ? t("consult.one", { desk: owners[0] }) : t("consult.two", { first: owners[0], second: owners[1] }));

/** The next version of the class's norm, or a new one. */
function proposed(norms, code) {
  const id = norms.find((one) => one.class_code === code)?.id ?? (code ? `GF-${code}` : "");
  const month = day(nowIso()).slice(0, 7);
  const taken = norms.filter((one) => one.id === id).map((one) => one.version);
  let version = month;
  for (let count = 2; taken.includes(version); count += 1) version = `${month}.${count}`;
  return { id, version };
}

const dayAfter = (typed) => new Date(Date.parse(`${typed}T00:00Z`) + 86_400_000).toISOString().slice(0, 10);
const begins = (typed) => moment(`${typed}T00:00`);

function Case({ one, classes }) {
  const back = one.history.filter((entry) => GIVEN_BACK.includes(entry.kind) && !entry.void);
  return html`<header><h2><${Link} to=${`/cases/${one.id}`}>${one.number}<//> <${Badge} kind=${KINDS[one.state]}>${t(`case.state.${one.state}`)}<//></h2>
    <p class="consult-minutes">${[one.matter.cause, one.matter.course, one.matter.place].filter(Boolean).join("\n")}</p>
    ${one.matter.class_code && html`<p>${t("case.class")} · ${nameOfClass(classes, one.matter.class_code)}</p>`}
    ${back.length > 0 && html`<ul class="consult-back">${back.map((entry) => html`<li key=${`${entry.origin} ${entry.seq}`}>
      ${day(entry.at)} ${clock(entry.at)} · ${entry.origin}/${entry.by} · ${t(`case.event.${entry.kind}`, entry.data)}</li>`)}</ul>`}
  </header>`;
}

function Norm({ norm, put, classes }) {
  const tree = [{ value: "", label: t("consult.choose") }, ...classes.map((one) => ({ value: one.code, label: `${one.code} ${one[language.value]}` }))];
  return html`<fieldset class="consult-norm"><legend>${t("consult.norm")}</legend>
    <${Select} label=${t("consult.norm_class")} value=${norm.class_code} options=${tree} onChange=${put("class_code")} required />
    <${TextInput} label=${t("consult.norm_id")} value=${norm.id} onInput=${put("id")} required pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*" maxlength="64" autocomplete="off" />
    <${TextInput} label=${t("consult.version")} value=${norm.version} onInput=${put("version")} required pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*" maxlength="64" autocomplete="off" />
    <${TextInput} label=${t("consult.from")} type="date" value=${norm.from} onInput=${put("from")} required />
    <${TextInput} label=${t("consult.until")} type="date" value=${norm.until} min=${norm.from} onInput=${put("until")} hint=${t("consult.until_hint")} />
  </fieldset>`;
}

function Written({ one, classes, norms, onDone }) {
  const code = one.matter.class_code;
  const options = choices(desksOf(one));
  const [said, setSaid, kept] = useDraft(`consultation.${one.id}`, { participants: "", minutes: "", owners: "0" }); // a meeting is longer than a login
  const [rule, setRule] = useState(false);
  const [norm, setNorm] = useState({ class_code: code, ...proposed(norms, code), from: day(nowIso()), until: "" });
  const [failure, setFailure] = useState(null);
  const [busy, setBusy] = useState(false);
  const put = (name) => (value) => setSaid({ ...said, [name]: value });
  const putNorm = (name) => (value) => setNorm((old) => ({ ...old, [name]: value, ...(name === "class_code" ? proposed(norms, value) : {}) }));

  const keyed = useKey();
  const send = kept((data) => api.post(`/cases/${encodeURIComponent(one.id)}/events`, { kind: "consultation", data }, { key: keyed(data) }));
  const submit = async (event) => {
    event.preventDefault();
    const participants = said.participants.split(/[\n,，、;；]/).map((each) => each.trim()).filter(Boolean);
    const data = { participants, minutes: said.minutes.trim(), owners: options[Number(said.owners)] ?? options[0] };
    if (rule) {
      const until = norm.until ? { until: begins(dayAfter(norm.until)) } : {};
      data.norm = { id: norm.id, version: norm.version, class_code: norm.class_code, from: begins(norm.from), ...until };
    }
    setBusy(true);
    setFailure(null);
    try {
      await send(data);
      onDone();
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  };
  return html`<form onSubmit=${submit}>
    <${TextInput} label=${t("consult.participants")} hint=${t("consult.participants_hint")} lines="2" value=${said.participants} onInput=${put("participants")} maxlength="4000" />
    <${TextInput} label=${t("consult.minutes")} lines="5" value=${said.minutes} onInput=${put("minutes")} required maxlength="20000" />
    <${Select} label=${t("case.owner")} value=${said.owners} options=${options.map((owners, place) => ({ value: String(place), label: nameOf(owners) }))} onChange=${put("owners")} />
    ${may(...NORM_MAKERS) ? html`<${Check} label=${t("consult.make_norm")} checked=${rule} onChange=${setRule} />` : html`<p class="desk-hint">${t("consult.norm_by")}</p>`}
    ${rule && html`<${Norm} norm=${norm} put=${putNorm} classes=${classes} />`}
    ${failure && html`<${Failure} error=${failure} />`}
    <div class="desk-next"><${Button} kind="primary" type="submit" disabled=${busy}>${t("consult.keep")}<//> <${Link} to="/cases/consult">${t("shell.cancel")}<//></div>
  </form>`;
}

export function Form({ id, classes, norms, onDone }) {
  const [one, setOne] = useState(null);
  const [failure, setFailure] = useState(null);
  const read = () => {
    setFailure(null);
    api.get(`/cases/${encodeURIComponent(id)}`).then((answer) => setOne(answer.case), setFailure);
  };
  useEffect(read, [id]);
  if (failure) return html`<${Failure} error=${failure} retry=${read} />`;
  if (!one) return html`<${Busy} />`;
  return html`<section class="card consult-form" aria-label=${t("consult.title")}>
    <${Case} one=${one} classes=${classes} />
    ${one.may.includes("consultation") ? html`<${Written} one=${one} classes=${classes} norms=${norms} onDone=${onDone} />` : html`<p role="status">${t("consult.not_now")}</p>`}
  </section>`;
}
