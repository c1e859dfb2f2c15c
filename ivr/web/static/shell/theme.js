// Light or dark: as the system has it, until somebody chooses.
import { signal } from "../vendor/preact.js";
import { hotline } from "./hotline.js";

const KEPT = "hotline.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => localStorage.getItem(KEPT) ?? (system.matches ? "dark" : "light");

export const theme = signal(chosen());

function show() {
  theme.value = chosen();
  document.documentElement.dataset.theme = theme.value;
}
show();
document.documentElement.dataset.accent = hotline.desk?.accent ?? "blue";
system.addEventListener("change", show);
addEventListener("beforeprint", () => (document.documentElement.dataset.theme = "light")); // paper is white
addEventListener("afterprint", show);

export function setTheme(name) {
  localStorage.setItem(KEPT, name);
  show();
}
