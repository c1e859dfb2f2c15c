// The ladder: parties are columns, time runs downwards. Beside it the same story as a list, a line a moment.
import { html, useMemo } from "../vendor/preact.js";
import { mmss, present } from "../shell/time.js";
import { t } from "../shell/words.js";
import { scale } from "./scale.js";

const REM = 16; // of the units below; the picture grows with the letters
const COLUMN = 118;
const CLOCK = 64;
const BAR = { talks: 12, alone: 4, rings: 4 };
const axis = (column) => CLOCK + column * COLUMN + COLUMN / 2;
const rem = (units) => `${units / REM}rem`;
const ms = (iso) => Date.parse(iso);

/** "0:07.3" since the call came in. */
export function tenth(span) {
  const tenths = Math.round(Math.max(span, 0) / 100);
  return `${mmss(Math.floor(tenths / 10))}.${tenths % 10}`;
}

export function useScale(ladder) {
  return useMemo(() => {
    const end = ladder.ended_at ? ms(ladder.ended_at) : present();
    const bars = ladder.bars.map((bar) => ({ ...bar, from: ms(bar.began), to: bar.ended ? ms(bar.ended) : end }));
    const moments = ladder.moments.map((moment) => ms(moment.at));
    return { ...scale(moments, [ms(ladder.entered_at), ...bars.flatMap((bar) => [bar.from, bar.to])]), bars };
  }, [ladder]);
}

function Moment({ moment, y }) {
  const joined = moment.joined.map(axis);
  return html`<g class="calls-moment">
    ${joined.length > 1 && html`<line class="calls-join" x1=${Math.min(...joined)} x2=${Math.max(...joined)} y1=${y} y2=${y} />`}
    ${joined.map((x) => html`<circle class="calls-joint" cx=${x} cy=${y} r="5" />`)}
    ${moment.arrow && html`<${Arrow} from=${axis(moment.arrow[0])} to=${axis(moment.arrow[1])} y=${y} />`}
    ${moment.marked.map((column) => html`<rect class="calls-mark" x=${axis(column) - 4} y=${y - 4} width="8" height="8" transform=${`rotate(45 ${axis(column)} ${y})`} />`)}
    ${moment.ended.map((column) => html`<line class="calls-end" x1=${axis(column) - 11} x2=${axis(column) + 11} y1=${y} y2=${y} />`)}
  </g>`;
}

function Arrow({ from, to, y }) {
  const way = Math.sign(to - from);
  const tip = to - way * 3;
  return html`<line class="calls-arrow" x1=${from} x2=${tip} y1=${y} y2=${y} />
    <path class="calls-tip" d=${`M ${tip} ${y} l ${-way * 9} -5 v 10 z`} />`;
}

/** `cursor`: ms, or null; `seek`: called with ms. */
export function Ladder({ ladder, cursor, seek }) {
  const { y, at, rows, bars, breaks, height } = useScale(ladder);
  const entered = ms(ladder.entered_at);
  const width = CLOCK + ladder.columns.length * COLUMN;
  const click = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    seek?.(at(((event.clientY - box.top) / box.height) * height));
  };
  const now = cursor === null ? -1 : ladder.moments.findLastIndex((moment) => ms(moment.at) <= cursor);
  return html`<div class="calls-ladder">
    <div class="calls-columns" style=${{ width: rem(width), paddingLeft: rem(CLOCK) }} aria-hidden="true">
      ${ladder.columns.map((column, place) => html`<div key=${place} class=${`calls-column ${column.role}`}>
        <b>${column.name}</b><span>${column.party || t("calls.withheld")}</span>${column.person && html`<span>${column.person}</span>`}</div>`)}
    </div>
    <div class="calls-story">
      <svg class=${seek ? "calls-svg seeks" : "calls-svg"} style=${{ width: rem(width), height: rem(height) }} viewBox=${`0 0 ${width} ${height}`} onClick=${click} aria-hidden="true">
        ${ladder.columns.map((_, place) => html`<line key=${place} class="calls-axis" x1=${axis(place)} x2=${axis(place)} y1="0" y2=${height} />`)}
        ${bars.map((bar) => html`<rect class=${`calls-bar ${bar.kind} ${ladder.columns[bar.column].role}`} x=${axis(bar.column) - BAR[bar.kind] / 2} width=${BAR[bar.kind]}
          y=${y(bar.from)} height=${Math.max(y(bar.to) - y(bar.from), 2)} rx="2"><title>${t(`calls.bar.${bar.kind}`)}</title></rect>`)}
        ${breaks.map((gap) => html`<text class="calls-gap" x=${CLOCK - 8} y=${gap.y}>⋮ ${mmss(gap.ms / 1000)}</text>`)}
        ${ladder.moments.map((moment, place) => html`<${Moment} key=${place} moment=${moment} y=${rows[place]} />
          <text class="calls-clock" x=${CLOCK - 8} y=${rows[place] + 4}>${tenth(ms(moment.at) - entered)}</text>`)}
        ${cursor !== null && html`<line class="calls-cursor" x1="0" x2=${width} y1=${y(cursor)} y2=${y(cursor)} />`}
      </svg>
      <ol class="calls-moments" style=${{ height: rem(height) }} aria-label=${t("calls.story")}>
        ${ladder.moments.map((moment, place) => html`<li key=${place} class=${place === now ? "now" : ""} style=${{ top: rem(rows[place] - 13) }}>
          <span class="unseen">${tenth(ms(moment.at) - entered)} </span>
          ${seek ? html`<button type="button" title=${moment.text} onClick=${() => seek(ms(moment.at))}>${moment.text}</button>` : html`<span title=${moment.text}>${moment.text}</span>`}
        </li>`)}
      </ol>
    </div>
  </div>`;
}
