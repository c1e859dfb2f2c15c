// Who is in the call, and who speaks.
import { html } from "../vendor/preact.js";
import { t, text } from "../shell/words.js";
import { Button, Timer } from "../shell/ui.js";
import * as acts from "./acts.js";
import { callerWords } from "./callcard.js";
import { line } from "./line.js";
import { call } from "./state.js";

function nameOf(leg) {
  if (leg.mine) return t("desk.me");
  if (leg.role === "caller") return t("desk.caller");
  return text(leg.name) || `${t(`desk.role.${leg.role}`)} ${leg.party}`;
}

const Speaking = ({ speaking, silent }) => html`<span class=${speaking ? "speaks now" : "speaks"}>
  <span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>
  <span>${speaking ? t("desk.speaks") : silent}</span>
</span>`;

function Tile({ leg }) {
  const name = nameOf(leg);
  const muted = leg.mine && line.value ? line.value.muted.value : leg.muted;
  const quiet = leg.state !== "up" ? t(`desk.leg.${leg.state}`) : muted ? t("desk.muted") : t("desk.silent");
  return html`<li class=${`tile ${leg.role} ${leg.state} ${leg.speaking && !muted ? "speaking" : ""}`} data-party=${leg.party} data-role=${leg.role}>
    <p class="tile-role">${t(`desk.role.${leg.role}`)}</p>
    <p class="tile-name">${name}</p>
    <p class="tile-party">${leg.role === "caller" ? callerWords(leg.party) : leg.party} · <${Timer} since=${leg.since} /></p>
    <${Speaking} speaking=${leg.state === "up" && leg.speaking && !muted} silent=${quiet} />
    <div class="tile-acts">
      ${leg.state === "up" && !leg.mine && html`<${Button} aria-pressed=${muted} label=${t(muted ? "desk.unmute_party" : "desk.mute_party", { name })} onClick=${() => acts.muteLeg(leg)}>${t(muted ? "desk.unmute" : "desk.mute")}<//>`}
      ${leg.role !== "caller" && !leg.mine && leg.state === "up" && html`<${Button} label=${t("desk.remove_party", { name })} onClick=${() => acts.remove(leg, name)}>${t("desk.remove")}<//>`}
    </div>
  </li>`;
}

const ORDER = ["caller", "operator"];
const place = (leg) => (leg.mine ? 1.5 : ORDER.includes(leg.role) ? ORDER.indexOf(leg.role) + 1 : 3);

export const Parties = () => html`<ul class="tiles" aria-label=${t("desk.parties")}>
  ${[...call.value.legs].sort((a, b) => place(a) - place(b)).map((leg) => html`<${Tile} key=${leg.id} leg=${leg} />`)}
</ul>`;
