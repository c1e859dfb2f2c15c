// What goes on now, by WebSockets that come back by themselves.
import { batch, signal } from "../vendor/preact.js";
import { signedOut } from "./session.js";

const FIRST = 200; // ms before the second attempt
const LONGEST = 3000;
const UNAUTHORIZED = 4401;

/** Messages of one stream, as JSON. `state`: connecting | up | down. */
export function follow(path, onMessage) {
  const state = signal("connecting");
  let socket = null;
  let wait = FIRST;
  let timer = 0;
  let closed = false;

  function connect() {
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1${path}`);
    socket.onmessage = (message) => {
      wait = FIRST;
      state.value = "up";
      onMessage(JSON.parse(message.data));
    };
    socket.onclose = (event) => {
      if (closed) return;
      state.value = "down";
      if (event.code === UNAUTHORIZED) return signedOut();
      timer = setTimeout(connect, wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, LONGEST);
    };
  }
  connect();
  return {
    state,
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

/** Asks for `work` once a drawn frame, however often it is called; a hidden page draws nothing, so there it is done at once. */
function onceAFrame(work) {
  let asked = 0;
  const run = () => {
    cancelAnimationFrame(asked);
    asked = 0;
    work();
  };
  return () => {
    if (document.hidden) run();
    else asked ||= requestAnimationFrame(run);
  };
}

const KEYS = { calls: "id", queues: "name", operators: "number", targets: "key" };

/** The whole room: Maps by id, queue name, operator number and target key; only what changed is touched. */
export function liveRoom() {
  const room = Object.fromEntries(Object.keys(KEYS).map((name) => [name, signal(new Map())]));
  const connected = signal(false); // to the telephone system
  const next = new Map(); // name → the Map that is shown with the next frame
  const show = onceAFrame(() =>
    batch(() => {
      for (const [name, map] of next) room[name].value = map;
      next.clear();
    }),
  );
  const stream = follow("/live/stream", (message) => {
    connected.value = message.connected;
    const whole = message.type === "snapshot";
    for (const [name, key] of Object.entries(KEYS)) {
      const gone = name === "calls" ? (message.calls_gone ?? []) : [];
      if (!whole && !message[name].length && !gone.length) continue;
      const map = whole ? new Map() : (next.get(name) ?? new Map(room[name].value));
      for (const each of message[name]) map.set(each[key], each);
      for (const id of gone) map.delete(id);
      next.set(name, map);
    }
    show();
  });
  return { ...room, connected, state: stream.state, close: stream.close };
}
