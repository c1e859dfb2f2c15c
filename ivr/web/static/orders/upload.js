// Photographs and papers: chosen or taken, shown at once, sent with progress, one after the other: all at once, through
// the network of a street, each would take longer than the server waits. What went wrong is said beside the file.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { ApiError } from "../shell/api.js";
import { session } from "../shell/session.js";
import { language, t } from "../shell/words.js";
import { Button } from "../shell/ui.js";

export const TYPES = ["image/jpeg", "image/png", "image/webp", "application/pdf"];
export const MOST = 12; // files of one result
export const LARGEST = 16; // MiB of one file
const STALLED = 60_000; // ms in which nothing of a file went on
const LONGEST = 120; // characters of a name
const UNDER_WAY = ["waiting", "sending"];
const LATER = [408, 429]; // too slow, too many: it may go well later

/** The one thing that fetch cannot do is to say how far it is. */
export function send(path, file, onProgress) {
  const way = new XMLHttpRequest();
  let [watch, stalled] = [0, false];
  const goesOn = () => {
    clearTimeout(watch);
    watch = setTimeout(() => {
      stalled = true;
      way.abort();
    }, STALLED);
  };
  const done = new Promise((resolve, reject) => {
    way.open("POST", `/api/v1${path}`);
    way.responseType = "json";
    way.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    way.setRequestHeader("Accept-Language", language.value);
    way.setRequestHeader("X-CSRF-Token", session.value?.csrf ?? "");
    way.upload.onprogress = (event) => {
      goesOn();
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    way.onload = () => (way.status < 300 ? resolve(way.response) : reject(new ApiError(way.status, way.response?.error ?? { id: "internal", message: t("shell.no_answer", { status: way.status }) })));
    way.onerror = () => reject(new ApiError(0, { id: "unreachable", message: t("shell.unreachable") }));
    way.onabort = () => reject(new ApiError(0, stalled ? { id: "timeout", message: t("shell.timeout") } : { id: "aborted", message: "" }));
    way.onloadend = () => clearTimeout(watch);
    goesOn();
    way.send(file);
  });
  return { done, stop: () => way.abort() };
}

function Piece({ one, onRemove, onRetry }) {
  const percent = Math.round(100 * one.progress);
  return html`<li class="orders-piece">
    ${one.url ? html`<img src=${one.url} alt=${one.name} />` : html`<span class="orders-paper">${one.name}</span>`}
    ${one.state === "waiting" && html`<span class="orders-when">${t("orders.file_waits")}</span>`}
    ${one.state === "sending" && html`<progress max="100" value=${percent} aria-label=${t("orders.sending", { name: one.name })}>${percent} %</progress>`}
    ${one.state === "sent" && html`<span class="orders-sent">✓ ${t("orders.sent")}</span>`}
    ${one.state === "wrong" && html`<span class="orders-wrong" role="alert">✖ ${one.why}</span>`}
    ${one.state === "wrong" && one.again && html`<${Button} onClick=${onRetry}>${t("shell.retry")}<//>`}
    <${Button} kind="quiet" label=${t("orders.remove_file", { name: one.name })} onClick=${onRemove}>✕<//>
  </li>`;
}

/** `onChange(files, busy)`: those that the server has, [{id, name, type, bytes, sha256}], and whether one is under way. */
export function Upload({ id, onChange }) {
  const [pieces, setPieces] = useState([]);
  const ways = useRef(new Map());
  const count = useRef(0);
  const change = (key, more) => setPieces((old) => old.map((one) => (one.key === key ? { ...one, ...more } : one)));
  useEffect(() => onChange(pieces.filter((one) => one.state === "sent").map((one) => one.file), pieces.some((one) => UNDER_WAY.includes(one.state))), [pieces]);
  useEffect(() => {
    const next = pieces.find((one) => one.state === "waiting");
    if (next && !pieces.some((one) => one.state === "sending")) begin(next);
  }, [pieces]);
  useEffect(() => () => ways.current.forEach((way) => way.stop()), []);

  const begin = async ({ key, source: file }) => {
    change(key, { state: "sending" });
    const way = send(`/orders/${encodeURIComponent(id)}/files?name=${encodeURIComponent([...file.name].slice(-LONGEST).join(""))}`, file, (progress) => change(key, { progress }));
    ways.current.set(key, way);
    try {
      change(key, { state: "sent", file: (await way.done).file });
    } catch (failure) {
      change(key, { state: "wrong", why: failure.message, again: !failure.status || failure.status >= 500 || LATER.includes(failure.status) });
    }
  };
  const add = (event) => {
    let room = MOST - pieces.filter((one) => one.state !== "wrong" || one.again).length;
    const chosen = [...event.target.files].map((file) => {
      const why = !TYPES.includes(file.type) ? t("orders.wrong_type") : file.size > LARGEST * 2 ** 20 ? t("orders.too_large", { most: LARGEST }) : --room < 0 ? t("orders.too_many", { most: MOST }) : "";
      const url = file.type.startsWith("image/") ? URL.createObjectURL(file) : "";
      return { key: ++count.current, name: file.name, source: file, url, progress: 0, state: why ? "wrong" : "waiting", why };
    });
    event.target.value = "";
    setPieces((old) => [...old, ...chosen]);
  };
  const remove = (one) => {
    ways.current.get(one.key)?.stop();
    if (one.url) URL.revokeObjectURL(one.url);
    setPieces((old) => old.filter((each) => each.key !== one.key));
  };
  const again = (one) => change(one.key, { state: "waiting", progress: 0, why: "" });
  return html`<div class="field"><label for="orders-files">${t("orders.files")}</label>
    <input type="file" id="orders-files" accept=${TYPES.join(",")} multiple onChange=${add} aria-describedby="orders-files-note" />
    <p class="field-note" id="orders-files-note">${t("orders.files_note", { most: MOST, large: LARGEST })}</p>
    <ul class="orders-pieces" aria-live="polite">${pieces.map((one) => html`<${Piece} key=${one.key} one=${one} onRemove=${() => remove(one)} onRetry=${() => again(one)} />`)}</ul>
  </div>`;
}
