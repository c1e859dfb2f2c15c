// The beginning of a shift: skills of today, the headset, then ready.
import { html, useEffect, useState } from "../vendor/preact.js";
import { session } from "../shell/session.js";
import { skillWords, t } from "../shell/words.js";
import { Busy, Button, Check, Select } from "../shell/ui.js";
import * as acts from "./acts.js";
import { Banners } from "./banners.js";
import { connect, headset, line, lineState } from "./line.js";
import { view } from "./state.js";

const KEPT = "hotline.desk.checked";
const HOURS = 12; // a shift: within it a reload is asked nothing

export function dayChecked() {
  try {
    const { user, at } = JSON.parse(localStorage.getItem(KEPT));
    return user === session.value?.user && Date.now() - at < HOURS * 3600_000;
  } catch {
    return false;
  }
}
const checked = () => localStorage.setItem(KEPT, JSON.stringify({ user: session.value.user, at: Date.now() }));

function Headset() {
  const phone = line.value;
  const [found, setFound] = useState({ microphones: [], speakers: [] });
  const [chosen, setChosen] = useState({});
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    headset()
      .then((ready) => ready.devices())
      .then(setFound, (failure) => setTrouble(failure.message ?? String(failure)));
  }, []);
  if (!phone) return trouble ? html`<p class="desk-banner bad" role="alert">${trouble}</p>` : html`<${Busy} />`;
  const choose = (what) => {
    setChosen({ ...chosen, ...what });
    phone.choose(what);
  };
  const options = (devices) => (devices ?? []).map((each) => ({ value: each.id ?? each.deviceId, label: each.label || t("desk.device") }));
  return html`<div class="headset">
    <${Select} label=${t("desk.microphone")} value=${chosen.microphone} options=${options(found.microphones)} onChange=${(microphone) => choose({ microphone })} />
    <div class="level"><span id="level">${t("desk.level")}</span>
      <meter aria-labelledby="level" min="0" max="1" low="0.05" value=${phone.level.value}></meter>
      <span>${t(phone.level.value > 0.02 ? "desk.level_heard" : "desk.level_silent")}</span></div>
    ${found.speakers?.length > 0 && html`<${Select} label=${t("desk.speaker")} value=${chosen.speaker} options=${options(found.speakers)} onChange=${(speaker) => choose({ speaker })} />`}
    <${Button} onClick=${() => phone.testTone()}>${t("desk.test_tone")}<//>
    ${trouble && html`<p class="desk-banner bad" role="alert">${t("desk.phone_problem", { why: trouble })}</p>`}
  </div>`;
}

export function DayCheck({ onReady }) {
  const { me, phone } = view.value;
  const own = me.own_skills ?? me.skills;
  const [skills, setSkills] = useState(me.skills);
  const [waiting, setWaiting] = useState(false);
  const toggle = (skill, on) => setSkills(own.filter((each) => (each === skill ? on : skills.includes(each))));
  const begin = async (takesCalls) => {
    setWaiting(true);
    if (skills.join() !== me.skills.join()) await acts.skills(skills);
    const reason = view.value.pause_reasons[0]?.id;
    if (!takesCalls && reason) await acts.pause(reason);
    await connect(phone);
    if (takesCalls) await acts.ready();
    globalThis.Notification?.permission === "default" && Notification.requestPermission().catch(() => null);
    checked();
    onReady();
  };
  return html`<section class="desk-alone card day" aria-labelledby="day">
    <h1 id="day">${t("desk.day", { name: me.name || me.number })}</h1>
    <${Banners} />
    <fieldset><legend>${t("desk.skills")}</legend>
      ${own.map((skill) => html`<${Check} key=${skill} label=${skillWords(skill)} checked=${skills.includes(skill)} onChange=${(on) => toggle(skill, on)} />`)}
      ${skills.length === 0 && html`<p class="field-note" role="alert">${t("desk.skills_none")}</p>`}
    </fieldset>
    <fieldset><legend>${t("desk.headset")}</legend>
      ${phone === "browser" ? html`<${Headset} />` : html`<p>${t("desk.desk_phone", { number: me.number })}</p>`}
    </fieldset>
    <div class="desk-next">
      <${Button} kind="primary" disabled=${waiting || skills.length === 0} onClick=${() => begin(true)}>${t("desk.begin")}<//>
      <${Button} disabled=${waiting} onClick=${() => begin(false)}>${t("desk.begin_paused")}<//>
    </div>
    ${waiting && html`<p role="status">${t(`desk.line.${lineState.value}`)}</p>`}
  </section>`;
}
