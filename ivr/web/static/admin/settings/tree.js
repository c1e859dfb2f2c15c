// The settings as a form has them: a tree of plain values. Pure: what was read, what was typed, what is to be sent.
export const PEOPLE = ["operators", "supervisors"];
export const NEW = "+";
const TABLES = ["queue", "hours", "supervision"]; // besides targets and people, what the forms change

const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const copy = (value) => structuredClone(value);

const empty = (value) => value === undefined || (isTable(value) && Object.keys(value).length === 0);

/** A table without anything in it is as good as none: what was typed and taken out again is no change. */
export function same(one, other) {
  if (one === other || (empty(one) && empty(other))) return true;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((each, at) => same(each, other[at]));
  if (!isTable(one) || !isTable(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => same(one[name], other[name]));
}

/** What the server told → the tree. An entry is found by `n` and its name as it was: names that are numbers keep their order. */
export function planted(values) {
  const tree = { targets: {} };
  for (const [key, target] of Object.entries(values.targets ?? {})) tree.targets[`n${key}`] = copy(target);
  for (const list of PEOPLE) {
    tree[list] = {};
    for (const one of values[list] ?? []) tree[list][`n${one.number}`] = copy(one);
  }
  for (const name of TABLES) tree[name] = copy(values[name] ?? {});
  return tree;
}

/** The name of an entry in the file: `n110` → 110; of a new target `+gas` → gas. */
export const nameOf = (id) => id.slice(1);

export function get(tree, path) {
  return path.reduce((table, name) => table?.[name], tree);
}

/** A new tree with another value at `path`; undefined takes it out. */
export function put(tree, [name, ...rest], value) {
  const table = { ...(tree ?? {}) };
  const inner = rest.length ? put(table[name], rest, value) : value;
  if (inner === undefined) delete table[name];
  else table[name] = inner;
  return table;
}

/** What the server is sent: a whole entry of targets and people, each key of the other tables. */
export function changes(base, tree) {
  const found = [];
  for (const [id, target] of Object.entries(tree.targets))
    if (!same(base.targets[id], target)) found.push({ path: ["targets", nameOf(id)], value: target });
  for (const id of Object.keys(base.targets)) if (!(id in tree.targets)) found.push({ path: ["targets", nameOf(id)], value: null });
  for (const list of PEOPLE) {
    for (const id of Object.keys(base[list])) if (!(id in tree[list])) found.push({ path: [list, nameOf(id)], value: null });
    for (const [id, one] of Object.entries(tree[list])) {
      if (!(id in base[list])) found.push({ path: [list, NEW], value: one });
      else if (!same(base[list][id], one)) found.push({ path: [list, nameOf(id)], value: one });
    }
  }
  for (const name of TABLES)
    for (const key of new Set([...Object.keys(base[name]), ...Object.keys(tree[name])]))
      if (!same(base[name][key], tree[name][key])) found.push({ path: [name, key], value: tree[name][key] ?? null });
  return found;
}

/** Somebody else has changed the file: what was typed here, on top of what he made of it. Nothing of either is lost. */
export function onTop(base, mine, theirs) {
  if (same(base, mine)) return copy(theirs);
  if (!isTable(base ?? {}) || !isTable(mine) || !isTable(theirs)) return copy(mine);
  const made = {};
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = onTop(base?.[name], mine[name], theirs[name]);
    if (value !== undefined) made[name] = value;
  }
  return made;
}

/** Where a form's field is, in the words of the server's problems: `operators[2].number`, `targets.110.ring`. */
export function addressOf(tree, [table, id, ...rest]) {
  if (PEOPLE.includes(table) && id) return [`${table}[${Object.keys(tree[table]).indexOf(id)}]`, ...rest].join(".");
  if (table === "targets" && id) return ["targets", nameOf(id), ...rest].join(".");
  return [table, id, ...rest].filter(Boolean).join(".");
}

/** The problems of one field: its own, and those of its parts, which say which part. */
export const problemsAt = (problems, address) =>
  problems.filter(({ path }) => path === address || path.startsWith(`${address}[`) || path.startsWith(`${address}.`));
