// Sounds that are asked for with the session, and played by the browser's own player.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { t } from "../shell/words.js";
import { Button } from "../shell/ui.js";
import { useAction } from "./loading.js";

/** A button that fetches (`blob`: () => Promise<Blob>), then plays. */
export function Listen({ blob, label, words }) {
  const [url, setUrl] = useState(null);
  const [busy, run] = useAction();
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);
  const play = () => run(async () => setUrl(URL.createObjectURL(await blob())));
  return html`<span class="listen"><${Button} disabled=${busy} onClick=${play} label=${label}>▶ ${words ?? t("admin.listen")}<//>
    ${url && html`<audio key=${url} src=${url} controls autoplay aria-label=${label}></audio>`}</span>`;
}

export const spoken = (language, text) => () => api.blob("/speech", { language, text });
