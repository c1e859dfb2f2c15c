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

export async function logout() {
  const csrf = session.value?.csrf ?? "";
  await fetch("/api/v1/session", { method: "DELETE", headers: { "X-CSRF-Token": csrf } }).catch(() => null);
  signedOut();
}
