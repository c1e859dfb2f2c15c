// Things of one kind: the list with a search beside the form of the one that is chosen.
import { html, useState } from "../../vendor/preact.js";
import { language, t } from "../../shell/words.js";
import { Badge, Button, Empty, TextInput } from "../../shell/ui.js";
import { base, set, tree, wrong } from "./sheet.js";
import { same } from "./tree.js";

const SEARCHED = 8; // so many are seen at a glance

/** `told`: an entry → {title, more, search}; `form`: of the chosen one; `add`: gives the new one's id, or null. */
export function Entries({ table, label, told, form: Form, add, addLabel, none }) {
  const [chosen, setChosen] = useState(Object.keys(tree.value[table])[0] ?? null);
  const [sought, setSought] = useState("");
  const all = Object.entries(tree.value[table]);
  const found = all.filter(([id, one]) => id === chosen || JSON.stringify([id, one]).toLowerCase().includes(sought.trim().toLowerCase()));
  const open = chosen in tree.value[table] ? chosen : null;
  const begin = async () => {
    const id = await add();
    if (id) setChosen(id);
  };
  const gone = Object.keys(base.value[table]).filter((id) => !(id in tree.value[table]));
  return html`<div class="entries">
    <div class="entry-list">
      <${Button} onClick=${begin}>＋ ${addLabel}<//>
      ${all.length > SEARCHED && html`<${TextInput} label=${t("admin.search")} type="search" value=${sought} onInput=${setSought} />`}
      <ul aria-label=${label}>${found.map(([id, one]) => {
        const { title, more } = told(id, one);
        const bad = wrong([table, id], language.value);
        return html`<li key=${id}><button type="button" class="entry" aria-current=${id === open ? "true" : undefined} onClick=${() => setChosen(id)}>
          <strong>${title || t("settings.unnamed")}</strong><span class="muted">${more}</span>
          ${bad ? html`<${Badge} kind="bad">${t("settings.wrong")}<//>` : !same(base.value[table][id], one) && html`<${Badge} kind="info">${t(id in base.value[table] ? "settings.changed" : "settings.new")}<//>`}
        </button></li>`;
      })}</ul>
      ${!all.length && html`<p class="muted">${none}</p>`}
      ${gone.map((id) => html`<p key=${id} class="muted gone">${t("settings.gone", { what: told(id, base.value[table][id]).title })}
        <${Button} kind="quiet" onClick=${() => set([table, id], base.value[table][id])}>${t("settings.bring_back")}<//></p>`)}
    </div>
    ${open
      ? html`<section class="card entry-form" key=${open} aria-label=${told(open, tree.value[table][open]).title}>
          <${Form} id=${open} />
          <div class="dialog-foot"><${Button} kind="danger" onClick=${() => { setChosen(null); set([table, open], undefined); }}>${t("settings.take_out")}<//></div>
        </section>`
      : html`<${Empty}>${t("settings.choose")}<//>`}
  </div>`;
}
