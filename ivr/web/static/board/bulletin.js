// The bulletin of a month: as a workbook, or on paper.
import { html, useState } from "../vendor/preact.js";
import { download } from "../shell/download.js";
import { day, nowIso } from "../shell/time.js";
import { t } from "../shell/words.js";
import { Button, TextInput, toast } from "../shell/ui.js";

/** The month before this one, of the hotline's zone. */
function lastMonth() {
  const [year, month] = day(nowIso()).split("-").map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`;
}

export function Bulletin() {
  const [month, setMonth] = useState(lastMonth);
  const [busy, setBusy] = useState("");
  const make = async (event) => {
    event.preventDefault();
    const format = event.submitter.value;
    setBusy(format);
    try {
      await download("/bulletin", { month, format }, `bulletin-${month}.${format}`);
    } catch (error) {
      toast(error.message, "bad");
    }
    setBusy("");
  };
  return html`<form class="board-bulletin" onSubmit=${make}>
    <${TextInput} label=${t("board.bulletin")} type="month" value=${month} onInput=${setMonth} min="2000-01" required />
    ${["pdf", "xlsx"].map((format) => html`<${Button} key=${format} type="submit" name="format" value=${format} disabled=${busy !== ""}>${busy === format ? t("board.bulletin.busy") : t(`board.bulletin.${format}`)}<//>`)}
  </form>`;
}
