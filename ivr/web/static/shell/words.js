// Words in the reader's language: Chinese first, English complete. Every page brings its own dictionary.
import { signal } from "../vendor/preact.js";
import { hotline } from "./hotline.js";
import police from "./police-words.js";

const KEPT = "hotline.language";
const dictionary = { zh: {}, en: {} };

const own = hotline.desk?.words === "police" ? police : null; // a desk's own words come before the pages'

const first = () => {
  const kept = localStorage.getItem(KEPT);
  if (kept === "zh" || kept === "en") return kept;
  const wished = (navigator.languages ?? []).map((each) => each.slice(0, 2)).find((each) => each === "zh" || each === "en");
  return wished ?? hotline.languages[0] ?? "zh";
};

export const language = signal(first());
document.documentElement.lang = language.value;

export function setLanguage(chosen) {
  localStorage.setItem(KEPT, chosen);
  document.documentElement.lang = chosen;
  language.value = chosen;
}

/** `{zh: {"desk.answer": "接听"}, en: {…}}`, the same keys in both. */
export function addWords(words) {
  Object.assign(dictionary.zh, words.zh);
  Object.assign(dictionary.en, words.en);
}

/** The words of a key, `{name}` in them filled in. A key without words shows itself: it cannot be overlooked. */
export function t(key, params = {}) {
  const words = own?.[language.value][key] ?? dictionary[language.value][key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

/** What people call a skill; a site's own is called by its id. */
export const skillWords = (id) => dictionary[language.value][`shell.skill.${id}`] ?? id;

/** `{zh, en}` as the server gives it. */
export const text = (both) => (both ? (both[language.value] ?? both.zh ?? both.en ?? "") : "");
