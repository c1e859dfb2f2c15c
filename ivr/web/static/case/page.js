// /cases: the list, and beside it the sections of sections.js. /cases/{id}: one case with its whole history.
import { html, useEffect, useState } from "../vendor/preact.js";
import { Link } from "../shell/router.js";
import { may } from "../shell/session.js";
import { addWords, t } from "../shell/words.js";
import { Busy, Failure, useStyle } from "../shell/ui.js";
import formWords from "./form-words.js";
import { One } from "./one.js";
import sectionWords from "./section-words.js";
import { addressOf, SECTIONS, shown } from "./sections.js";
import words from "./words.js";

addWords(formWords);
addWords(sectionWords);
addWords(words);

function Section({ section }) {
  const [module, setModule] = useState(null);
  const [failure, setFailure] = useState(null);
  const load = () => {
    setFailure(null);
    section.load().then(setModule, setFailure);
  };
  useEffect(load, []);
  if (failure) return html`<${Failure} error=${failure} retry=${load} />`;
  return module ? html`<${module.default} />` : html`<${Busy} />`;
}

export default function Page({ path }) {
  useStyle("/static/case/page.css");
  useStyle("/static/calls/page.css");
  const { section, id } = shown(path);
  const mine = SECTIONS.filter((each) => may(...each.roles));
  return html`<nav class="case-sections" aria-label=${t("case.sections")}>
      ${mine.map((each) => html`<${Link} key=${each.id} to=${addressOf(each)} aria-current=${each === section ? "page" : undefined}>${t(each.title)}<//>`)}
    </nav>
    ${section ? html`<${Section} section=${section} key=${section.id} />` : html`<${One} id=${id} key=${id} />`}`;
}
