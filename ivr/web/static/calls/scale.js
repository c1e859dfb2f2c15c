// Time downwards: real distances, but long times of nothing are short, and every moment has room for its line. Pure.

const PER_SECOND = 12; // units, 16 of them a rem
const LONGEST = 84; // between two events
const LEAST = 3;
export const ROW = 28; // of a moment's line
export const TOP = 20;

/** `moments` and `others`: ms. → {y(ms), at(y), rows: y of each moment in its order, breaks, height} */
export function scale(moments, others) {
  const lines = new Map();
  for (const at of moments) lines.set(at, (lines.get(at) ?? 0) + 1);
  const times = [...new Set([...moments, ...others])].sort((a, b) => a - b);
  const places = [];
  const breaks = [];
  let y = TOP;
  times.forEach((at, i) => {
    if (i) {
      const gone = at - times[i - 1];
      const real = (gone / 1000) * PER_SECOND;
      const room = (lines.get(times[i - 1]) ?? 0) * ROW;
      const step = Math.max(Math.min(real, LONGEST), room, LEAST);
      if (real > LONGEST) breaks.push({ y: y + Math.max(room, step - ROW / 2), ms: gone });
      y += step;
    }
    places.push(y);
  });
  const rows = [];
  const taken = new Map();
  let last = -ROW;
  for (const at of moments) {
    const nth = taken.get(at) ?? 0;
    taken.set(at, nth + 1);
    const wanted = places[times.indexOf(at)] + nth * ROW;
    last = Math.max(wanted, last + ROW);
    rows.push(last);
  }
  const between = (from, to, value) => {
    if (value <= from[0]) return to[0];
    for (let i = 1; i < from.length; i += 1) {
      if (value <= from[i]) return to[i - 1] + ((value - from[i - 1]) / (from[i] - from[i - 1] || 1)) * (to[i] - to[i - 1]);
    }
    return to[to.length - 1];
  };
  return {
    y: (ms) => between(times, places, ms),
    at: (value) => between(places, times, value),
    rows,
    breaks,
    height: Math.max(y, last) + ROW + TOP,
  };
}
