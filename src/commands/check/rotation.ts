/** Whether log files are kept long enough to be read, and how they are named. */

import { isOn, serverValue } from '../../database/population/effective.js';
import type { Snapshot } from '../../database/snapshot.js';
import { alterSystem } from '../../lib/sql/compose.js';
import { type Finding, ok, warning } from './finding.js';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
/** Milliseconds that the shipper may be down before somebody notices and fixes it: a long weekend. */
const OUTAGE = 4 * DAY;

/** How the server rotates its log, and after what time it overwrites a file. */
export function rotationFindings(server: Snapshot): Finding[] {
  const truncates = isOn(serverValue(server, 'log_truncate_on_rotation') ?? 'off');
  const age = Number(serverValue(server, 'log_rotation_age') ?? 0);
  const size = Number(serverValue(server, 'log_rotation_size') ?? 0);
  const name = serverValue(server, 'log_filename');
  const limits = [age > 0 ? duration(age * 60_000) : '', size > 0 ? `${size} kB` : ''].filter(Boolean);
  const how = limits.length === 0 ? 'a new file only on request' : `a new file after ${limits.join(' or ')}`;
  // Only rotation by time truncates (syslogger.c, logfile_rotate), and the shipper identifies a file by its content.
  if (!truncates || age === 0) return [ok('rotation', `${how}; nothing is overwritten`)];
  if (name === null) return [hidden(how)];
  const period = periodOf(name);
  if (period === null) return [ok('rotation', `${how}; ${name} is never overwritten`)];
  const detail = `${how}; ${name} is overwritten after ${duration(period)}`;
  if (period >= OUTAGE) return [ok('rotation', `${detail}: the shipper must not be down for longer`)];
  return [
    warning(
      'rotation',
      detail,
      'if the shipper is down for longer, records are lost',
      `${alterSystem('log_filename', 'postgresql-%a.log')} a week; or ${alterSystem('log_truncate_on_rotation', 'off')}`,
    ),
  ];
}

function hidden(how: string): Finding {
  return warning(
    'rotation',
    `${how}, log_truncate_on_rotation is on, and log_filename is hidden`,
    'after what time files are overwritten was not checked',
    'grant the role of database.url pg_read_all_settings',
  );
}

/**
 * Milliseconds, at least, until strftime's pattern gives the same name again; `null` if never or always: then nothing
 * is truncated.
 */
export function periodOf(pattern: string): number | null {
  const escapes = new Set([...pattern.matchAll(/%[EO]?([a-zA-Z])/g)].map(([, letter = '']) => letter));
  const has = (letters: string): boolean => [...letters].some(letter => escapes.has(letter));
  if (has('scF')) return null;
  const year = has('YyGgCDxc');
  const [week, day] = [has('UVW'), has('jDx') || (has('de') && has('mbBh'))];
  if (year && (day || week || has('mbBh'))) return null;
  if (day || week || has('mbBh')) return 365 * DAY;
  if (has('de')) return 28 * DAY;
  if (has('aAuw')) return 7 * DAY;
  if (has('Hk')) return DAY;
  if (has('Il')) return has('pP') ? DAY : DAY / 2;
  return has('M') ? HOUR : null;
}

function duration(ms: number): string {
  const [unit, name] = ms >= DAY ? [DAY, 'day'] : ms >= HOUR ? [HOUR, 'hour'] : [60_000, 'minute'];
  const count = Math.round(ms / unit);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
