// The operator's phone: in this page, or on the table. One for the life of the page.
import { computed, signal } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { session } from "../shell/session.js";

const AGAIN = 3000; // ms until new credentials are asked for, after the phone failed

export const line = signal(null); // the phone in this page; null: a desk phone, or none yet
export const lineProblem = signal(null); // why there is no phone, in words
export const phoneCall = computed(() => line.value?.call.value ?? null);
/** off | connecting | ready | failed | desk */
export const lineState = computed(() => (kind.value === "desk" ? "desk" : (line.value?.state.value ?? "off")));
const kind = signal(null);
let wanted = false;
let timer = 0;

/** The phone alone, for the headset's check: not registered yet. Whoever has a desk phone never loads it. */
export async function headset() {
  if (!line.value) {
    const { createPhone } = await import("../phone/phone.js");
    line.value ??= createPhone();
  }
  return line.value;
}

/** `where`: browser | desk, as the server says. A phone on the table needs nothing of us. */
export async function connect(where) {
  wanted = where !== "desk";
  clearTimeout(timer);
  if (!wanted) return void (kind.value = "desk");
  try {
    const { phone } = await api.post("/desk/phone");
    if (!wanted) return;
    kind.value = phone.kind;
    lineProblem.value = null;
    if (phone.kind === "desk") line.value = null;
    else await (await headset()).start(phone);
  } catch (failure) {
    lineProblem.value = failure.message;
    again();
  }
  if (line.value?.state.value === "failed") again();
}

function again() {
  clearTimeout(timer);
  if (wanted && session.value) timer = setTimeout(connect, AGAIN, "browser");
}

/** Look now and then whether it must be tried again; a running call is never touched. Who has logged in again has a new password to fetch. */
setInterval(() => {
  const over = lineState.value === "failed" || (session.value && line.value?.problem.value === "logged_out");
  if (wanted && over && !phoneCall.value) connect("browser");
}, AGAIN);

/** Let the phone go without hanging up: the call stays with whoever takes the desk over. */
export async function letGo() {
  wanted = false;
  clearTimeout(timer);
  const old = line.value;
  line.value = null;
  kind.value = null;
  await old?.stop();
}
