// Hold, resume, and a new socket in mid-call: one re-INVITE after the other. A second one beside the first, or one that is sent while the
// socket is lost, would end the call.

const BUSY = 100; // ms until it is tried again where Asterisk's own re-INVITE stands in the way (RFC 3261, 14.1)

/** `reached()`: the session; null without a call, and while Asterisk cannot be reached. */
export function createReinvites(reached) {
  let held = false; // what was pressed last
  let moved = false; // Asterisk has to learn the new socket
  let settling = false; // one is on its way

  /** Until the call is as it was pressed last. */
  function settle() {
    const session = reached();
    const other = session && session.isOnHold().local !== held;
    if (!session || settling || !(other || moved)) return;
    settling = true;
    const again = () => {
      if (session !== reached()) return;
      settling = false;
      settle();
    };
    const how = other ? (held ? "hold" : "unhold") : "renegotiate";
    if (session[how]({ useUpdate: false }, again)) moved = false;
    else setTimeout(again, BUSY);
  }

  return {
    get held() {
      return held;
    },
    hold(wanted) {
      held = wanted;
      settle();
    },
    /** The socket is back: an answer that was awaited went to the old one. */
    back() {
      moved = true;
      settling = false;
      settle();
    },
    over() {
      held = moved = settling = false;
    },
  };
}
