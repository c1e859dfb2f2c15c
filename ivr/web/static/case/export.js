// The cases of a list as a sheet: asked for in a dialog, saved when it is made.
import { html, useState } from "../vendor/preact.js";
import { download } from "../shell/download.js";
import { may } from "../shell/session.js";
import { t } from "../shell/words.js";
import { Busy, Button, Dialog, Failure, Select } from "../shell/ui.js";

/** `filters`: as the list has them; for whoever may export. */
export function Export({ filters }) {
  const [open, setOpen] = useState(false);
  if (!may("supervisor", "liaison", "admin")) return null;
  return html`<${Button} onClick=${() => setOpen(true)}>${t("case.export")}<//>
    ${open && html`<${Asking} filters=${filters()} onClose=${() => setOpen(false)} />`}`;
}

function Asking({ filters, onClose }) {
  const [format, setFormat] = useState("xlsx");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState(null);
  const begin = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      await download("/cases/export", { ...filters, format }, `cases.${format}`);
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("case.export")} onClose=${onClose}><form onSubmit=${begin}>
    <p class="calls-hint">${t("case.export.about")}</p>
    ${failure && html`<${Failure} error=${failure} />`}
    <${Select} label=${t("case.export.format")} value=${format} onChange=${setFormat}
      options=${[{ value: "xlsx", label: "Excel (xlsx)" }, { value: "csv", label: "CSV" }]} />
    ${busy && html`<${Busy} />`}
    <div class="dialog-foot"><${Button} onClick=${onClose}>${t("shell.cancel")}<//>
      <${Button} kind="primary" type="submit" disabled=${busy}>${t("case.export.begin")}<//></div>
  </form><//>`;
}
