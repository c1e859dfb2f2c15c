// What is written about a call's case on its way to the server: nothing that was typed is lost, whoever else writes,
// whatever dies. Only what changed is sent; what another wrote meanwhile is merged, field by field.
import { signal } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { session } from "../shell/session.js";
import { nowIso } from "../shell/time.js";

const BLANK = {
  happened: "", name: "", place: "", cause: "", course: "", text: "", // R41: time, person, place, cause, course; and free words
  kind: "", class_code: "", scope: "", urgency: "general", tags: [], contact: "", confidential: false, neither: false,
};
export const FIELDS = Object.keys(BLANK);
export const LONG = ["cause", "course", "text"]; // of several lines
const PAUSE = 500; // ms after the last key
const LONGEST = 5000; // ms between two attempts
const PLACE = "hotline.case.";
export const HIDDEN = "***"; // what the server says instead of a name that it does not show

const only = (matter) => Object.fromEntries(FIELDS.map((field) => [field, matter?.[field] ?? BLANK[field]]));
/** What another wrote, as far as it is shown: a hidden name is no other name. */
const seen = (matter, known) => {
  const theirs = only(matter);
  return theirs.name === HIDDEN ? { ...theirs, name: known.name } : theirs;
};
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const placeOf = (id) => `${PLACE}${session.value?.user ?? ""}.${id}`;

/** Three-way, field by field. `base`: what both began with. Where both changed a field, `conflicts` has the other's words. */
export function merge(base, mine, theirs) {
  const fields = {};
  const conflicts = {};
  for (const field of FIELDS) {
    const [was, here, there] = [base[field], mine[field], theirs[field]];
    fields[field] = same(here, was) ? there : here;
    if (!same(here, was) && !same(there, was) && !same(here, there)) conflicts[field] = there;
  }
  return { fields, conflicts };
}

/** Keeps the words of one call's case. `state`: loading | saved | typing | saving | waiting (the server is away) | refused.
 * `whole`: the case as the server told it last; null while there is none. */
export function keep(id) {
  const fields = signal(only(null));
  const whole = signal(null);
  const state = signal("loading");
  const savedAt = signal(null);
  const conflicts = signal({});
  const problem = signal("");
  const address = `/calls/${encodeURIComponent(id)}/case`;
  let base = { revision: 0, ...only(null) };
  let timer = 0;
  let wait = PAUSE;
  let closed = false;
  let loaded = false;
  let sending = false; // one request follows the other: of two that cross, the older could come last
  let unanswered = []; // [field, words] that were sent and may have arrived: no words of another's

  const place = placeOf(id);
  const stored = read(place);
  if (stored) {
    fields.value = only(stored.mine);
    base = stored.base;
    unanswered = stored.unanswered ?? [];
    conflicts.value = stored.conflicts ?? {};
  }
  const differing = () => FIELDS.filter((field) => !same(fields.value[field], base[field]));
  const dirty = () => differing().length > 0;
  const shelve = () => {
    if (dirty() || unanswered.length) localStorage.setItem(place, JSON.stringify({ base, mine: fields.value, unanswered, conflicts: conflicts.value }));
    else localStorage.removeItem(place);
  };

  const overtaken = (told) => whole.value && (!told || (told.id === whole.value.id && told.revision < base.revision));

  /** What the server told; an answer that was overtaken says nothing new. `sent`: ours, which it has now. */
  function meet(told, sent = {}) {
    if (overtaken(told)) return;
    base = { ...base, ...sent };
    const theirs = seen(told?.matter, base);
    for (const [field, said] of unanswered) if (same(theirs[field], said)) base = { ...base, [field]: said };
    if (!sending) unanswered = [];
    const met = merge(base, fields.value, theirs);
    base = { revision: told?.revision ?? 0, ...theirs };
    whole.value = told;
    fields.value = met.fields;
    const open = Object.entries({ ...conflicts.value, ...met.conflicts });
    conflicts.value = Object.fromEntries(open.filter(([field, said]) => !same(met.fields[field], said)));
    shelve();
  }

  async function load() {
    try {
      meet((await api.get(address)).case);
      loaded = true;
      wait = PAUSE;
      if (dirty()) soon();
      else state.value = "saved";
    } catch (failure) {
      later(failure, load);
    }
  }

  /** A field in conflict stays as the other wrote it, until somebody decides; ours stays here. */
  async function save() {
    if (sending) return null; // its answer sends what was typed meanwhile
    if (!loaded) return load();
    const changed = differing().filter((field) => !(field in conflicts.value));
    if (changed.length === 0) {
      state.value = "saved";
      return null;
    }
    const sent = Object.fromEntries(changed.map((field) => [field, fields.value[field]]));
    state.value = "saving";
    sending = true;
    unanswered = [...unanswered.filter((one) => !same(one[1], sent[one[0]])), ...Object.entries(sent)];
    shelve(); // a page that is loaded again before the answer knows its own words
    try {
      const answer = await api.post(address, { kind: "written", data: sent, revision: base.revision });
      sending = false;
      meet(answer.case, sent);
      wait = PAUSE;
      savedAt.value = nowIso();
      if (differing().some((field) => !(field in conflicts.value))) soon();
      else state.value = "saved";
    } catch (failure) {
      sending = false;
      if (failure.id === "case_changed") {
        loaded = false;
        await load();
      } else later(failure, save);
    }
    return null;
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
    whole,
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
    /** Anything else that is done to the case. Throws ApiError. */
    async act(kind, data, key) {
      try {
        meet((await api.post(address, { kind, data }, { key })).case);
      } catch (failure) {
        if (failure.status === 409) load(); // somebody was quicker: show what it is now
        throw failure;
      }
    },
    /** What another has done meanwhile. */
    again() {
      if (loaded && state.value === "saved") load();
    },
    /** Somebody else did something: `revision` of the live view. */
    newer(revision) {
      if (loaded && revision > base.revision && state.value === "saved") load();
    },
    close() {
      closed = true;
      document.removeEventListener("visibilitychange", hidden);
      flush();
    },
  };
}

/** Words of this person that never reached the server (the page died): they go now. A conflict waits for the call to be opened. */
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
