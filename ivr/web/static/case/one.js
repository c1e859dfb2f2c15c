// One case: what it says, where it stands, what happened to it, and what may be done with it now.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { Asking, Reason, Words } from "../shell/asking.js";
import { useDraft } from "../shell/draft.js";
import { Link } from "../shell/router.js";
import { may as mayRole } from "../shell/session.js";
import { clock, day } from "../shell/time.js";
import { language, t, text } from "../shell/words.js";
import { Busy, Button, Failure, Select, usePresses } from "../shell/ui.js";
import { useClasses, valueOf, words } from "./form.js";
import { useDepartments } from "../orders/facts.js";
import { Orders } from "./orders.js";
import { Advice } from "./advice.js";
import { Files } from "./files.js";
import { Letters } from "./letters.js";
import { Panel } from "./panel.js";
import { told } from "./told.js";

const RESULTS = ["solved", "explained", "dispatched", "passed_on", "not_possible", "withdrawn"];
const AWAITED = 3000; // ms between two looks while another desk's answer is awaited
const WRITTEN = ["cause", "course", "text", "name", "place", "happened", "caller", "kind", "class_code", "scope", "urgency", "tags", "contact", "confidential"];
const when = (iso) => `${day(iso)} ${clock(iso)}`;

const filled = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

function Matter({ one, classes }) {
  return html`<section class="card"><h2>${t("case.matter")}</h2><dl class="case-facts">
    ${WRITTEN.filter((name) => filled(one.matter[name])).map((name) => html`<dt key=${name}>${t(`case.note_${name}`)}</dt><dd>${valueOf(classes, name, one.matter[name])}</dd>`)}
    ${one.guidance && html`<dt>${t("case.basis")}</dt><dd>${one.guidance.basis}</dd>`}
    ${Object.entries(one.results).map(([desk, result]) => html`<dt key=${desk}>${t("case.result")} · ${desk}</dt><dd>${t(`case.result.${result.result}`)} ${result.words}</dd>`)}
  </dl></section>`;
}

function History({ one }) {
  const departments = useDepartments();
  return html`<section class="card" aria-label=${t("case.history")}><h2>${t("case.history")}</h2><ol class="case-history">
    ${one.history.map((entry) => html`<li key=${`${entry.origin} ${entry.seq}`} class=${entry.void ? "void" : ""}>
      <span class="case-when">${when(entry.at)} · ${entry.origin}/${entry.by}</span><br />${told(entry, departments)}
      ${entry.void && html`<br /><em>${t("case.void", { why: entry.void })}</em>`}
    </li>`)}
  </ol></section>`;
}

function Links({ one }) {
  const others = [one.merged_into, ...one.merged_from, one.split_from, ...one.split_into].filter(Boolean);
  const readsCalls = mayRole("supervisor", "liaison", "auditor", "admin");
  return html`<section class="card"><h2>${t("case.calls")}</h2><ul>
    ${one.calls.map((link) => html`<li key=${link.call}>${link.desk === one.desk && readsCalls ? html`<${Link} to=${`/calls/${encodeURIComponent(link.call)}`}>${when(link.at)}<//>` : when(link.at)} · ${link.desk}/${link.by}</li>`)}
  </ul>
  ${others.length > 0 && html`<h2>${t("case.related")}</h2><ul>${others.map((id) => html`<li key=${id}><${Link} to=${`/cases/${id}`}>${id.slice(0, 8)}<//></li>`)}</ul>`}
  ${one.offers.length > 0 && html`<h2>${t("case.offers")}</h2><ul>${one.offers.map((offer, place) => html`<li key=${place}>${offer.origin} → ${offer.to} · ${when(offer.at)} · ${t(`case.offer.${offer.state}`)}</li>`)}</ul>`}
  </section>`;
}

/** What became of it, and in which words. */
function Handled({ one, onClose, act }) {
  const [result, setResult] = useState(one.emergency && one.desk === "110" ? "dispatched" : "solved");
  const [said, setSaid, kept] = useDraft(`handled.${one.id}`);
  return html`<${Asking} title=${t("case.handle")} action=${t("shell.ok")} data=${() => ({ result, words: said.trim() })} act=${kept((data, key) => act("handled", data, key))} onClose=${onClose}>
    <${Select} label=${t("case.result")} name="result" value=${result} options=${words("result", RESULTS)} onChange=${setResult} />
    <${Words} label=${t("case.handle_text")} name="words" value=${said} longest=${4000} required onInput=${setSaid} />
  <//>`;
}

