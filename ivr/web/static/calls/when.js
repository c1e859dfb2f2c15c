// Times that a person types are of the hotline's zone; the server wants moments.
import { hotline } from "../shell/hotline.js";
import { clock, day, nowIso } from "../shell/time.js";

const asIfUtc = (moment) => Date.parse(`${day(moment)}T${clock(moment)}Z`);

/** "2026-11-27T08:30" in the hotline's zone → "2026-11-27T00:30:00.000Z" */
export function moment(said) {
  const wanted = Date.parse(`${said}Z`);
  if (Number.isNaN(wanted)) return null;
  let found = wanted;
  for (let i = 0; i < 2; i += 1) found -= asIfUtc(new Date(found).toISOString()) - wanted; // twice: summer time
  return new Date(found).toISOString();
}

/** A moment as a field for typing has it: "2026-11-27T08:30" in the hotline's zone. */
export const typed = (iso) => `${day(iso)}T${clock(iso).slice(0, 5)}`;

export const today = () => `${day(nowIso())}T00:00`;
export const zone = hotline.zone;
