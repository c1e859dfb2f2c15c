// The case of a call that still rings: another desk's operator has written it, so nobody asks the caller again (R43).
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { t } from "../shell/words.js";
import { Badge } from "../shell/ui.js";
import { nameOfClass, useClasses } from "./form.js";
import { KINDS } from "./panel.js";

const SHOWN = ["cause", "place", "happened", "name", "course", "text"];

/** `revision`: of the case as the live view tells it; it may come before the call or after. */
export function Coming({ call, revision }) {
  const classes = useClasses();
  const [one, setOne] = useState(null);
  useEffect(() => {
    let gone = false;
    api.get(`/calls/${encodeURIComponent(call)}/case`).then((answer) => gone || setOne(answer.case), () => {}); // the call rings all the same
    return () => (gone = true);
  }, [call, revision]);
  if (!one) return null;
  const { matter } = one;
  return html`<section class="case-coming" aria-label=${t("case.coming")} role="status">
    <p><span class="case-number">${one.number}</span> <${Badge} kind=${KINDS[one.state]}>${t(`case.state.${one.state}`)}<//>
      ${matter.urgency !== "general" && html` <${Badge} kind="warn">${t(`case.urgency.${matter.urgency}`)}<//>`}</p>
    ${one.emergency && html`<p class="case-emergency">${t("case.emergency_set", { danger: t(`case.danger.${one.emergency.danger}`) })}</p>`}
    <dl class="case-facts">
      ${matter.class_code && html`<dt>${t("case.note_class_code")}</dt><dd>${nameOfClass(classes, matter.class_code)}</dd>`}
      ${SHOWN.filter((name) => matter[name]).map((name) => html`<dt key=${name}>${t(`case.note_${name}`)}</dt><dd>${matter[name]}</dd>`)}
    </dl>
  </section>`;
}
