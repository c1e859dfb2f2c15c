// Calls as a sheet: asked for, watched, taken.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { t } from "../shell/words.js";
import { Button, Check, Dialog, Failure, Select, TextInput } from "../shell/ui.js";

const LOOK = 400; // ms between two looks
const LATER = 3000; // ms, after one that failed

export function ExportDialog({ filters, onClose }) {
  const [format, setFormat] = useState("xlsx");
  const [full, setFull] = useState(false);
  const [reason, setReason] = useState("");
  const [made, setMade] = useState(null);
  const [failure, setFailure] = useState(null);
  const running = made?.state === "running";

  const begin = async (event) => {
    event.preventDefault();
    setFailure(null);
    const why = reason.trim();
    try {
      setMade((await api.post("/exports", { format, full, filters, ...(why ? { reason: why } : {}) })).export);
    } catch (error) {
      setFailure(error);
    }
  };
  useEffect(() => {
    if (!running) return undefined;
    const told = (answer) => {
      setFailure(null);
      setMade(answer.export);
    };
    const missed = (error) => {
      setFailure(error);
      if (!error.status || error.status >= 500) setMade({ ...made }); // it goes on there: look again
    };
    const timer = setTimeout(() => api.get(`/exports/${made.id}`).then(told, missed), failure ? LATER : LOOK);
    return () => clearTimeout(timer);
  }, [made]);
  const close = () => {
    if (running) api.del(`/exports/${made.id}`).catch(() => null);
    onClose();
  };
  return html`<${Dialog} title=${t("calls.export")} onClose=${close}>
    ${(failure || made?.error) && html`<${Failure} error=${failure ?? made.error} />`}
    ${!made || made.state === "failed"
      ? html`<form onSubmit=${begin}>
          <p class="calls-hint">${t("calls.export.about")}</p>
          <${Select} label=${t("calls.export.format")} value=${format} onChange=${setFormat}
            options=${[{ value: "xlsx", label: "Excel (xlsx)" }, { value: "csv", label: "CSV" }]} />
          <${Check} label=${t("calls.export.full")} checked=${full} onChange=${setFull} />
          <${TextInput} label=${t("calls.reason")} value=${reason} onInput=${setReason} required=${full} maxlength="500" />
          <div class="dialog-foot"><${Button} onClick=${close}>${t("shell.cancel")}<//>
            <${Button} kind="primary" type="submit">${t("calls.export.begin")}<//></div>
        </form>`
      : html`<p role="status">${t(`calls.export.${made.state}`, { rows: made.rows, total: made.total ?? "…" })}</p>
          <progress class="calls-progress" aria-label=${t("calls.export")} max=${made.total || 1} value=${made.state === "ready" ? made.total || 1 : made.rows}></progress>
          <div class="dialog-foot"><${Button} onClick=${close}>${t(running ? "calls.export.stop" : "shell.close")}<//>
            ${made.url && html`<a class="button primary" href=${made.url} download>${t("calls.export.take")}</a>`}</div>`}
  <//>`;
}
