// What every section does: ask, show that it asks, say what went wrong, ask again.
import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { toast } from "../shell/ui.js";

/** `[data, failure, reload, put]`; `ask` is called again whenever one of `given` changes. An answer that was overtaken is not shown;
 * `put(data)`: what was told otherwise, and is newer than whatever was asked for before. */
export function useAsked(ask, given = []) {
  const [state, setState] = useState({ data: null, failure: null });
  const turns = useRef({ asked: 0, shown: 0 });
  const load = useCallback(async () => {
    const turn = ++turns.current.asked;
    const show = (next) => {
      if (turn < turns.current.shown) return;
      turns.current.shown = turn;
      setState(next);
    };
    try {
      const data = await ask();
      show({ data, failure: null });
    } catch (failure) {
      show((old) => ({ ...old, failure }));
    }
  }, given);
  useEffect(() => {
    load();
  }, [load]);
  const put = useCallback((data) => {
    turns.current.shown = ++turns.current.asked;
    setState({ data, failure: null });
  }, []);
  return [state.data, state.failure, load, put];
}

/** An action with `busy` while it runs; a refusal is told in the server's words. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const run = async (work) => {
    setBusy(true);
    try {
      return await work();
    } catch (failure) {
      toast(failure.message, "bad");
      return null;
    } finally {
      setBusy(false);
    }
  };
  return [busy, run];
}
