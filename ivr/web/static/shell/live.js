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

/** The whole room: Maps by id, queue name, operator number and target key; only what changed is touched. */
export function liveRoom() {
  const room = { calls: signal(new Map()), queues: signal(new Map()), operators: signal(new Map()), targets: signal(new Map()) };
  const keys = { calls: "id", queues: "name", operators: "number", targets: "key" };
  const connected = signal(false); // to the telephone system
  const stream = follow("/live/stream", (message) =>
    batch(() => {
      connected.value = message.connected;
      for (const [name, key] of Object.entries(keys)) {
        const gone = name === "calls" ? (message.calls_gone ?? []) : [];
        if (message.type !== "snapshot" && !message[name].length && !gone.length) continue;
        const next = message.type === "snapshot" ? new Map() : new Map(room[name].value);
        for (const each of message[name]) next.set(each[key], each);
        for (const id of gone) next.delete(id);
        room[name].value = next;
      }
    }),
  );
  return { ...room, connected, state: stream.state, close: stream.close };
}
