// Bars over time, one part a way between desks, each with its number for whoever does not see them.
import { html } from "../vendor/preact.js";
import { t } from "../shell/words.js";

const HEIGHT = 80, WIDTH = 480, BELOW = 16, BESIDE = 24; // beside the bars stands how many the highest is

/** `bars`: [{when, counts: [of each way]}]; `ways`: their names; `every`: which bars are named below. */
export function Bars({ label, bars, ways, every }) {
  const sum = (counts) => counts.reduce((all, one) => all + one, 0);
  const most = Math.max(1, ...bars.map((bar) => sum(bar.counts)));
  const wide = (WIDTH - BESIDE) / bars.length;
  const gap = Math.min(2, wide / 5);
  return html`<figure class="board-chart"><figcaption>${label}</figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT + BELOW}`} role="img" aria-label=${`${label}: ${bars.filter((bar) => sum(bar.counts)).map((bar) => said(bar, ways)).join("; ")}`}>
      <line x1=${BESIDE} x2=${WIDTH} y1=${HEIGHT} y2=${HEIGHT} />
      ${bars.map((bar, place) => {
        let below = 0;
        const left = BESIDE + place * wide;
        return html`<g key=${bar.when}><title>${said(bar, ways)}</title>
          <rect class="board-ground" x=${left} width=${wide} y="0" height=${HEIGHT} />
          ${bar.counts.map((count, way) => {
            const high = (count / most) * HEIGHT;
            below += high;
            return html`<rect key=${way} class=${`board-way-${way % 4}`} x=${left + gap / 2} width=${wide - gap} y=${HEIGHT - below} height=${high} />`;
          })}
          ${every(bar, place) && html`<text x=${left + wide / 2} y=${HEIGHT + 12} text-anchor="middle">${bar.name ?? bar.when}</text>`}
        </g>`;
      })}
      <text x=${BESIDE - 4} y="8" text-anchor="end">${most}</text>
    </svg>
  </figure>`;
}

const said = (bar, ways) => t("board.bar", { when: bar.when, parts: bar.counts.map((count, way) => `${ways[way]} ${count}`).join(", ") });

/** Which colour is which way: told once for both charts. */
export function Legend({ ways }) {
  return html`<ul class="board-legend">${ways.map((way, place) => html`<li key=${way}><span class=${`board-key board-key-${place % 4}`} aria-hidden="true"></span>${way}</li>`)}</ul>`;
}
