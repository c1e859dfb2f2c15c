// Before anything is written: the lines that change, why, and whether it shall come into force at once.
import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../shell/words.js";
import { Busy, Button, Check, Dialog, Failure, TextInput, toast } from "../../shell/ui.js";
import { judge, judged, save } from "./sheet.js";

/** Lines that begin with + or -; by sign and by colour. */
export const Difference = ({ lines }) => html`<pre class="settings-diff" tabindex="0" aria-label=${t("settings.difference")}>${(lines || t("settings.not_known")).split("\n").map(
  (line, n) => html`<span key=${n} class=${{ "+": "added", "-": "removed" }[line[0]] ?? ""}>${line}${"\n"}</span>`,
)}</pre>`;

export function Saving({ onClose, onApply }) {
  const [why, setWhy] = useState("");
  const [now, setNow] = useState(true);
  const [busy, setBusy] = useState(true);
  const [failure, setFailure] = useState(null);
  useEffect(() => {
    judge().catch(setFailure).finally(() => setBusy(false));
  }, []);
  const faults = judged.value.problems.length;
  const write = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      const written = await save(why.trim());
      onClose();
      toast(t(written ? "settings.saved" : "settings.look_again"), written ? "good" : "warn");
      if (written && now) onApply(why.trim());
    } catch (refusal) {
      setFailure(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("settings.look_and_save")} wide onClose=${onClose}>
    <form onSubmit=${write}>
      ${failure && html`<${Failure} error=${failure} />`}
      ${faults > 0 && html`<${Failure} error=${{ message: t("settings.faulty", { count: faults }) }} />`}
      ${busy && !judged.value.diff ? html`<${Busy} />` : html`<${Difference} lines=${judged.value.diff} />`}
      <${TextInput} label=${t("admin.why")} required maxlength="500" value=${why} onInput=${setWhy} />
      <${Check} label=${t("settings.apply_too")} checked=${now} onChange=${setNow} />
      <p class="muted">${t("settings.apply_hint")}</p>
      <div class="dialog-foot"><${Button} onClick=${onClose}>${t("settings.back")}<//>
        <${Button} kind="primary" type="submit" disabled=${busy || faults > 0}>${t("settings.save")}<//></div>
    </form>
  <//>`;
}
