// What a figure counts, one by one: the handovers with their cases, the newest first.
import { html } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { usePages } from "../shell/paged.js";
import { go, Link } from "../shell/router.js";
import { clock, day, mmss } from "../shell/time.js";
import { language, t } from "../shell/words.js";
import { Badge, Busy, Button, Failure, Table } from "../shell/ui.js";

const COLOURS = { sent: "warn", accepted: "good", refused: "bad", returned: "bad", kept: "idle", lapsed: "idle" };

const COLUMNS = () => [
  { id: "number", label: t("board.number"), cell: (one) => one.number },
  { id: "line", label: t("board.line"), cell: (one) => html`<span class="calls-line" title=${one.line}>${one.line}</span>` },
  { id: "way", label: t("board.direction"), tight: true, cell: (one) => t("board.way", one.handover) },
  { id: "at", label: t("board.at"), cell: (one) => `${day(one.handover.at)} ${clock(one.handover.at)}` },
  { id: "how", label: t("board.how"), cell: (one) => t(`board.how.${one.handover.mode === "conference" ? "conference" : one.handover.way}`) },
  { id: "state", label: t("board.state"), cell: (one) => html`<${Badge} kind=${COLOURS[one.handover.state]}>${t(`board.state.${one.handover.state}`)}<//>${one.handover.voice_failed && html` <${Badge} kind="bad">${t("board.voice_failed")}<//>`}` },
  { id: "answered", label: t("board.answered_after"), number: true, cell: (one) => (one.handover.answered_after === null ? "–" : mmss(one.handover.answered_after)) },
  { id: "case_state", label: t("board.case_state"), cell: (one) => t(`case.state.${one.state}`) },
];

/** `wanted`: what the address says; `said`: the same in words. */
export function Cases({ wanted, said, back }) {
  const list = usePages((skip) => api.get("/board/cases", { ...wanted, skip }), [JSON.stringify(wanted), language.value]);
  const rows = (list.pages ?? []).flatMap((page) => page.cases).map((one) => ({ ...one, key: `${one.id} ${one.handover.at} ${one.handover.to}` }));
  return html`<p><${Link} to=${back}>← ${t("board.back")}<//></p>
    <h1>${t("board.cases")}</h1>
    <p class="board-said">${said.join(" · ")}</p>
    ${list.failure && html`<${Failure} error=${list.failure} retry=${list.retry} />`}
    ${list.pages && html`<${Table} label=${t("board.cases")} columns=${COLUMNS()} rows=${rows} key="key" empty=${t("board.no_cases")}
      onOpen=${(one) => go(`/cases/${encodeURIComponent(one.id)}`)} />`}
    ${list.busy && html`<${Busy} />`}
    ${list.more && !list.busy && html`<p class="calls-more"><${Button} onClick=${list.more}>${t("board.more")}<//></p>`}`;
}
