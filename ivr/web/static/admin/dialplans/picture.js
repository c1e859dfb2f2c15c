// The drawn way of a call beside the text: boxes are buttons that go to file and line; a trial's path is marked.
import { html, signal, useEffect, useRef, useState } from "../../vendor/preact.js";
import { api } from "../../shell/api.js";
import { language, t } from "../../shell/words.js";
import { Button, Failure } from "../../shell/ui.js";
import { show, unsaved } from "./draft.js";

export const passed = signal([]); // contexts of the last trial
const FORBIDDEN = "script, foreignObject, iframe, image, use, a, style, animate, set";
let adopted = null;

/** The picture's own rules as a constructed sheet: an inline <style> is not allowed here, and its colours are the page's. */
function adopt(css) {
  if (adopted) return;
  adopted = new CSSStyleSheet();
  adopted.replaceSync(css.replace(/@media[^{]*\{[^{}]*\{[^}]*\}\s*\}/g, ""));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, adopted];
}

/** An SVG of the server's as an element without anything that acts. */
function clean(text) {
  const [style, css] = text.match(/<style>([^<]*)<\/style>/) ?? ["", ""]; // taken out first: parsing it would break the policy
  const svg = new DOMParser().parseFromString(text.replace(style, ""), "image/svg+xml").documentElement;
  if (svg.nodeName !== "svg") return null;
  adopt(css);
  svg.querySelectorAll(FORBIDDEN).forEach((one) => one.remove());
  for (const one of [svg, ...svg.querySelectorAll("*")])
    for (const { name } of [...one.attributes]) if (/^on|href|^style$/i.test(name)) one.removeAttribute(name);
  return document.importNode(svg, true);
}

function act(box, words) {
  box.setAttribute("role", "button");
  box.setAttribute("tabindex", "0");
  box.setAttribute("aria-label", words);
  const open = () => show(box.dataset.file, Number(box.dataset.line));
  box.addEventListener("click", open);
  box.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), open()));
}

export function Picture() {
  const host = useRef(null);
  const [zoom, setZoom] = useState(1);
  const [failure, setFailure] = useState(null);
  const [drawn, setDrawn] = useState(0);
  const texts = unsaved.value;
  const load = async () => {
    try {
      const { picture } = await api.post("/dialplans/picture", { unsaved: texts }, { seconds: 60 });
      const svg = clean(picture);
      if (!svg || !host.current) return;
      svg.querySelectorAll("[data-file]").forEach((box) => act(box, box.querySelector("title")?.textContent ?? box.dataset.context));
      host.current.replaceChildren(svg);
      setFailure(null);
      if (!drawn) setTimeout(() => host.current && (host.current.scrollLeft = (host.current.scrollWidth - host.current.clientWidth) / 2)); // a call begins in the middle
      setDrawn((count) => count + 1);
    } catch (refused) {
      setFailure(refused);
    }
  };
  useEffect(() => {
    const timer = setTimeout(load, 700);
    return () => clearTimeout(timer);
  }, [JSON.stringify(texts), language.value]);
  useEffect(() => {
    host.current.querySelectorAll("[data-context]").forEach((box) => box.classList.toggle("passed", passed.value.includes(box.dataset.context)));
    host.current.querySelector(".passed")?.scrollIntoView({ block: "center" });
  }, [passed.value, drawn]);
  useEffect(() => {
    const svg = host.current.querySelector("svg");
    if (svg) svg.style.width = `${(svg.viewBox.baseVal.width / 16) * zoom}rem`;
  }, [zoom, drawn]);
  return html`<section aria-label=${t("dialplans.picture")} class="picture-panel">
    <div class="row"><${Button} onClick=${() => setZoom(zoom * 1.25)} label=${t("dialplans.larger")}>＋<//>
      <${Button} onClick=${() => setZoom(zoom / 1.25)} label=${t("dialplans.smaller")}>－<//>
      ${passed.value.length > 0 && html`<${Button} onClick=${() => (passed.value = [])}>${t("dialplans.unmark")}<//>`}
      <span class="muted">${t("dialplans.picture_help")}</span></div>
    ${failure && html`<${Failure} error=${failure} retry=${load} />`}
    <div class="picture-host" ref=${host} tabindex="0" role="group" aria-label=${t("dialplans.picture")}></div>
  </section>`;
}
