// The one way to ask the server: `/api/v1`, JSON, the session's token on whatever changes something.
import { renewed, session, signedOut } from "./session.js";
import { asking, heard } from "./time.js";
import { language, t } from "./words.js";

const SECONDS = 20; // that an answer may take
const ATTENDED = 30_000; // ms after a touch that what the page asks is the person's doing
const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel"];

let touched = Date.now();
for (const kind of TOUCHES) addEventListener(kind, () => (touched = Date.now()), { capture: true, passive: true });

/** What a page asks by itself, while nobody touches it, keeps no login alive (ivr/web/auth.py). */
const unattended = (method) => (method === "GET" && Date.now() - touched > ATTENDED ? { "X-Unattended": "1" } : {});

/** A refusal in the reader's language. `status` 0: the server could not be reached. */
export class ApiError extends Error {
  constructor(status, { id, message, details = {} }) {
    super(message);
    Object.assign(this, { status, id, details });
  }
}

async function ask(method, path, { query, body, headers = {}, seconds = SECONDS } = {}) {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const address = `/api/v1${path}${pairs.length ? `?${new URLSearchParams(pairs)}` : ""}`;
  const token = method === "GET" || !session.value ? {} : { "X-CSRF-Token": session.value.csrf };
  const asked = asking();
  try {
    const answer = await fetch(address, {
      method,
      body,
      headers: { "Accept-Language": language.value, ...token, ...unattended(method), ...headers },
      signal: AbortSignal.timeout(seconds * 1000),
    });
    heard(answer.headers.get("Date"), asked);
    return answer;
  } catch (failure) {
    throw away(failure);
  }
}

function away(failure) {
  const id = failure.name === "TimeoutError" ? "timeout" : "unreachable";
  return new ApiError(0, { id, message: t(`shell.${id}`) });
}

/** Why not, in the server's words; whatever stands between may answer in none. */
async function refusal(answer) {
  const known = await answer.json().catch(() => null);
  const error = known?.error ?? { id: "internal", message: t("shell.no_answer", { status: answer.status }) };
  if (answer.status === 401 && session.value && error.id === "unauthorized") signedOut();
  return new ApiError(answer.status, error);
}

async function json(method, path, options, again = true) {
  const answer = await ask(method, path, options);
  if (answer.ok)
    return answer.json().catch((failure) => {
      throw away(failure); // the connection ended within the answer
    });
  const refused = await refusal(answer);
  if (refused.id === "csrf" && again && (await renewed())) return json(method, path, options, false);
  throw refused;
}

const carrying = (body, key) => ({
  body: JSON.stringify(body ?? {}),
  headers: { "Content-Type": "application/json", ...(key ? { "Idempotency-Key": key } : {}) },
});

export const api = {
  get: (path, query) => json("GET", path, { query }),
  post: (path, body, { key, seconds } = {}) => json("POST", path, { ...carrying(body, key), seconds }),
  put: (path, body) => json("PUT", path, carrying(body)),
  patch: (path, body) => json("PATCH", path, carrying(body)),
  del: (path, body) => json("DELETE", path, carrying(body)),
  /** A file as the body. */
  send: (method, path, blob, type, { query, ifMatch, seconds = 120 } = {}) =>
    json(method, path, {
      body: blob,
      headers: { "Content-Type": type, ...(ifMatch ? { "If-Match": ifMatch } : {}) },
      query,
      seconds,
    }),
  /** Whatever it is, as it comes: a sound, a picture. */
  async blob(path, query, seconds) {
    const answer = await ask("GET", path, { query, seconds });
    if (!answer.ok) throw await refusal(answer);
    return answer.blob().catch((failure) => {
      throw away(failure);
    });
  },
};
