// The supervisor's own phone in this page, for an account that has a number and a phone in the browser.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { t } from "../shell/words.js";
import { Badge, Button, Timer } from "../shell/ui.js";

const KINDS = { off: "idle", connecting: "warn", ready: "good", failed: "bad" };

export function OwnPhone() {
  const [phone, setPhone] = useState(null);
  useEffect(() => {
    let mine = null;
    let gone = false;
    begin().catch(() => null); // no phone of one's own: the telephone on the table rings
    async function begin() {
      const credentials = (await api.post("/desk/phone")).phone;
      if (credentials.kind !== "browser") return;
      const { createPhone } = await import("../phone/phone.js");
      if (gone) return;
      mine = createPhone();
      setPhone(mine);
      await mine.start(credentials);
    }
    return () => {
      gone = true;
      mine?.stop();
    };
  }, []);
  if (!phone) return null;
  const call = phone.call.value;
  const live = call && call.state !== "ended";
  return html`<section class="room-phone" aria-label=${t("room.own_phone")}>
    <span>${t("room.own_phone")}</span> <${Badge} kind=${KINDS[phone.state.value]}>${t(`room.phone_${phone.state.value}`)}<//>
    ${phone.problem.value && html`<span role="alert">${String(phone.problem.value.message ?? phone.problem.value)}</span>`}
    ${live && html`<${Timer} since=${call.since} />`}
    ${live && call.state === "ringing" && html`<${Button} kind="primary" onClick=${() => phone.answer()}>${t("room.answer")}<//>`}
    ${live && call.state !== "ringing" && html`<${Button} onClick=${() => phone.mute(!phone.muted.value)}>${t(phone.muted.value ? "room.unmute" : "room.mute")}<//>`}
    ${live && html`<${Button} kind="danger" onClick=${() => phone.hangup()}>${t("room.hang_up")}<//>`}
  </section>`;
}
