// /cases: cases found by what they say. /cases/{id}: one case with its whole history.
import { html } from "../vendor/preact.js";
import { addWords } from "../shell/words.js";
import { useStyle } from "../shell/ui.js";
import formWords from "./form-words.js";
import { List } from "./list.js";
import { One } from "./one.js";
import words from "./words.js";

addWords(formWords);
addWords(words);

export default function Page({ path }) {
  useStyle("/static/case/page.css");
  useStyle("/static/calls/page.css");
  const id = decodeURIComponent(path.split("/")[2] ?? "");
  return id ? html`<${One} id=${id} key=${id} />` : html`<${List} />`;
}
