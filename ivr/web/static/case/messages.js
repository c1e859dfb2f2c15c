// /cases/messages: what other desks told us about cases, what we told them, and what became of it.
import { html, useEffect, useState } from "../vendor/preact.js";
import exchangeWords from "../admin/exchange/words.js";
import { useAsked } from "../admin/loading.js";
import { api } from "../shell/api.js";
import { Link } from "../shell/router.js";
import { clock, day } from "../shell/time.js";
import { addWords, language, t } from "../shell/words.js";
import { Badge, Busy, Button, Failure, Select, Table } from "../shell/ui.js";
import words from "./messages-words.js";
import { KINDS as COLOURS } from "./panel.js";

addWords(exchangeWords);
addWords(words);

const LOOK = 5000; // ms between two looks
const STATES = { delivered: "good", taken: "good", pending: "warn", waiting: "warn", refused: "bad" };
const when = (iso) => (iso ? `${day(iso)} ${clock(iso)}` : "–");
const kind = (word) => (t(`exchange.kind.${word}`) === `exchange.kind.${word}` ? word : t(`exchange.kind.${word}`));

const columns = () => [
  { id: "made_at", label: t("messages.when"), cell: (one) => when(one.made_at) },
  { id: "way", label: t("exchange.way"), cell: (one) => t(`exchange.${one.direction}`, { desk: one.desk }) },
  { id: "kinds", label: t("exchange.events"), cell: (one) => one.kinds.map(kind).join(" · ") || "–" },
  { id: "case", label: t("exchange.case"), cell: (one) => (one.case ? html`<${Link} to=${`/cases/${one.case.id}`}>${one.case.number}<//>` : t("messages.no_case")) },
  { id: "line", label: t("case.line"), cell: (one) => one.case && html`<span class="calls-line" title=${one.case.line}>${one.case.line}</span>` },
  { id: "state", label: t("messages.delivery"), cell: (one) => html`<${Badge} kind=${STATES[one.state]}>${t(`exchange.state.${one.state}`)}<//>${trouble(one)}` },
  { id: "of_case", label: t("case.state"), cell: (one) => one.case && html`<${Badge} kind=${COLOURS[one.case.state]}>${t(`case.state.${one.case.state}`)}<//> ${one.case.owners.join(t("case.and"))}` },
];

/** What stands in the way, and what happens about it. */
function trouble(one) {
  if (!one.trouble) return null;
  return html`<span class="why">${t(`messages.${one.trouble}`, { tries: one.tries, at: one.next_at ? clock(one.next_at) : "" })}${one.why && ` ${one.why}`}</span>`;
}

export default function Messages() {
  const [wanted, setWanted] = useState({ direction: "", desk: "", state: "" });
  const [before, setBefore] = useState("");
  const [answer, failure, reload] = useAsked(() => api.get("/cases/messages", { ...wanted, before }), [JSON.stringify(wanted), before, language.value]);
  useEffect(() => {
    const timer = setInterval(reload, LOOK);
    return () => clearInterval(timer);
  }, [reload]);
  const put = (name) => (value) => {
    setBefore("");
    setWanted({ ...wanted, [name]: value });
  };
  const all = { value: "", label: t("case.any") };
  return html`<div class="case-messages"><h1 class="unseen">${t("case.section.messages")}</h1>
    <div class="columns filters">
      <${Select} label=${t("exchange.way")} value=${wanted.direction} onChange=${put("direction")}
        options=${[all, { value: "in", label: t("messages.in") }, { value: "out", label: t("messages.out") }]} />
      <${Select} label=${t("exchange.desk")} value=${wanted.desk} onChange=${put("desk")} options=${[all, ...(answer?.desks ?? []).map((value) => ({ value, label: value }))]} />
      <${Select} label=${t("messages.delivery")} value=${wanted.state} onChange=${put("state")} options=${[all, ...Object.keys(STATES).map((value) => ({ value, label: t(`exchange.state.${value}`) }))]} />
    </div>
    ${failure && html`<${Failure} error=${failure} retry=${reload} />`}
    ${!answer && !failure && html`<${Busy} />`}
    ${answer && html`<${Table} label=${t("case.section.messages")} columns=${columns()} rows=${answer.messages} key="serial" empty=${t("messages.none")} />
      <p class="calls-more">${before && html`<${Button} onClick=${() => setBefore("")}>${t("exchange.newest")}<//>`}
      ${answer.next && html`<${Button} onClick=${() => setBefore(answer.next)}>${t("exchange.older")}<//>`}</p>`}
  </div>`;
}
