// Above the list: who wrote by the internet and waits for a first answer, the one most overdue in front. One press answers, one
// press takes it to the other desk.
import { html, useEffect, useState } from "../vendor/preact.js";
import { useAsked } from "../admin/loading.js";
import { api } from "../shell/api.js";
import { Link } from "../shell/router.js";
import { language, t } from "../shell/words.js";
import { Button, Table, toast, usePresses } from "../shell/ui.js";
import { Answer } from "./answer.js";
import { AnswerClock } from "./clock.js";

const EVERY = 10000; // ms between two looks
const OURS = ["open", "accepted"];

/** `onActed`: whatever else shows these cases reads them anew. */
export function Waiting({ onActed }) {
  const [found, , reload] = useAsked(() => api.get("/cases/unanswered"), [language.value]); // the list below tells what fails
  const [answering, setAnswering] = useState(null);
  useEffect(() => {
    const timer = setInterval(reload, EVERY);
    return () => clearInterval(timer);
  }, [reload]);
  const act = async (one, kind, data, done, key) => {
    try {
      await api.post(`/cases/${encodeURIComponent(one.id)}/events`, { kind, data }, { key });
      toast(done, "good");
    } finally {
      reload();
      onActed();
    }
  };
  const press = usePresses((id, { one, desk }) => act(one, "offered", { to: desk, way: "online" }, t("case.passed", { desk })));
  const columns = [
    { id: "number", label: t("case.number"), cell: (one) => html`<${Link} to=${`/cases/${encodeURIComponent(one.id)}`}>${one.number}<//>` },
    { id: "clock", label: t("case.clock"), cell: (one) => html`<${AnswerClock} one=${one} />` },
    { id: "channel", label: t("case.channel"), cell: (one) => t(`case.channel.${one.channel}`) },
    { id: "line", label: t("case.line"), cell: (one) => html`<span class="calls-line" title=${one.line}>${one.line}</span>` },
    { id: "owner", label: t("case.owner"), cell: (one) => one.owners.join(t("case.and")) },
    {
      id: "acts",
      label: t("case.do"),
      cell: (one) => html`<span class="row"><${Button} kind="primary" onClick=${() => setAnswering(one)}>${t("case.answer")}<//>
        ${one.owners.includes(found.desk) && OURS.includes(one.state) && found.desks.map((desk) => html`<${Button} key=${desk} onClick=${() => press(one.id, { one, desk })}>${t("case.pass_to", { desk })}<//>`)}</span>`,
    },
  ];
  return html`${found?.cases.length > 0 && html`<section class="card case-waiting" aria-label=${t("case.waiting")}><h2>${t("case.waiting")}</h2>
    <${Table} label=${t("case.waiting")} columns=${columns} rows=${found.cases} />
  </section>`}
  ${answering && html`<${Answer} one=${answering} act=${(data, key) => act(answering, "responded", data, t("case.answer_kept"), key)} onClose=${() => setAnswering(null)} />`}`;
}
