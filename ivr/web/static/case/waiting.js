// Above the list: who wrote by the internet and waits for a first answer, the one most overdue in front. One press answers, one
// press takes it to the other desk.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { go } from "../shell/router.js";
import { language, t } from "../shell/words.js";
import { Button, prompt, Table, toast } from "../shell/ui.js";
import { AnswerClock } from "./clock.js";

const EVERY = 10000; // ms between two looks
const OURS = ["open", "accepted"];

export function Waiting() {
  const [found, setFound] = useState(null);
  const read = () => api.get("/cases/unanswered").then(setFound, () => {}); // the list below tells what fails
  useEffect(() => {
    read();
    const timer = setInterval(read, EVERY);
    return () => clearInterval(timer);
  }, [language.value]);
  if (!found?.cases.length) return null;

  const act = async (one, kind, data, done) => {
    try {
      await api.post(`/cases/${encodeURIComponent(one.id)}/events`, { kind, data });
      toast(done, "good");
    } catch (error) {
      toast(error.message, "bad");
    }
    read();
  };
  const answer = async (one) => {
    const words = await prompt({ title: t("case.answer_to", { number: one.number }), text: one.line, label: t("case.answer_words"), required: true, value: "" });
    if (words) act(one, "responded", { words }, t("case.answer_kept"));
  };
  const columns = [
    { id: "number", label: t("case.number"), cell: (one) => html`<a href=${`/cases/${encodeURIComponent(one.id)}`} onClick=${(event) => { event.preventDefault(); go(event.currentTarget.getAttribute("href")); }}>${one.number}</a>` },
    { id: "clock", label: t("case.clock"), cell: (one) => html`<${AnswerClock} one=${one} />` },
    { id: "channel", label: t("case.channel"), cell: (one) => t(`case.channel.${one.channel}`) },
    { id: "line", label: t("case.line"), cell: (one) => html`<span class="calls-line" title=${one.line}>${one.line}</span>` },
    { id: "owner", label: t("case.owner"), cell: (one) => one.owners.join(t("case.and")) },
    {
      id: "acts",
      label: t("case.do"),
      cell: (one) => html`<span class="row"><${Button} kind="primary" onClick=${() => answer(one)}>${t("case.answer")}<//>
        ${one.owners.includes(found.desk) && OURS.includes(one.state) && found.desks.map((desk) => html`<${Button} key=${desk} onClick=${() => act(one, "offered", { to: desk, way: "online" }, t("case.passed", { desk }))}>${t("case.pass_to", { desk })}<//>`)}</span>`,
    },
  ];
  return html`<section class="card case-waiting" aria-label=${t("case.waiting")}><h2>${t("case.waiting")}</h2>
    <${Table} label=${t("case.waiting")} columns=${columns} rows=${found.cases} />
  </section>`;
}
