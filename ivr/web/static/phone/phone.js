// The operator's phone in the page: SIP over the controller's /ws, voices straight to Asterisk.
//
// It comes back by itself: after a lost socket with what it has, after a restart of Asterisk with a new password. A page that was
// loaded again in the middle of a call dials itself back into it (`back`); nothing is hung up when a page goes away.
import { batch, signal } from "../vendor/preact.js";
import JsSIP from "../vendor/jssip.js";
import { api } from "../shell/api.js";
import { nowIso } from "../shell/time.js";
import { addWords } from "../shell/words.js";
import { createReinvites } from "./reinvites.js";
import { createSound } from "./sound.js";
import words from "./words.js";

addWords(words);

const OVER = 4401; // close codes of /ws (ivr/web/sip_proxy.py)
const ELSEWHERE = 4409;
const EXPIRES = 120; // seconds of a registration
const AGAIN = 700; // ms until the next attempt to register
const GATHER = 300; // ms that ICE may look for further addresses
const START = 10_000; // ms that `start` waits until it is ready
const LAST = 15_000; // ms that a hang-up waits for a lost socket: later Asterisk finds the silence by itself
const NO_ANSWER = 600; // seconds: the queue decides how long it rings

export function createPhone() {
  const state = signal("off"); // off | connecting | ready | failed
  const call = signal(null); // {id, direction, state: ringing | up | held | ended, since, from}
  const muted = signal(false);
  const held = signal(false);
  const problem = signal(null); // an id of words.js, without `phone.`
  const sound = createSound();
  let ua = null;
  let session = null;
  let credentials = null;
  let timer = 0;
  let wantsEnd = false; // hung up, and Asterisk cannot be told yet
  let answering = null; // the session whose answer is on its way
  let away = false; // the socket was lost since the last registration

  const reinvites = createReinvites(() => (away ? null : session));
  const silent = () => muted.value || reinvites.held || wantsEnd;
  const senders = () => session?.connection?.getSenders().filter((sender) => sender.track) ?? [];
  /** What JsSIP does by itself, and at once where Asterisk cannot be told. */
  const voice = () => senders().forEach((sender) => (sender.track.enabled = !silent()));

  sound.onMicrophone((track) => {
    track.enabled = !silent();
    return session?.connection?.getSenders()[0]?.replaceTrack(track);
  });

  function fail(id) {
    batch(() => {
      problem.value = id;
      state.value = "failed";
    });
  }

  async function start(given) {
    if (ua && given && state.value !== "failed") {
      credentials = { ...given, back: session ? null : given.back };
      ua.set("password", given.password); // it is running: at the next registration
      return;
    }
    end();
    credentials = given ?? (await api.post("/desk/phone")).phone;
    batch(() => {
      problem.value = null;
      state.value = "connecting";
    });
    if (!globalThis.isSecureContext || !navigator.mediaDevices) return fail("insecure");
    try {
      await sound.open();
    } catch {
      return fail("no_microphone");
    }
    ua = userAgent();
    ua.start();
    await ready();
  }

  const ready = () =>
    new Promise((resolve) => {
      const limit = setTimeout(resolve, START);
      const stop = state.subscribe((now) => {
        if (now === "connecting") return;
        clearTimeout(limit);
        queueMicrotask(() => stop());
        resolve();
      });
    });

  function userAgent() {
    const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${credentials.socket}`;
    const made = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(address)],
      uri: credentials.uri,
      authorization_user: credentials.user,
      password: credentials.password,
      register_expires: EXPIRES,
      no_answer_timeout: NO_ANSWER,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 2,
      user_agent: "hotline page",
    });
    made.on("registered", () => made === ua && registered());
    made.on("registrationFailed", () => made === ua && renew());
    made.on("disconnected", (lost) => made === ua && disconnected(lost));
    made.on("newRTCSession", (born) => made === ua && begun(born));
    return made;
  }

  function registered() {
    batch(() => {
      state.value = "ready";
      if (problem.value === "unreachable") problem.value = null;
    });
    const back = away;
    away = false;
    if (wantsEnd) terminate(session);
    else if (back) reinvites.back(); // what Asterisk sends in this call comes to the new socket
    const { back: key } = credentials;
    credentials.back = null;
    if (key && !session) dial(key, "back");
  }

  function disconnected({ code }) {
    if (code === OVER || code === ELSEWHERE) {
      end();
      problem.value = code === OVER ? "logged_out" : "elsewhere";
      return;
    }
    away = true;
    batch(() => {
      state.value = "connecting";
      problem.value = "unreachable";
    });
  }

  /** Asterisk does not know the password (any more): a new one. */
  function renew() {
    clearTimeout(timer);
    const mine = ua;
    timer = setTimeout(async () => {
      try {
        credentials = (await api.post("/desk/phone")).phone;
      } catch {
        return mine === ua && mine ? renew() : null; // not ready yet
      }
      if (mine !== ua || !mine) return;
      mine.set("password", credentials.password);
      if (mine.isConnected()) mine.register();
    }, AGAIN);
  }

  function begun({ originator, session: born, request }) {
    if (born === session) return;
    if (session) {
      born.terminate({ status_code: 486 });
      return;
    }
    session = born;
    follow(born);
    if (originator !== "remote") return;
    show({ id: request.call_id, direction: "in", state: "ringing", from: born.remote_identity?.uri?.user ?? "" });
    if (request.getHeader("X-Hotline-Auto-Answer") === "1") answer();
  }

  function show(what) {
    call.value = { ...call.value, ...what, since: nowIso() };
  }

  function follow(born) {
    const mine = () => born === session;
    const up = () => {
      if (!mine()) return;
      hear(born);
      show({ state: held.value ? "held" : "up" });
    };
    born.on("peerconnection", ({ peerconnection }) => watch(born, peerconnection));
    if (born.connection) watch(born, born.connection);
    born.on("icecandidate", ({ ready: enough }) => setTimeout(enough, GATHER));
    born.on("accepted", () => mine() && hear(born));
    born.on("confirmed", up);
    born.on("hold", ({ originator }) => mine() && originator === "local" && holding(true));
    born.on("unhold", ({ originator }) => mine() && originator === "local" && holding(false));
    born.on("ended", () => mine() && over());
    born.on("failed", () => mine() && over());
    reinvites.guard(born);
    for (const lost of ["onTransportError", "onRequestTimeout"]) {
      const end = born[lost].bind(born);
      born[lost] = () => (mine() && talks() ? undefined : end()); // it ends no talk: voices go another way
    }
  }

  const talks = () => ["up", "held"].includes(call.value?.state);

  function watch(born, connection) {
    connection.addEventListener("track", () => born === session && hear(born));
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState !== "failed" || born !== session) return;
      problem.value = "no_media";
      terminate(born);
      if (born === session) over();
    });
  }

  function hear(born) {
    const tracks = born.connection?.getReceivers().map((receiver) => receiver.track) ?? [];
    if (tracks.length) sound.play(new MediaStream(tracks));
  }

  function holding(now) {
    held.value = now;
    if (session) show({ state: now ? "held" : "up" });
  }

  /** Without `wanted` a press: the other of what was pressed last, however far that has come. */
  function hold(wanted = !reinvites.held) {
    if (!talks()) return;
    reinvites.hold(wanted);
    if (!away) return;
    voice();
    holding(wanted);
  }

  function over() {
    const last = call.value;
    session = null;
    wantsEnd = false;
    answering = null;
    reinvites.over();
    sound.play(null);
    batch(() => {
      muted.value = false;
      held.value = false;
      call.value = last && { ...last, state: "ended" };
    });
    call.value = null;
    sound.open().then((stream) => stream.getAudioTracks().forEach((track) => (track.enabled = true))).catch(() => null);
  }

  const media = async () => ({ mediaStream: await sound.open(), pcConfig: { iceServers: credentials.ice ?? [] } });

  async function answer() {
    const born = session;
    if (!born || answering === born || call.value?.state !== "ringing") return;
    answering = born;
    problem.value = null;
    try {
      const options = await media();
      if (born === session) born.answer(options);
    } catch {
      answering = null;
      problem.value = "no_microphone";
    }
  }

  async function dial(number, direction = "out") {
    if (session || !ua) return;
    const options = await media();
    if (session) return;
    call.value = { id: crypto.randomUUID?.() ?? String(Date.now()), direction, state: "ringing", since: nowIso(), from: number };
    try {
      ua.call(number, options);
    } catch {
      over();
    }
  }

  function terminate(born, options) {
    try {
      born?.terminate(options);
    } catch {
      over(); // it ended meanwhile
    }
  }

  /** A caller whose operator only falls silent is given to the next one: what cannot be said now is said as soon as the socket is back. */
  function hangup() {
    const mine = session;
    const rings = call.value?.state === "ringing" && call.value.direction === "in";
    if (!talks() || !away) return terminate(mine, rings ? { status_code: 486 } : undefined);
    if (wantsEnd) return;
    wantsEnd = true;
    voice();
    sound.play(null);
    setTimeout(() => mine === session && terminate(mine), LAST);
  }

  /** Off, without a word to a running call: Asterisk finds that no voice comes and acts as for a dead phone. */
  function end() {
    clearTimeout(timer);
    const old = ua;
    ua = null;
    const connection = session?.connection;
    if (session) over();
    connection?.close();
    if (old) {
      old.registrator().close?.();
      old._transport?.disconnect(); // `stop` would hang up
    }
    away = false;
    state.value = "off";
  }

  return {
    state,
    call,
    muted,
    held,
    problem,
    level: sound.level,
    start,
    async stop() {
      end();
      sound.close();
      problem.value = null;
    },
    answer,
    reject: () => terminate(session, { status_code: 486 }),
    hangup,
    hold,
    mute(wanted) {
      if (wanted) session?.mute({ audio: true });
      else session?.unmute({ audio: true });
      muted.value = Boolean(session) && wanted;
      voice();
    },
    dtmf: (keys) => session?.sendDTMF(keys, { transportType: "RFC2833", duration: 120, interToneGap: 80 }),
    dial: (number) => dial(number), // `call` is the signal
    devices: () => sound.devices(),
    choose: (what) => sound.choose(what),
    testTone: () => sound.testTone(),
  };
}
