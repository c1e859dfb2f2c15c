// A call's note on its way to the server: nothing that was typed is lost, whoever else writes, whatever dies.
import { signal } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { session } from "../shell/session.js";

export const FIELDS = ["happened", "name", "place", "cause", "course", "text"]; // R41: time, person, place, cause, course; and free words
export const LONG = ["cause", "course", "text"]; // of several lines
const PAUSE = 500; // ms after the last key
const LONGEST = 5000; // ms between two attempts
const PLACE = "hotline.note.";

const blank = () => Object.fromEntries(FIELDS.map((field) => [field, ""]));
const only = (note) => Object.fromEntries(FIELDS.map((field) => [field, note?.[field] ?? ""]));
const placeOf = (id) => `${PLACE}${session.value?.user ?? ""}.${id}`;

/** Three-way, field by field. `base`: what both began with. Where both changed a field, `conflicts` has the other's words. */
export function merge(base, mine, theirs) {
  const fields = {};
  const conflicts = {};
  for (const field of FIELDS) {
    const [was, here, there] = [base[field], mine[field], theirs[field]];
    fields[field] = here === was ? there : here;
    if (here !== was && there !== was && here !== there) conflicts[field] = there;
  }
  return { fields, conflicts };
}

/** Keeps the note of one call. `state`: loading | saved | typing | saving | waiting (the server is away) | refused. */
export function keep(id) {
  const fields = signal(blank());
  const state = signal("loading");
  const savedAt = signal(null);
  const conflicts = signal({});
  const problem = signal("");
  let base = { revision: 0, ...blank() };
  let timer = 0;
  let wait = PAUSE;
  let closed = false;
  let loaded = false;

  const place = placeOf(id);
  const stored = read(place);
  if (stored) {
    fields.value = only(stored.mine);
    base = stored.base;
  }
  const dirty = () => FIELDS.some((field) => fields.value[field] !== base[field]);
  const shelve = () => {
    if (dirty()) localStorage.setItem(place, JSON.stringify({ base, mine: fields.value }));
    else localStorage.removeItem(place);
  };

  function meet(theirs) {
    const met = merge(base, fields.value, only(theirs));
    base = { revision: theirs.revision ?? 0, ...only(theirs) };
    fields.value = met.fields;
    conflicts.value = { ...conflicts.value, ...met.conflicts };
    shelve();
  }

  async function load() {
    try {
      meet((await api.get(`/calls/${encodeURIComponent(id)}/note`)).note);
      loaded = true;
      wait = PAUSE;
      if (dirty()) soon();
      else state.value = "saved";
    } catch (failure) {
      later(failure, load);
    }
  }

  /** A field in conflict goes out as the other wrote it, until somebody decides; ours stays here. */
  async function save() {
    if (!loaded) return load();
    const sent = { ...fields.value, ...conflicts.value };
    if (FIELDS.every((field) => sent[field] === base[field])) {
      state.value = "saved";
      return;
    }
    state.value = "saving";
    try {
      const answer = await api.put(`/calls/${encodeURIComponent(id)}/note`, { revision: base.revision, ...sent });
      base = { revision: answer.note.revision, ...sent };
      wait = PAUSE;
      savedAt.value = new Date().toISOString();
      shelve();
      if (FIELDS.some((field) => !(field in conflicts.value) && fields.value[field] !== base[field])) soon();
      else state.value = "saved";
    } catch (failure) {
      if (failure.id === "note_changed") {
        meet(failure.details.note ?? failure.details);
        soon();
      } else later(failure, save);
    }
  }

  function later(failure, again) {
    problem.value = failure.message;
    const hopeless = failure.status >= 400 && failure.status < 500 && failure.status !== 429;
    state.value = hopeless ? "refused" : "waiting";
    wait = Math.min(wait * 2, LONGEST);
    clearTimeout(timer);
    if (!closed && !hopeless) timer = setTimeout(again, wait);
  }

  function soon() {
    state.value = "typing";
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }

  const flush = () => {
    if (state.value !== "typing") return;
    clearTimeout(timer);
    save();
  };
  const hidden = () => document.visibilityState === "hidden" && flush();
  document.addEventListener("visibilitychange", hidden);
  load();

  return {
    fields,
    state,
    savedAt,
    conflicts,
    problem,
    set(field, words) {
      fields.value = { ...fields.value, [field]: words };
      shelve();
      soon();
    },
    /** `choice`: mine | theirs | both */
    resolve(field, choice) {
      const { [field]: theirs, ...rest } = conflicts.value;
      const mine = fields.value[field];
      conflicts.value = rest;
      this.set(field, { mine, theirs, both: [theirs, mine].join(LONG.includes(field) ? "\n" : "；") }[choice]);
    },
    flush,
    close() {
      closed = true;
      document.removeEventListener("visibilitychange", hidden);
      flush();
    },
  };
}

/** Notes of this person that never reached the server (the page died): they go now. A conflict waits for the call to be opened. */
export async function rescue(except) {
  const mine = `${PLACE}${session.value?.user ?? ""}.`;
  for (const place of Object.keys(localStorage).filter((key) => key.startsWith(mine))) {
    const id = place.slice(mine.length);
    if (id === except) continue;
    const kept = keep(id);
    setTimeout(() => kept.close(), 20_000);
  }
}

function read(place) {
  try {
    const found = JSON.parse(localStorage.getItem(place));
    return found?.base && found?.mine ? found : null;
  } catch {
    return null;
  }
}
