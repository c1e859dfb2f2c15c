// Hold, resume, and a new socket in mid-call: one re-INVITE after the other. A second one beside the first, or one that is sent while the
// socket is lost, would end the call.

const BUSY = 100; // ms until it is tried again where Asterisk's own re-INVITE stands in the way (RFC 3261, 14.1)
const REFUSED = 500; // ms until it is tried again after Asterisk itself has said so
const PASSING = [491, 500]; // another one is pending there: one whose answer went to a lost socket, too

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
    const next = () => again(session);
    const how = other ? (held ? "hold" : "unhold") : "renegotiate";
    if (session[how]({ useUpdate: false }, next)) moved = false;
    else setTimeout(next, BUSY);
  }

  function again(session) {
    if (session !== reached()) return;
    settling = false;
    settle();
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
    /** What Asterisk cannot do at this moment ends no talk: JsSIP would hang up. */
    guard(session) {
      const send = session._sendReinvite.bind(session);
      session._sendReinvite = ({ eventHandlers, ...more }) => {
        const failed = (answer) => {
          if (!PASSING.includes(answer?.status_code)) return eventHandlers.failed(answer);
          moved = true; // for JsSIP it is done: it is said anew
          return setTimeout(() => again(session), REFUSED);
        };
        send({ ...more, eventHandlers: { ...eventHandlers, failed } });
      };
    },
    over() {
      held = moved = settling = false;
    },
  };
}
