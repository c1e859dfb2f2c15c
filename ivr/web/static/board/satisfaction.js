// What callers said when they were called back: in all, and of each department that worked on their cases.
import { html } from "../vendor/preact.js";
import { language, t } from "../shell/words.js";
import { Table } from "../shell/ui.js";

const COUNTS = ["asked", "reached", "yes", "partly", "no"];
const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);

export function Satisfaction({ figures }) {
  const rows = [
    { id: "", name: t("board.said.all"), ...figures.call_backs },
    ...figures.departments.map((one) => ({ id: one.department, name: one[language.value], ...one })),
  ];
  const columns = [
    { id: "name", label: t("board.said.department") },
    ...COUNTS.map((id) => ({ id, label: t(`board.said.${id}`), number: true })),
    { id: "share", label: t("board.said.share"), number: true, cell: (one) => percent(one.share) },
  ];
  return html`<section class="card board-satisfaction"><h2>${t("board.said")}</h2><${Table} label=${t("board.said")} columns=${columns} rows=${rows} /></section>`;
}
