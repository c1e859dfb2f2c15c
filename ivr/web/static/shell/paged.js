// A list that is read page by page. An answer that a later question overtook is not shown.
import { useLayoutEffect, useRef, useState } from "../vendor/preact.js";

const NOTHING = { pages: null, failure: null, busy: false };

/** `ask(before)` → Promise of a page, whose `next` asks for the one after it; asked anew whenever one of `given` changes.
 * `{pages, failure, busy, more, retry, look}`: `pages` is null before the first; `more` is null after the last; `look`
 * reads the first page again, unless somebody reads on or waits. */
export function usePages(ask, given) {
  const [state, setState] = useState(NOTHING);
  const turn = useRef(0);
  const newest = useRef(state);
  newest.current = state;

  const read = async (before) => {
    const mine = ++turn.current;
    const show = (next) => mine === turn.current && setState(next);
    setState((old) => ({ ...old, failure: null, busy: true, asked: before }));
    try {
      const page = await ask(before);
      show((old) => ({ ...NOTHING, pages: [...(before ? old.pages : []), page] }));
    } catch (failure) {
      show((old) => ({ ...old, failure, busy: false }));
    }
  };
  const look = async () => {
    const { pages, busy } = newest.current;
    if (busy || pages?.length > 1) return;
    const mine = ++turn.current;
    const show = (next) => mine === turn.current && setState(next);
    await ask().then((page) => show({ ...NOTHING, pages: [page] }), (failure) => show((old) => ({ ...old, failure })));
  };
  useLayoutEffect(() => {
    setState(NOTHING); // nothing of another question is painted
    read();
  }, given);
  const next = state.pages?.at(-1).next;
  return { ...state, more: next ? () => read(next) : null, retry: () => read(state.failure ? state.asked : undefined), look };
}
