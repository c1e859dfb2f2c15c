// The login has ended in the middle of a talk: the caller is not cut off. The phone stays until the talk is over, and so does the server's line for it.
import { computed, effect, html, render } from "../vendor/preact.js";
import { session } from "../shell/session.js";
import { t } from "../shell/words.js";
import { Button, useKeys, useStyle } from "../shell/ui.js";
import { letGo, line, phoneCall } from "./line.js";

const talks = computed(() => ["up", "held"].includes(phoneCall.value?.state));
export const lastTalk = computed(() => !session.value && talks.value);

function LastTalk() {
  useStyle("/static/desk/page.css");
  if (!lastTalk.value) return null;
  return html`<${Strip} />`;
}

function Strip() {
  const phone = line.value;
  const mute = () => phone.mute(!phone.muted.value);
  const hangUp = () => phone.hangup();
  useKeys(() => ({ F6: mute, F9: hangUp }));
  return html`<section class="desk-last-talk" aria-label=${t("desk.talking")}>
    <p role="alert">${t("desk.last_talk")}</p>
    <${Button} keys="F6" aria-pressed=${phone.muted.value} onClick=${mute}>${t(phone.muted.value ? "desk.unmute" : "desk.mute")}<//>
    <${Button} keys="F9" kind="danger" onClick=${hangUp}>${t("desk.hang_up")}<//>
  </section>`;
}

/** Beside whatever the shell shows; once neither a login nor a talk is left, the phone goes. */
export function showLastTalk() {
  const place = document.createElement("div");
  document.body.append(place);
  render(html`<${LastTalk} />`, place);
  let known = false;
  effect(() => {
    const needed = Boolean(session.value) || talks.value;
    if (known && !needed) queueMicrotask(letGo);
    known = needed;
  });
}
