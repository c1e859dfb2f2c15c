// CodeMirror in a shadow root: its styles are constructed sheets there, which the page's policy allows.
import { html, useEffect, useRef } from "../../vendor/preact.js";
import {
  autocompletion, basicSetup, EditorState, EditorView, HighlightStyle, hoverTooltip, keymap, indentWithTab, lintGutter, MergeView,
  setDiagnostics, StreamLanguage, syntaxHighlighting, tags, asterisk,
} from "../../vendor/codemirror.js";
import { t } from "../../shell/words.js";

const LOOK = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "0.875rem" },
  ".cm-scroller": { fontFamily: "var(--code)", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 8%, transparent)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent) !important" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-hint": { padding: "0.25rem 0.5rem", maxWidth: "26rem" },
  ".cm-changedLine": { backgroundColor: "color-mix(in srgb, var(--warn) 15%, transparent) !important" },
});
const COLOURS = HighlightStyle.define([
  { tag: [tags.comment, tags.meta], color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.heading, tags.typeName], color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.atom, tags.number], color: "var(--good)" },
  { tag: [tags.variableName, tags.propertyName, tags.definition(tags.variableName)], color: "var(--warn)" },
]);
const LANGUAGE = [StreamLanguage.define(asterisk), syntaxHighlighting(COLOURS), LOOK];
const SEVERITY = { error: "error", warning: "warning", note: "info" };
const NAME = /[A-Za-z0-9_-]+/;

const attributes = (more) => EditorView.contentAttributes.of({ tabindex: "0", ...more });
const shadowOf = (element) => element.shadowRoot ?? element.attachShadow({ mode: "open" });

/** The word at a place, with what is known of it. */
function known(vocabulary, state, position) {
  const line = state.doc.lineAt(position);
  for (const found of line.text.matchAll(/[A-Za-z0-9_/-]+/g)) {
    const [from, to] = [line.from + found.index, line.from + found.index + found[0].length];
    if (position < from || position > to) continue;
    const entry = ["contexts", "prompts", "targets"].flatMap((kind) => vocabulary()[kind] ?? []).find((one) => one.name === found[0]);
    if (entry?.words) return { from, to, entry };
  }
  return null;
}

const complete = (vocabulary) => (context) => {
  const word = context.matchBefore(NAME);
  if (!word && !context.explicit) return null;
  const of = (kind, type) => (vocabulary()[kind] ?? []).map((one) => ({ label: one.name, detail: one.words, type }));
  const options = [...of("contexts", "class"), ...of("prompts", "text"), ...of("targets", "constant"), ...of("applications", "function")];
  return { from: word?.from ?? context.pos, options, validFor: NAME };
};

const hints = (vocabulary) =>
  hoverTooltip((view, position) => {
    const found = known(vocabulary, view.state, position);
    if (!found) return null;
    const create = () => ({ dom: Object.assign(document.createElement("div"), { className: "cm-hint", textContent: found.entry.words }) });
    return { pos: found.from, end: found.to, above: true, create };
  });

/** `findings`: of this file; `target`: {line} to go to. */
export function Editor({ name, text, readOnly, findings, target, vocabulary, onType }) {
  const host = useRef(null);
  const view = useRef(null);
  const now = useRef({});
  now.current = { onType, vocabulary };
  useEffect(() => {
    const words = () => now.current.vocabulary ?? {};
    const extensions = [
      readOnly ? [] : keymap.of([indentWithTab]),
      basicSetup,
      LANGUAGE,
      lintGutter(),
      autocompletion({ override: [complete(words)] }),
      hints(words),
      EditorState.readOnly.of(Boolean(readOnly)),
      attributes({ "aria-label": t("dialplans.editor_of", { name }), "aria-describedby": "editor-help" }),
      EditorView.updateListener.of((update) => update.docChanged && now.current.onType?.(update.state.doc.toString())),
    ];
    const root = shadowOf(host.current);
    view.current = new EditorView({ state: EditorState.create({ doc: text, extensions }), parent: root, root });
    host.current.editor = view.current;
    return () => view.current.destroy();
  }, [name, readOnly]);
  useEffect(() => {
    const { doc } = view.current.state;
    if (doc.toString() !== text) view.current.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
  }, [text]);
  useEffect(() => {
    const { state } = view.current;
    const marks = findings.map((one) => {
      const line = state.doc.line(Math.min(Math.max(one.line, 1), state.doc.lines));
      const from = line.from + (line.text.match(/^\s*/)[0].length % (line.length || 1));
      return { from, to: Math.max(line.to, from), severity: SEVERITY[one.severity], message: `${one.message}\n${one.mend}` };
    });
    view.current.dispatch(setDiagnostics(state, marks));
  }, [findings, name]);
  useEffect(() => {
    if (!target) return;
    const { doc } = view.current.state;
    const line = doc.line(Math.min(target.line, doc.lines));
    view.current.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
    view.current.focus();
  }, [target, name]);
  return html`<div class="editor" ref=${host}></div>`;
}

/** Two texts side by side; the right one may be edited where `onType` is given. */
export function Difference({ before, after, onType }) {
  const host = useRef(null);
  useEffect(() => {
    const fixed = [basicSetup, LANGUAGE, EditorState.readOnly.of(true)];
    const typed = EditorView.updateListener.of((update) => update.docChanged && onType(update.state.doc.toString()));
    const root = shadowOf(host.current);
    const label = (key) => attributes({ "aria-label": t(key) });
    const merge = new MergeView({
      a: { doc: before, extensions: [fixed, label("dialplans.before")] },
      b: { doc: after, extensions: onType ? [basicSetup, LANGUAGE, typed, label("dialplans.yours")] : [fixed, label("dialplans.after")] },
      parent: root,
      root,
      revertControls: onType ? "a-to-b" : undefined,
      collapseUnchanged: { margin: 3, minSize: 6 },
    });
    return () => merge.destroy();
  }, [before, onType ? "" : after]);
  return html`<div class="difference" ref=${host}></div>`;
}
