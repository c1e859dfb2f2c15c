// The shell: who is logged in, which page is open, what stands around it.
import { html, render, useEffect, useRef, useState } from "../vendor/preact.js";
import { hotline } from "./hotline.js";
import { go, Link, path } from "./router.js";
import { logOut } from "./log-out.js";
import { session, sessionKnown, recall } from "./session.js";
import { language, setLanguage, t, text, addWords } from "./words.js";
import { setTheme, theme } from "./theme.js";
import { pageOf, pagesFor } from "./pages.js";
import { Busy, Button, Failure, Overlays } from "./ui.js";
import { Own } from "../login/own.js";
import words from "./shell-words.js";

addWords(words);

function Bar({ current }) {
  const who = session.value;
  const [own, setOwn] = useState(false);
  return html`<header class="bar">
    <span class="bar-name">${text(hotline.name)}</span>
    <nav class="bar-pages" aria-label=${t("shell.pages")}>
      ${pagesFor(who).map(
        (page) => html`<${Link} key=${page.path} to=${page.path} class="bar-page"
          aria-current=${page === current ? "page" : undefined}>${t(page.title)}<//>`,
      )}
    </nav>
    <span class="bar-space"></span>
    <${Button} kind="quiet" onClick=${() => setLanguage(language.value === "zh" ? "en" : "zh")}
      lang=${language.value === "zh" ? "en" : "zh"}>${language.value === "zh" ? "English" : "中文"}<//>
    <${Button} kind="quiet" onClick=${() => setTheme(theme.value === "dark" ? "light" : "dark")}
      label=${t("shell.theme")}>${theme.value === "dark" ? "☀" : "☾"}<//>
    ${who && !who.must && html`<${Button} kind="quiet" class="bar-who" aria-haspopup="dialog" onClick=${() => setOwn(true)}>
        ${who.name || who.user}${who.number ? ` · ${who.number}` : ""}<//>`}
    ${who && html`<${Button} kind="quiet" onClick=${logOut}>${t("shell.logout")}<//>`}
    ${own && who && html`<${Own} onClose=${() => setOwn(false)} />`}
  </header>`;
}

function Shell() {
  const [module, setModule] = useState(null);
  const [failure, setFailure] = useState(null);
  const page = pageOf(path.value);
  const who = session.value;
  const known = sessionKnown.value;

  useEffect(() => {
    if (!known) return;
    const first = pagesFor(who)[0]?.path;
    if (!who && path.value !== "/login") go(`/login?to=${encodeURIComponent(path.value)}`, { replace: true });
    else if (who && !who.must && (!page || path.value === "/login")) go(first ?? "/login", { replace: true });
    else if (who?.must && path.value !== "/login") go("/login", { replace: true });
  }, [known, who, path.value]);

  const load = () => {
    let gone = false; // another page was opened before this one had come
    setFailure(null);
    setModule(null);
    page?.load().then(
      (found) => gone || setModule({ page, View: found.default }),
      (error) => gone || setFailure(error),
    );
    return () => {
      gone = true;
    };
  };
  useEffect(load, [page]);
  useEffect(() => {
    document.title = page ? `${t(page.title)} · ${text(hotline.name)}` : text(hotline.name);
  }, [page, language.value]);

  const opened = useRef(false);
  useEffect(() => {
    const main = document.getElementById("page");
    main?.scrollTo(0, 0); // a page begins at its head, wherever the one before was read
    if (opened.current && document.activeElement === document.body) main?.focus({ preventScroll: true }); // what was pressed is gone
    opened.current = true;
  }, [path.value]);

  if (!known) return html`<main class="page"><${Busy} /></main>`;
  const allowed = page && (page.path === "/login" || pagesFor(who).includes(page));
  const bare = path.value.startsWith("/room") && new URLSearchParams(location.search).has("big");
  return html`<a class="skip" href="#page">${t("shell.skip")}</a>
    ${!bare && html`<${Bar} current=${page} />`}
    <main id="page" class=${bare ? "page bare" : "page"} tabindex="-1">
      ${failure && html`<${Failure} error=${failure} retry=${load} />`}
      ${who && page && !allowed && html`<${Failure} error=${{ message: t("shell.not_for_you") }} />`}
      ${allowed && !failure && (module?.page === page ? html`<${module.View} path=${path.value} />` : html`<${Busy} />`)}
    </main>
    <${Overlays} />`;
}

recall();
render(html`<${Shell} />`, document.getElementById("app"));
