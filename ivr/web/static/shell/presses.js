// Presses reach the server as they were made: none is lost because another is under way, and a double click is one press.
import { useRef } from "../vendor/preact.js";
import { toast } from "./overlays.js";

/** `work(kind, data)` → Promise; a refusal is told. Of one kind the last press wins; another kind waits for nothing. */
export function usePresses(work) {
  const lines = useRef(new Map()); // kind → what was pressed last, and when it is done
  return (kind, data = {}) => {
    const before = lines.current.get(kind);
    const said = JSON.stringify(data);
    if (before?.said === said) return;
    const mine = { said };
    lines.current.set(kind, mine);
    mine.done = Promise.resolve(before?.done)
      .then(() => work(kind, data))
      .catch((failure) => toast(failure.message, "bad"))
      .finally(() => lines.current.get(kind) === mine && lines.current.delete(kind));
  };
}
