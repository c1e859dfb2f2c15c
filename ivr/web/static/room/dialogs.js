// What a supervisor does: listen to a call, change an operator's state and skills. The server says who may.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { session } from "../shell/session.js";
import { skillWords, t } from "../shell/words.js";
import { Button, Check, Dialog, TextInput, toast } from "../shell/ui.js";
import { shownCaller } from "./people.js";

const MODES = ["listen", "whisper", "barge", "join"];

async function order(act, done = "room.done") {
  try {
    await act();
    toast(t(done), "good");
    return true;
  } catch (failure) {
    toast(failure.message, "bad");
    return false;
  }
}

export function CallDialog({ call, onClose }) {
  const at = `/calls/${call.id}/supervision`;
  const own = Boolean(session.value?.number);
  const begin = (mode) => order(() => api.post(at, { mode }), "room.asked");
  return html`<${Dialog} title=${t("room.call_title", { caller: shownCaller(call) })} onClose=${onClose}>
    ${!own && html`<p>${t("room.no_own_phone")}</p>`}
    <div class="room-modes">
      ${MODES.map((mode) => html`<${Button} key=${mode} disabled=${!own} onClick=${() => begin(mode)}>${t(`room.${mode}`)}<//>`)}
      <${Button} kind="danger" disabled=${!own} onClick=${() => order(() => api.del(at))}>${t("room.end_supervision")}<//>
    </div>
  <//>`;
}

export function OperatorDialog({ operator, onClose }) {
  const at = `/operators/${operator.number}`;
  const [reason, setReason] = useState("");
  const [own, setOwn] = useState(null); // skills that may be chosen, and those of today
  useEffect(() => {
    api.get("/operators").then(({ operators }) => {
      const all = [...new Set(operators.flatMap((one) => one.skills))].sort();
      setOwn({ all, chosen: operators.find((one) => one.number === operator.number)?.skills ?? [] });
    }, () => setOwn({ all: [], chosen: [] }));
  }, [operator.number]);
  const choose = (skill, yes) => setOwn({ ...own, chosen: yes ? [...own.chosen, skill] : own.chosen.filter((one) => one !== skill) });
  return html`<${Dialog} title=${t("room.operator_title", operator)} onClose=${onClose}>
    <div class="room-modes">
      <${Button} onClick=${() => order(() => api.post(`${at}/ready`))}>${t("room.set_ready")}<//>
    </div>
    <${TextInput} label=${t("room.pause_reason")} value=${reason} onInput=${setReason} maxlength="64" />
    <div class="room-modes"><${Button} onClick=${() => order(() => api.post(`${at}/pause`, reason ? { reason } : {}))}>${t("room.set_paused")}<//></div>
    <fieldset class="room-skills"><legend>${t("room.skills")}</legend>
      ${own?.all.length === 0 && html`<p>${t("room.no_skills")}</p>`}
      ${own?.all.map((skill) => html`<${Check} key=${skill} label=${skillWords(skill)} checked=${own.chosen.includes(skill)} onChange=${(yes) => choose(skill, yes)} />`)}
      <${Button} kind="primary" disabled=${!own?.chosen.length} onClick=${() => order(() => api.put(`${at}/skills`, { skills: own.chosen }))}>${t("room.save_skills")}<//>
    </fieldset>
  <//>`;
}
