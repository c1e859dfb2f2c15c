// The draft as this browser has it: what was read, what was typed since, kept locally until it is saved.
import { computed, signal } from "../../vendor/preact.js";
import { api, ApiError } from "../../shell/api.js";

const kept = (name) => `hotline.draft.${name}`;

export const overview = signal(null); // GET /dialplans
export const buffers = signal(new Map()); // name → {text, saved, hash}: of the draft
export const open = signal(null); // {name, core}
export const target = signal(null); // {file, line}: where the editor shall go

/** Name → text of whatever is typed and not saved. */
export const unsaved = computed(() =>
  Object.fromEntries([...buffers.value].filter(([, one]) => one.text !== one.saved).map(([name, one]) => [name, one.text])),
);

function put(name, buffer) {
  const next = new Map(buffers.value);
  if (buffer) next.set(name, buffer);
  else next.delete(name);
  buffers.value = next;
}

export async function load() {
  overview.value = await api.get("/dialplans");
  if (!open.value) {
    const first = overview.value.draft.files[0] ?? overview.value.core[0];
    if (first) await show(first.name);
  }
}

const isDraft = (name) => buffers.value.has(name) || overview.value.draft.files.some((one) => one.name === name);

let wanted = ""; // the file that was asked for last

/** Open a file, the draft's own before core's, at a line. */
export async function show(name, line) {
  wanted = name;
  if (isDraft(name)) {
    if (!buffers.value.has(name)) {
      const { file } = await api.get(`/dialplans/draft/${name}`);
      const local = JSON.parse(localStorage.getItem(kept(name)) ?? "null");
      if (!buffers.value.has(name)) put(name, { text: local?.text ?? file.text, saved: file.text, hash: local?.hash ?? file.hash });
    }
    if (wanted !== name) return; // another was asked for meanwhile
    open.value = { name, core: false };
  } else {
    const { file } = await api.get(`/dialplans/core/${name}`);
    if (wanted !== name) return;
    open.value = { name, core: true, text: file.text };
  }
  if (line) target.value = { file: name, line };
}

export function type(name, text) {
  const one = buffers.value.get(name);
  put(name, { ...one, text });
  if (text === one.saved) localStorage.removeItem(kept(name));
  else localStorage.setItem(kept(name), JSON.stringify({ text, hash: one.hash }));
}

/** One that is there already is opened: nothing of it is lost. */
export function create(name) {
  if (isDraft(name)) return show(name);
  wanted = name;
  put(name, { text: `; ${name}\n`, saved: "", hash: "new" });
  open.value = { name, core: false };
  return null;
}

/** Null when saved; where somebody else was faster: `{name, theirs, hash}`, and nothing of either is lost. */
export async function save(name) {
  const { text, hash } = buffers.value.get(name);
  try {
    const { file } = await write(name, text, hash);
    const now = buffers.value.get(name).text; // more may have been typed meanwhile
    put(name, { text: now, saved: text, hash: file.hash });
    type(name, now);
    await load();
    return null;
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.id !== "changed_meanwhile") throw failure;
    const { file } = await api.get(`/dialplans/draft/${name}`);
    return { name, theirs: file.text, hash: file.hash };
  }
}

/** What came of merging stands over what the other has saved. */
export function merged(name, text, { theirs, hash }) {
  put(name, { text, saved: theirs, hash });
}

export async function remove(name) {
  const { hash, saved } = buffers.value.get(name);
  if (saved || hash !== "new") await api.send("DELETE", `/dialplans/draft/${name}`, "{}", "application/json", { ifMatch: hash });
  localStorage.removeItem(kept(name));
  put(name, null);
  open.value = null;
  await load();
}

const write = (name, text, hash) =>
  api.send("PUT", `/dialplans/draft/${name}`, JSON.stringify({ text }), "application/json", { ifMatch: hash });
