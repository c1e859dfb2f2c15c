// What every section does: ask, show that it asks, say what went wrong, ask again.
import { useCallback, useEffect, useState } from "../vendor/preact.js";
import { toast } from "../shell/ui.js";

/** `[data, failure, reload]`; `ask` is called again whenever one of `given` changes. */
export function useAsked(ask, given = []) {
  const [state, setState] = useState({ data: null, failure: null });
  const load = useCallback(async () => {
    try {
      setState({ data: await ask(), failure: null });
    } catch (failure) {
      setState((old) => ({ ...old, failure }));
    }
  }, given);
  useEffect(() => {
    load();
  }, [load]);
  return [state.data, state.failure, load];
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
