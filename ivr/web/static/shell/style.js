import { useEffect } from "../vendor/preact.js";

/** A page's own style sheet, once. */
export function useStyle(href) {
  useEffect(() => {
    if (document.querySelector(`link[href="${href}"]`)) return;
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  }, [href]);
}
