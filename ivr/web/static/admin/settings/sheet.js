// What is read and typed here, kept while the person looks at other pages; the server judges as he types.
import { computed, signal } from "../../vendor/preact.js";
import { api } from "../../shell/api.js";
import { addressOf, changes, get, onTop, planted, problemsAt, put } from "./tree.js";

const JUDGE_AFTER = 500; // ms without a key
const BACK = { tries: 120, every: 500 }; // ms: until the new controller answers

export const told = signal(null); // GET /settings
export const base = signal(null); // the tree as it was read
export const tree = signal(null); // the tree as it is typed
export const judged = signal({ diff: "", problems: [] });
export const meanwhile = signal(null); // somebody else has changed the file: his lines
export const applying = signal(false);
export const generation = signal(0); // forms that keep something of their own begin anew with it

export const toSend = computed(() => (tree.value ? changes(base.value, tree.value) : []));
export const dirty = computed(() => toSend.value.length > 0);
export const problems = computed(() => (dirty.value ? judged.value.problems : (told.value?.problems ?? [])));

function take(settings, mine = null) {
  const theirs = planted(settings.values);
  tree.value = mine ? onTop(base.value, mine, theirs) : theirs;
  base.value = theirs;
  told.value = settings;
  generation.value += 1;
}

export async function load() {
  const { settings } = await api.get("/settings");
  take(settings, dirty.value ? tree.value : null);
  if (dirty.value) quietly();
}

export function discard() {
  meanwhile.value = null;
  take(told.value);
}

let waiting = 0;

/** `value` undefined: the file says nothing, and the default holds. */
export function set(path, value) {
  tree.value = put(tree.value, path, value);
  clearTimeout(waiting);
  waiting = setTimeout(quietly, JUDGE_AFTER);
}

/** Whoever looks and saves is told that the server is away; whoever types is not. */
const quietly = () => judge().catch(() => null);

export const at = (path) => get(tree.value, path);

/** What is wrong with a field, in the reader's language; "" where nothing is. */
export const wrong = (path, language) =>
  problems.value.length ? problemsAt(problems.value, addressOf(tree.value, path)).map((one) => one.message[language] ?? one.message.en).join("；") : "";

/** What is wrong with a thing as a whole, and is not said beside one of its fields. */
export const wrongAsWhole = (path, language) =>
  problems.value.filter((one) => one.path === addressOf(tree.value, path)).map((one) => one.message[language] ?? one.message.en).join("；");

export async function judge() {
  clearTimeout(waiting);
  const sent = toSend.value;
  if (!sent.length) return (judged.value = { diff: "", problems: [] });
  try {
    const { draft } = await api.post("/settings/draft", { revision: told.value.revision, changes: sent });
    if (sent === toSend.value) judged.value = draft;
  } catch (failure) {
    if (!(await merged(failure))) throw failure;
  }
  return judged.value;
}

/** A form made from another text than the file has now: his changes are taken in, and told. */
async function merged(failure) {
  if (failure.id !== "settings_changed") return false;
  meanwhile.value = { lines: failure.details.changed };
  await load();
  return true;
}

/** True when it is written; false where somebody was faster: then what is typed stands on top of his, to be looked at. */
export async function save(why) {
  try {
    const { settings } = await api.put("/settings", { revision: told.value.revision, changes: toSend.value, why });
    meanwhile.value = null;
    take(settings);
    judged.value = { diff: "", problems: [] };
    return true;
  } catch (failure) {
    if (failure.id === "settings_refused") judged.value = { ...judged.value, problems: failure.details.problems };
    if (await merged(failure)) return false;
    throw failure;
  }
}

/** The controller is replaced by one that has read the new settings: ask until that one answers. */
export async function apply(why) {
  applying.value = true;
  try {
    const before = told.value.since;
    const { applied } = await api.post("/settings/apply", { revision: told.value.revision, why }, { seconds: 120 });
    for (let tried = 0; applied.renewed && tried < BACK.tries; tried += 1) {
      await new Promise((done) => setTimeout(done, BACK.every));
      const found = await api.get("/settings").catch(() => null);
      if (found && found.settings.since !== before) break;
    }
    await load();
  } finally {
    applying.value = false;
  }
}

addEventListener("beforeunload", (event) => dirty.value && event.preventDefault());
