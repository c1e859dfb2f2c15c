import { html } from "../vendor/preact.js";
import { mmss, now, since } from "../shell/time.js";
import { t, text } from "../shell/words.js";
import { Badge, Button, Dialog, Timer } from "../shell/ui.js";
import * as acts from "./acts.js";
import { KEYS } from "./keys.js";
import { lineState } from "./line.js";
import { call, view } from "./state.js";

const MOODS = { available: "good", talking: "info", ringing: "warn", paused: "warn", "wrap-up": "warn", unreachable: "bad" };
const LINES = { ready: "good", desk: "good", connecting: "warn", off: "idle", failed: "bad" };

export const reasonWords = (id) => text(view.value?.pause_reasons.find((each) => each.id === id)) || id || "";

function left() {
  const until = view.value.me.wrap_up_until;
  return until ? mmss((Date.parse(until) - now.value) / 1000) : null;
}

export function StatusBar({ open }) {
  const { me, queues } = view.value;
  const away = ["paused", "wrap-up"].includes(me.state);
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0);
  const longest = queues.map((queue) => queue.longest_since).filter(Boolean).sort()[0];
  return html`<section class="desk-status" aria-label=${t("desk.my_state")}>
    <div class="desk-me" role="status">
      <${Badge} kind=${MOODS[me.state] ?? "idle"}>${t(`desk.state.${me.state}`)}${me.state === "paused" && me.reason ? ` · ${reasonWords(me.reason)}` : ""}<//>
    </div>
    ${me.state === "wrap-up" && left() ? html`<span class="desk-left">${t("desk.left")} <span class="timer">${left()}</span></span>` : html`<${Timer} since=${me.since} />`}
    ${away && html`<${Button} kind="primary" keys=${KEYS.ready} onClick=${acts.ready} disabled=${Boolean(call.value)}>${t("desk.ready")}<//>`}
    ${me.state !== "paused" && html`<${Button} keys=${KEYS.pause} onClick=${() => open("pause")}>${t("desk.pause")}<//>`}
    ${me.state === "available" && html`<${Button} onClick=${acts.wrapUp}>${t("desk.wrap_up")}<//>`}
    <span class="desk-space"></span>
    <span class="desk-queue">${t("desk.waiting")} <strong class=${waiting ? "some" : ""}>${waiting}</strong>${longest && html` · ${t("desk.longest")} <span class="timer">${mmss(since(longest))}</span>`}${" · "}${t("desk.ready_operators")} <strong>${view.value.ready_operators}</strong></span>
    <${Badge} kind=${LINES[lineState.value]}>${t(`desk.line.${lineState.value}`)}<//>
    <${Button} kind="quiet" onClick=${() => open("summary")}>${t("desk.summary")}<//>
    <${Button} kind="quiet" keys=${KEYS.help} onClick=${() => open("help")}>${t("desk.keys")}<//>
  </section>`;
}

export const PauseDialog = ({ onClose }) => html`<${Dialog} title=${t("desk.pause_why")} onClose=${onClose}>
  <div class="desk-reasons">
    ${view.value.pause_reasons.map(
      (reason) => html`<${Button} key=${reason.id} onClick=${() => acts.pause(reason.id).then(onClose)}>${text(reason)}<//>`,
    )}
  </div>
  ${call.value && html`<p class="desk-hint">${t("desk.pause_after")}</p>`}
<//>`;
