import { html } from "../vendor/preact.js";
import { Empty } from "./controls.js";

/** `columns`: [{id, label, cell: (row) => content, number?, tight?}]; a tight one is never broken into lines; `onOpen`: a row is opened by click, its first cell by Enter. */
export function Table({ label, columns, rows, key = "id", onOpen, empty, class: more = "" }) {
  if (!rows.length) return html`<${Empty}>${empty}<//>`;
  const cell = (column, row) => (column.cell ? column.cell(row) : row[column.id]);
  const first = (column, row) =>
    onOpen ? html`<button type="button" class="row-open" onClick=${() => onOpen(row)}>${cell(column, row)}</button>` : cell(column, row);
  return html`<div class=${`table ${more}`} role="region" aria-label=${label} tabindex="0"><table>
    <thead><tr>${columns.map((each) => html`<th key=${each.id} scope="col" class=${each.number ? "number" : ""}>${each.label}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row) => html`<tr key=${row[key]} class=${onOpen ? "opens" : ""} onClick=${onOpen && ((event) => event.target.closest("button,a,input") || onOpen(row))}>
        ${columns.map((each, place) => html`<td key=${each.id} class=${each.number ? "number" : each.tight ? "tight" : ""}>${place ? cell(each, row) : first(each, row)}</td>`)}
      </tr>`,
    )}</tbody>
  </table></div>`;
}
