// What is known of whose matter a case is: the desk that is proposed, with its reason (R31, R46); what a caller is told
// whose matter is of neither desk (R34); the consultation that is due.
import { html } from "../vendor/preact.js";
import { Link } from "../shell/router.js";
import { t, text } from "../shell/words.js";
import { Button, usePresses } from "../shell/ui.js";

/** What one press does about it now: an event, or null where there is nothing to press. */
function press(one) {
  const { suggestion, negotiation, desk, may } = one;
  const { owners } = suggestion;
  if (negotiation && !negotiation.decided && may.includes("proposed") && negotiation.desks.includes(desk)) {
    if (!owners.every((each) => negotiation.desks.includes(each))) return null;
    const whose = owners.length > 1 ? "both" : owners[0] === desk ? "ours" : "yours";
    if (negotiation.proposals[desk]?.whose === whose) return null;
    return { kind: "proposed", data: { whose }, label: t("case.suggest_propose") };
  }
  const other = owners.find((each) => each !== desk);
  const there = one.owners.includes(other) || one.offers.some((offer) => offer.to === other && offer.state === "sent");
  if (!one.others.includes(other) || there || !may.includes("offered") || !one.owners.includes(desk)) return null;
  return { kind: "offered", data: { to: other, way: "online" }, label: t("case.offer", { desk: other }) };
}

function Suggestion({ one, act }) {
  const run = usePresses(act);
  const { suggestion } = one;
  if (!suggestion || (one.decision && [...one.owners].sort().join() === [...suggestion.owners].sort().join())) return null; // done as proposed
  const next = press(one);
  return html`<div class="case-suggestion" data-by=${suggestion.by} data-owners=${suggestion.owners.join(" ")} role="status">
    <p><strong>${t("case.suggest", { owners: suggestion.owners.join(t("case.and")) })}</strong> ${text(suggestion.reason)}</p>
    ${next && html`<${Button} onClick=${() => run(next.kind, next.data)}>${next.label}<//>`}
  </div>`;
}

/** To read out, word for word; the case keeps both (R34). `basis`: of its class. */
function Guidance({ one, basis, act }) {
  const tell = usePresses(act);
  if (!one.matter.neither || ["closed", "merged"].includes(one.state)) return null;
  const words = t("case.guide_say", { basis });
  return html`<section class="case-guidance" aria-label=${t("case.guide_title")}>
    <h3>${t("case.guide_title")}</h3>
    ${one.guidance ? html`<p role="status">${t("case.guide_done")}</p>` : html`<p>${t(basis ? "case.guide_first" : "case.guide_own")}</p>`}
    ${basis && html`<blockquote>${words}</blockquote>`}
    ${basis && act && !one.guidance && one.may.includes("guided") && html`<${Button} kind="primary" onClick=${() => tell("guided", { basis, words })}>${t("case.guide")}<//>`}
  </section>`;
}

const Due = ({ one }) => html`<p class="case-due" role="status">${t("case.consult_due")}
  <${Link} to=${`/cases/consult?case=${encodeURIComponent(one.id)}`}>${t("case.consult_go")}<//></p>`;

/** `act`: (kind, data) → Promise. `reading`: the page has its own button for guidance. */
export function Advice({ case: one, classes, act, reading }) {
  if (!one) return null;
  const basis = classes.find((each) => each.code === one.matter.class_code)?.basis ?? "";
  return html`${one.state === "consulting" && html`<${Due} one=${one} />`}
    <${Suggestion} one=${one} act=${act} />
    <${Guidance} one=${one} basis=${basis} act=${reading ? null : act} />`;
}
