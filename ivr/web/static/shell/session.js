// Who is logged in in this browser.
import { signal } from "../vendor/preact.js";

export const session = signal(null); // {user, name, roles, number, csrf, idle_seconds, must, language} or null
export const sessionKnown = signal(false); // the server has been asked

export const may = (...roles) => roles.some((role) => session.value?.roles.includes(role));

export function signedIn(found) {
  session.value = found;
  sessionKnown.value = true;
}

/** The server knows this browser no longer. */
export function signedOut() {
  if (session.value !== null) session.value = null;
  sessionKnown.value = true;
}

/** The same person has logged in again in another tab: this one goes on with that login. False: somebody else, or nobody. */
export async function renewed() {
  const answer = await fetch("/api/v1/session", { headers: { Accept: "application/json" } }).catch(() => null);
  const found = answer?.ok ? (await answer.json().catch(() => null))?.session : null;
  if (!found || found.user !== session.value?.user || found.csrf === session.value.csrf) return false;
  session.value = found;
  return true;
}

/** Ask who this browser is; until the server answers, nobody is sent anywhere. */
export async function recall() {
  for (let wait = 300; ; wait = Math.min(wait * 2, 3000)) {
    try {
      const answer = await fetch("/api/v1/session", { headers: { Accept: "application/json" } });
      if (answer.ok) return signedIn((await answer.json()).session);
      if (answer.status === 401 || answer.status === 403 || answer.status === 404) return signedOut();
    } catch {
      // the controller restarts
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

const ended = () => fetch("/api/v1/session", { method: "DELETE", headers: { "X-CSRF-Token": session.value?.csrf ?? "" } }).catch(() => null);

/** False: the server was not told, so whoever sits down here next would still be this person. */
export async function logout() {
  let answer = await ended();
  if (answer?.status === 403 && (await renewed())) answer = await ended();
  if (answer?.status === 403) await recall();
  else if (answer?.ok || answer?.status === 401) signedOut();
  else return false;
  return true;
}
