// Words that are typed and not sent yet: they stay in this tab, for this person, whatever becomes of page, login or network.
import { useState } from "../vendor/preact.js";
import { session } from "./session.js";

const PLACE = "hotline.typed.";

function read(place) {
  try {
    return JSON.parse(sessionStorage.getItem(place));
  } catch {
    return null;
  }
}

/** `[said, say, kept]`, like useState: `said` is kept as `name` until `kept(send)`, which is `send`, has done its work. */
export function useDraft(name, blank = "") {
  const [place] = useState(() => `${PLACE}${session.value?.user ?? ""}.${name}`);
  const [said, setSaid] = useState(() => read(place) ?? blank);
  const say = (next) => {
    setSaid(next);
    try {
      sessionStorage.setItem(place, JSON.stringify(next));
    } catch {
      // no room: it is on the screen still
    }
  };
  const kept = (send) => async (...with_) => {
    const answer = await send(...with_);
    sessionStorage.removeItem(place);
    return answer;
  };
  return [said, say, kept];
}
