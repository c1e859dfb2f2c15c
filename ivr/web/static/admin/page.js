// The frame of /admin: the sections that this person may open, and the one that is open.
import { html, useEffect, useState } from "../vendor/preact.js";
import { go, Link } from "../shell/router.js";
import { session } from "../shell/session.js";
import { addWords, t } from "../shell/words.js";
import { Busy, Failure, useStyle } from "../shell/ui.js";
import { SECTIONS } from "./sections.js";
import words from "./words.js";

addWords(words);

export default function Page({ path }) {
  useStyle("/static/admin/page.css");
  const mine = SECTIONS.filter((each) => each.roles.some((role) => session.value?.roles.includes(role)));
  const open = mine.find((each) => path.startsWith(`/admin/${each.id}`));
  const [module, setModule] = useState(null);
  const [failure, setFailure] = useState(null);
  const load = () => {
    setFailure(null);
    let gone = false; // another section was opened before this one had come
    open?.load().then(
      (found) => gone || setModule({ id: open.id, View: found.default }),
      (error) => gone || setFailure(error),
    );
    return () => {
      gone = true;
    };
  };
  useEffect(() => {
    if (!open && mine.length) go(`/admin/${mine[0].id}`, { replace: true });
    return load();
  }, [open?.id]);
  return html`<div class="admin">
    <nav class="admin-nav" aria-label=${t("admin.sections")}>
      ${mine.map(
        (each) => html`<${Link} key=${each.id} to=${`/admin/${each.id}`} aria-current=${each === open ? "page" : undefined}>${t(each.title)}<//>`,
      )}
    </nav>
    <div class="admin-section">
      ${failure && html`<${Failure} error=${failure} retry=${load} />`}
      ${!failure && open && (module?.id === open.id ? html`<${module.View} />` : html`<${Busy} />`)}
    </div>
  </div>`;
}
