// A recording by the browser's microphone, heard before it is sent.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../shell/words.js";
import { Button, toast } from "../shell/ui.js";
import { mmss } from "../shell/time.js";

/** `onChange(blob or null)`: a file that was chosen or what was recorded. */
export function SoundSource({ onChange, id = "sound" }) {
  const [recording, setRecording] = useState(null);
  const [seconds, setSeconds] = useState(0);
  const [url, setUrl] = useState(null);
  const live = useRef(null);
  useEffect(() => () => live.current?.stream.getTracks().forEach((track) => track.stop()), []);
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);
  useEffect(() => {
    if (!recording) return undefined;
    const began = Date.now();
    const ticking = setInterval(() => setSeconds((Date.now() - began) / 1000), 250);
    return () => clearInterval(ticking);
  }, [recording]);

  const take = (blob) => {
    setUrl(blob ? URL.createObjectURL(blob) : null);
    onChange(blob);
  };
  const start = async () => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const recorder = new MediaRecorder(stream);
      const pieces = [];
      recorder.ondataavailable = (event) => pieces.push(event.data);
      recorder.onstop = () => {
        stream.getTracks().forEach((track) => track.stop());
        take(new Blob(pieces, { type: recorder.mimeType || "audio/webm" }));
      };
      recorder.start();
      live.current = recorder;
      setSeconds(0);
      setRecording(recorder);
    } catch {
      toast(t("admin.no_microphone"), "bad");
    }
  };
  const stop = () => {
    recording.stop();
    setRecording(null);
  };
  return html`<div class="sound-source">
    <div class="row">
      ${recording
        ? html`<${Button} kind="danger" onClick=${stop}>■ ${t("admin.record_stop")} ${mmss(seconds)}<//>`
        : html`<${Button} onClick=${start} disabled=${!navigator.mediaDevices}>● ${t("admin.record")}<//>`}
      <label class="file" for=${id}>${t("admin.or_file")}
        <input id=${id} type="file" accept="audio/*,video/webm" onChange=${(event) => take(event.target.files[0] ?? null)} /></label>
    </div>
    ${url && html`<audio src=${url} controls aria-label=${t("admin.your_sound")}></audio>`}
  </div>`;
}