/** To a desk that there is; the one that is proposed stands first. */
function Offering({ one, onClose, act }) {
  const proposed = one.suggestion?.owners ?? [];
  const desks = [...one.others].sort((a, b) => proposed.includes(b) - proposed.includes(a));
  const [to, setTo] = useState(desks[0]);
  return html`<${Asking} title=${t("case.offer_to")} action=${t("shell.ok")} data=${() => ({ to, way: "online" })} act=${(data, key) => act("offered", data, key)} onClose=${onClose}>
    ${one.suggestion && html`<p>${t("case.suggest", { owners: proposed.join(t("case.and")) })} ${text(one.suggestion.reason)}</p>`}
    <${Select} label=${t("case.offer_desk")} name="to" value=${to} options=${desks} onChange=${setTo} />
  <//>`;
}

/** Hand-over, result, guidance, end: what the case may be now. */
function Acts({ one, classes, act }) {
  const press = usePresses(act);
  const [asking, setAsking] = useState(""); // handled, offered or guided: a dialog asks for more
  const basis = classes.find((each) => each.code === one.matter.class_code)?.basis;
  const guide = () => (basis ? press("guided", { basis, words: t("case.guide_say", { basis }) }) : setAsking("guided"));
  const props = { one, act, onClose: () => setAsking("") };
  const buttons = [
    ...(one.others.length ? [["offered", "offer_to", () => setAsking("offered")]] : []),
    ["handled", "handle", () => setAsking("handled")],
    ...(one.matter.neither ? [["guided", "guide", guide]] : []),
    ["closed", "close", () => press("closed")],
  ];
  return html`<div class="desk-next">${buttons.filter(([kind]) => one.may.includes(kind)).map(([kind, name, begin]) => html`<${Button} key=${kind} onClick=${begin}>${t(`case.${name}`)}<//>`)}
    ${asking === "handled" && html`<${Handled} ...${props} />`}
    ${asking === "offered" && html`<${Offering} ...${props} />`}
    ${asking === "guided" && html`<${Reason} draft=${`guided.${one.id}`} title=${t("case.guide")} action=${t("shell.ok")} label=${t("case.guide_text")}
      data=${(said) => ({ basis: said, words: t("case.guide_default") })} act=${(data) => act("guided", data)} onClose=${props.onClose} />`}</div>`;
}

const awaits = (one) => one.untold.length > 0 || (one.negotiation && !one.negotiation.decided) || one.offers.some((offer) => offer.state === "sent");

export function One({ id }) {
  const classes = useClasses();
  const [one, setOne] = useState(null);
  const [failure, setFailure] = useState(null);
  const address = `/cases/${encodeURIComponent(id)}`;
  /** An answer that was overtaken by a later one is not shown. */
  const take = ({ case: told }) => setOne((old) => (old?.id === told.id && old.revision > told.revision ? { ...old } : told));
  const read = () => {
    setFailure(null);
    api.get(address).then(take, setFailure);
  };
  useEffect(read, [id, language.value]);
  useEffect(() => {
    if (!one || !awaits(one)) return;
    const later = () => setOne((old) => ({ ...old }));
    const again = () => (document.visibilityState === "visible" ? api.get(address).then(take, later) : later());
    const timer = setTimeout(again, AWAITED);
    return () => clearTimeout(timer);
  }, [one]);
  useEffect(() => {
    const back = () => document.visibilityState === "visible" && api.get(address).then(take, () => null); // what another did meanwhile
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, [id]);
  const act = async (kind, data, key) => {
    try {
      take(await api.post(`${address}/events`, { kind, data }, { key }));
    } catch (refusal) {
      if (refusal.status === 409) api.get(address).then(take, () => null); // somebody was quicker: show what it is now
      throw refusal;
    }
  };
  if (failure) return html`<${Failure} error=${failure} retry=${read} /><p><${Link} to="/cases">← ${t("case.back")}<//></p>`;
  if (!one) return html`<${Busy} />`;
  return html`<article class="case-one">
    <header class="card"><p><${Link} to="/cases">← ${t("case.back")}<//></p><h1 class="unseen">${one.number}</h1>
      <${Panel} case=${one} act=${act} />
      <${Advice} case=${one} classes=${classes} act=${act} reading />
      <dl class="case-facts"><dt>${t("case.first")}</dt><dd>${one.first}</dd><dt>${t("case.channel")}</dt><dd>${t(`case.channel.${one.channel}`)}</dd><dt>${t("case.opened")}</dt><dd>${when(one.opened_at)}</dd></dl>
      <${Acts} one=${one} classes=${classes} act=${act} />
    </header>
    <div class="case-list"><${Matter} one=${one} classes=${classes} /><${Letters} one=${one} act=${act} /><${Files} one=${one} /><${Orders} one=${one} act=${act} /><${Links} one=${one} /></div>
    <${History} one=${one} />
  </article>`;
}
