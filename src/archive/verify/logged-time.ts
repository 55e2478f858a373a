/** Times as PostgreSQL logs them, for a reader that does not know the server's zone. */

const LOGGED = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?) (\S+)$/;
const UTC = ['UTC', 'GMT', 'Z'];
const QUARTER = 15 * 60 * 1000;
/** Milliseconds: no zone is further from UTC. */
const FURTHEST = 15 * 60 * 60 * 1000;

/** Whether a text of the log can be this time (ISO 8601): in UTC or a zone by its number exactly, else in some zone. */
export function isTimeOf(logged: string, time: string): boolean {
  const [, day, clock, zone = ''] = LOGGED.exec(logged) ?? [];
  if (day === undefined || clock === undefined) return false;
  const ahead = Date.parse(`${day}T${clock}Z`) - Date.parse(time);
  const offset = UTC.includes(zone) ? 0 : offsetOf(zone);
  return offset === null ? Math.abs(ahead) <= FURTHEST && ahead % QUARTER === 0 : ahead === offset;
}

/** Milliseconds ahead of UTC of a zone like `+01` or `-0330`; `null` if it is a name. */
function offsetOf(zone: string): number | null {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  if (hours === undefined) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
