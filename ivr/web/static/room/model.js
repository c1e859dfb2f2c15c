// What the wallboard makes of the live state. Pure: no signal, no element.

/** States of operators: the order on the screen, their kind of badge and their shape. */
export const STATES = [
  { id: "talking", kind: "info", shape: "◆" },
  { id: "ringing", kind: "warn", shape: "▲" },
  { id: "available", kind: "good", shape: "●" },
  { id: "wrap-up", kind: "warn", shape: "◐" },
  { id: "paused", kind: "idle", shape: "‖" },
  { id: "unreachable", kind: "idle", shape: "○" },
];

const inOrder = new Intl.Collator("en", { numeric: true }).compare; // made once: a thousand comparisons a picture
const ORDERS = {
  number: (a, b) => inOrder(a.number, b.number),
  since: (a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0),
};

/** [{id, kind, shape, operators}] of those who fit; empty states are left out. */
export function grouped(operators, { wanted = "", order = "number" } = {}) {
  const words = wanted.trim().toLowerCase();
  const groups = new Map(STATES.map((state) => [state.id, []]));
  for (const one of operators.values()) {
    if (!words || `${one.number} ${one.name}`.toLowerCase().includes(words)) groups.get(one.state)?.push(one);
  }
  return STATES.map((state) => ({ ...state, operators: groups.get(state.id).sort(ORDERS[order]) })).filter((group) => group.operators.length);
}

/** Number of operators of each state. */
export function counts(operators) {
  const found = Object.fromEntries(STATES.map((state) => [state.id, 0]));
  for (const one of operators.values()) found[one.state] += 1;
  return found;
}

/** [{name, waiting, oldest}] of every queue, those with the longest wait first; a queue's name is its skill. */
export function queued(queues) {
  return [...queues.values()]
    .map(({ name, waiting }) => ({
      name: name.replace(/^q-/, ""),
      waiting: waiting.length,
      oldest: waiting.reduce((oldest, one) => (!oldest || one.since < oldest ? one.since : oldest), null),
    }))
    .sort((a, b) => (b.waiting > 0) - (a.waiting > 0) || a.name.localeCompare(b.name));
}

export function waitingNow(queues) {
  const all = queued(queues);
  const moments = all.map((queue) => queue.oldest).filter(Boolean).sort();
  return { waiting: all.reduce((sum, queue) => sum + queue.waiting, 0), oldest: moments[0] ?? null };
}

const ATTENTION = ["waiting", "apart", "caller_gone", "entering", "talking"];

/** Running calls: those that need eyes first, then the oldest. */
export function running(calls) {
  return [...calls.values()].sort(
    (a, b) => ATTENTION.indexOf(a.state) - ATTENTION.indexOf(b.state) || (a.since < b.since ? -1 : 1),
  );
}

/** [{id, call, transfer}] under way. */
export function transfersOf(calls) {
  return [...calls.values()].flatMap((call) =>
    call.transfers
      .filter((transfer) => !["ended", "joined"].includes(transfer.state))
      .map((transfer) => ({ id: `${call.id} ${transfer.id ?? transfer.target}`, call, transfer })),
  );
}

/** Changes whenever an alarm may have begun or ended: then the server is asked at once. */
export function alarming(room) {
  const dead = [...room.targets.value.values()].filter((target) => target.reachable === false).map((target) => target.key);
  const free = counts(room.operators.value).available > 0;
  return `${room.connected.value} ${dead.sort()} ${!free && waitingNow(room.queues.value).waiting}`;
}

export const percent = (rate) => (rate === null || rate === undefined ? "—" : `${(Math.floor(rate * 1000) / 10).toFixed(1)} %`);
