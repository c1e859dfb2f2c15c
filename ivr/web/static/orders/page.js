// /orders: the work orders that somebody may see. /orders/{id}: one of them, and what may be done with it now.
import { html } from "../vendor/preact.js";
import { addWords } from "../shell/words.js";
import { useStyle } from "../shell/ui.js";
import caseWords from "../case/form-words.js";
import moreCaseWords from "../case/words.js";
import { List } from "./list.js";
import { One } from "./one.js";
import words from "./words.js";

addWords(caseWords);
addWords(moreCaseWords);
addWords(words);

export default function Page({ path }) {
  useStyle("/static/calls/page.css");
  useStyle("/static/orders/page.css");
  const id = decodeURIComponent(path.split("/")[2] ?? "");
  return id ? html`<${One} id=${id} key=${id} />` : html`<${List} />`;
}
