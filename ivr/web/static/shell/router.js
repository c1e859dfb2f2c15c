// Addresses without reloads: the phone in the page outlives every change of view.
import { html, signal } from "../vendor/preact.js";

export const path = signal(location.pathname);
export const query = signal(new URLSearchParams(location.search));

function look() {
  path.value = location.pathname;
  query.value = new URLSearchParams(location.search);
}
addEventListener("popstate", look);

export function go(to, { replace = false } = {}) {
  if (to === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  look();
}

/** Where somebody wanted to go before he had to log in: an address of our own, nothing else. */
export function wanted() {
  const to = query.value.get("to") ?? "";
  return to.startsWith("/") && !to.startsWith("//") && !to.startsWith("/login") ? to : null;
}

export function Link({ to, children, ...rest }) {
  const follow = (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${to} onClick=${follow} ...${rest}>${children}</a>`;
}
