// /calls: the call log. /calls/{id}: one call with its ladder and its recording.
import { html } from "../vendor/preact.js";
import { addWords } from "../shell/words.js";
import { useStyle } from "../shell/ui.js";
import { One } from "./one.js";
import { Search } from "./search.js";
import words from "./words.js";

addWords(words);

export default function Page({ path }) {
  useStyle("/static/calls/page.css");
  const id = decodeURIComponent(path.split("/")[2] ?? "");
  return id ? html`<${One} id=${id} key=${id} />` : html`<${Search} />`;
}
