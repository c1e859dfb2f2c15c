// A file that the server makes on demand, saved under a name; a refusal is told in its own words.
import { api } from "./api.js";

const SECONDS = 600; // that making and carrying it may take

export async function download(path, query, name) {
  const address = URL.createObjectURL(await api.blob(path, query, SECONDS));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser has begun to save it
}
