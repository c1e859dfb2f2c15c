// One call: what is known of it, its ladder, its recording.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { api } from "../shell/api.js";
import { Link } from "../shell/router.js";
import { clock, day } from "../shell/time.js";
import { language, t } from "../shell/words.js";
import { Badge, Busy, Button, Failure, prompt, toast } from "../shell/ui.js";
import { Ladder } from "./ladder.js";
import { Note } from "./note.js";
import { Player } from "./player.js";
import { KINDS } from "./search.js";

function Head({ ladder, number, uncover }) {
  return html`<header class="calls-head card">
    <p><${Link} to="/calls">← ${t("calls.title")}<//></p>
    <h1>${day(ladder.entered_at)} ${clock(ladder.entered_at)}</h1>
    <${Badge} kind=${KINDS[ladder.outcome] ?? "info"}>${ladder.outcome_words}<//>
    <p><span class="calls-label">${t("calls.caller")}</span> <b class="calls-number">${number ?? (ladder.caller || t("calls.withheld"))}</b>
      ${!number && ladder.caller.includes("****") && html` <${Button} onClick=${uncover}>${t("calls.unmask")}<//>`}</p>
    ${ladder.facts.map((fact) => html`<p key=${fact}>${fact}</p>`)}
    <p class="calls-label calls-id">${ladder.id}</p>
  </header>`;
}

export function One({ id }) {
  const [ladder, setLadder] = useState(null);
  const [failure, setFailure] = useState(null);
  const [number, setNumber] = useState(null);
  const [cursor, setCursor] = useState(null);
  const [audible, setAudible] = useState(false);
  const controls = useRef(null);
  const address = `/calls/${encodeURIComponent(id)}`;

  const read = () => {
    setFailure(null);
    api.get(`${address}/ladder`).then((answer) => setLadder(answer.ladder), setFailure);
  };
  useEffect(read, [id, language.value]);

  const uncover = async () => {
    const reason = await prompt({ title: t("calls.unmask"), text: t("calls.unmask.about"), label: t("calls.reason"), action: t("calls.unmask") });
    if (reason === null) return;
    try {
      setNumber((await api.post(`${address}/unmask`, { reason })).unmasked.caller);
    } catch (error) {
      toast(error.message, "bad");
    }
  };
  if (failure) return html`<${Failure} error=${failure} retry=${read} /><p><${Link} to="/calls">← ${t("calls.title")}<//></p>`;
  if (!ladder) return html`<${Busy} />`;
  return html`<article class="calls-one">
    <${Head} ladder=${ladder} number=${number} uncover=${uncover} />
    <${Player} ladder=${ladder} controls=${controls} onCursor=${setCursor} onReady=${() => setAudible(true)} />
    <div class="calls-body">
      <section class="card calls-drawn" aria-label=${t("calls.story")} tabindex="0">
        <${Ladder} ladder=${ladder} cursor=${cursor} seek=${audible ? (ms) => controls.current?.(ms) : null} />
      </section>
      <${Note} id=${id} />
    </div>
  </article>`;
}
