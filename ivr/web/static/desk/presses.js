// What was pressed last is what counts: until the server's picture shows what came of a press, a second one is no second order.
import { effect, signal } from "../vendor/preact.js";

const LATE = 2000; // ms after an answer, until then the picture has it: a few frames

const wishes = new Map(); // name → signal of what was pressed last

/** Until the picture, or whatever signals `shown` looks at, has come to be so; not longer than LATE. */
export function seen(shown) {
  return new Promise((resolve) => {
    let stop = () => {};
    const timer = setTimeout(() => done(), LATE);
    const done = () => {
      clearTimeout(timer);
      queueMicrotask(() => stop());
      resolve();
    };
    stop = effect(() => shown() && done());
  });
}

/** Things that are on or off at the far end of an order. `shows()`: how it stands in the picture; `order(on)` → whether it was done. */
export async function toggle(name, shows, order) {
  const known = wishes.get(name);
  if (known) return void (known.value = !known.value);
  const wanted = signal(!shows());
  wishes.set(name, wanted);
  for (let done = !wanted.value; wanted.value !== done; ) {
    done = wanted.value;
    if (!(await order(done))) break;
    await seen(() => shows() === done || wanted.value !== done);
  }
  wishes.delete(name);
}
