// What changes with the settings only: asked for once for all parts of a page, again after a while, and until it comes.
import { useEffect, useState } from "../vendor/preact.js";

const FRESH = 60_000; // ms
const AGAIN = 3000; // ms after a look that failed

/** A hook: what `ask()` told, [] until then. */
export function known(ask) {
  let [asked, at, last] = [null, 0, []];
  const told = () => {
    if (!asked || performance.now() - at > FRESH) [asked, at] = [ask(), performance.now()];
    return asked;
  };
  return () => {
    const [found, setFound] = useState(last);
    useEffect(() => {
      let timer = 0;
      let gone = false;
      const take = (now) => {
        last = now;
        if (!gone) setFound(now);
      };
      const miss = () => {
        asked = null;
        if (!gone) timer = setTimeout(look, AGAIN);
      };
      const look = () => told().then(take, miss);
      look();
      return () => {
        gone = true;
        clearTimeout(timer);
      };
    }, []);
    return found;
  };
}
