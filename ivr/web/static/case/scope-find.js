// Matters of the scope lists, found while somebody types: each pause asks, and only the last answer counts.
import { useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";

const PAUSE = 150; // ms after the last key

/** `[items, failure, again]` for a query of GET /scope; items are null before the first answer. `off`: nothing is asked. */
export function useFound(query, off = false) {
  const [state, setState] = useState([null, null]);
  const [turn, setTurn] = useState(0);
  const asked = JSON.stringify(query);
  useEffect(() => {
    if (off) return setState([null, null]);
    let over = false;
    const wanted = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
    const timer = setTimeout(() => {
      api.get("/scope", wanted).then(
        (answer) => over || setState([answer.items, null]),
        (failure) => over || setState(([items]) => [items, failure]),
      );
    }, PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [asked, off, turn]);
  return [...state, () => setTurn((old) => old + 1)];
}
