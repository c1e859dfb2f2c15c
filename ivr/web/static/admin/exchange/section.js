// What this desk and its partners have told each other about cases: who was not told yet, and each message with its answer.
import { html, useEffect, useState } from "../../vendor/preact.js";
import words from "./words.js";
import { api } from "../../shell/api.js";
import { Link } from "../../shell/router.js";
import { may } from "../../shell/session.js";
import { clock, day } from "../../shell/time.js";
import { addWords, t } from "../../shell/words.js";
import { Badge, Busy, Button, Empty, Failure, Select, Table } from "../../shell/ui.js";
import { useAction, useAsked } from "../loading.js";

addWords(words);

const PAGE = 100;
const LOOK = 5000; // ms between two looks
const STATES = { delivered: "good", taken: "good", pending: "warn", waiting: "warn", refused: "bad" };
const when = (iso) => (iso ? `${day(iso)} ${clock(iso)}` : "–");

export default function Exchange() {
  const [state, setState] = useState("");
  const [before, setBefore] = useState("");
  const [desks, failure, lookAgain] = useAsked(() => api.get("/exchange"));
  const [trace, failed, reload] = useAsked(() => api.get("/exchange/messages", { limit: PAGE, state, before }), [state, before]);
  const [busy, act] = useAction();
  useEffect(() => {
    const timer = setInterval(() => Promise.all([lookAgain(), reload()]), LOOK);
    return () => clearInterval(timer);
  }, [lookAgain, reload]);
  const again = (message) =>
    act(async () => {
      await api.post(`/exchange/messages/${message}/retry`);
      await Promise.all([lookAgain(), reload()]);
    });
  const ofDesk = [
    { id: "desk", label: t("exchange.desk") },
    { id: "state", label: t("exchange.line"), cell: (one) => (one.trouble ? html`<${Badge} kind="bad">${t("exchange.trouble")}<//> <span class="muted">${one.trouble}</span>` : html`<${Badge} kind="good">${t("exchange.well")}<//>`) },
    { id: "pending", label: t("exchange.pending") },
    { id: "refused", label: t("exchange.refused") },
    { id: "oldest", label: t("exchange.oldest"), cell: (one) => when(one.oldest) },
    { id: "reached", label: t("exchange.reached"), cell: (one) => when(one.reached) },
  ];
  const ofMessage = [
    { id: "made_at", label: t("exchange.made"), cell: (one) => when(one.made_at) },
    { id: "way", label: t("exchange.way"), cell: (one) => t(`exchange.${one.direction}`, { desk: one.desk }) },
    { id: "kinds", label: t("exchange.events"), cell: (one) => html`${one.kinds.map((kind) => t(`exchange.kind.${kind}`)).join(" · ")} <span class="muted">${one.first}–${one.last}</span>` },
    { id: "case", label: t("exchange.case"), cell: (one) => ofCase(one.case) },
    { id: "state", label: t("exchange.state"), cell: (one) => html`<${Badge} kind=${STATES[one.state]}>${t(`exchange.state.${one.state}`)}<//>` },
    { id: "tries", label: t("exchange.tries"), cell: (one) => (one.direction === "out" ? one.tries : "–") },
    { id: "answer", label: t("exchange.answer"), cell: (one) => answer(one) },
    { id: "act", label: t("admin.actions"), cell: (one) => ["pending", "refused"].includes(one.state) && may("admin", "supervisor") && html`<${Button} kind="quiet" disabled=${busy} onClick=${() => again(one.id)}>${t("exchange.again")}<//>` },
  ];
  const states = [{ value: "", label: t("exchange.all") }, ...Object.keys(STATES).map((value) => ({ value, label: t(`exchange.state.${value}`) }))];
  return html`<header class="admin-head"><h1>${t("admin.exchange")}</h1></header>
    <p class="muted">${t("exchange.about")}</p>
    ${failure && html`<${Failure} error=${failure} retry=${lookAgain} />`}
    ${!desks && !failure && html`<${Busy} />`}
    ${desks && (desks.partners.length ? html`<${Table} label=${t("exchange.desks")} columns=${ofDesk} rows=${desks.partners.map((one) => ({ id: one.desk, ...one }))} />` : html`<${Empty}>${t("exchange.none")}<//>`)}
    <div class="columns filters">
      <${Select} label=${t("exchange.state")} value=${state} options=${states} onChange=${(value) => { setBefore(""); setState(value); }} />
    </div>
    ${failed && html`<${Failure} error=${failed} retry=${reload} />`}
    ${trace && html`<${Table} label=${t("exchange.messages")} columns=${ofMessage} rows=${trace.messages} />
      <div class="row">${before && html`<${Button} onClick=${() => setBefore("")}>${t("exchange.newest")}<//>`}
      ${trace.messages.length === PAGE && html`<${Button} onClick=${() => setBefore(trace.messages.at(-1).serial)}>${t("exchange.older")}<//>`}</div>`}`;
}

/** To the case, for whoever may read it. */
function ofCase(id) {
  const short = html`<code>${id.slice(0, 8)}</code>`;
  return may("admin", "supervisor", "liaison", "operator") ? html`<${Link} to=${`/cases/${id}`}>${short}<//>` : short;
}

/** What the other desk said, in a word; the whole of it on demand. */
function answer(one) {
  if (one.answer === null) return "–";
  const word = one.answer.error?.id ?? one.answer.state ?? "";
  return html`<details><summary>${one.status ?? ""} ${word}</summary><pre>${JSON.stringify(one.answer, null, 1)}</pre></details>`;
}
