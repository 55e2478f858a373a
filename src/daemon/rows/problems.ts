/** Problems of a history of rows, and what to do about each. */

import type { Watched } from '../../database/rows/watched.js';
import { codeOf } from '../../lib/errors.js';
import { rowsFixFor } from '../fixes.js';
import type { Problem } from '../health.js';

/** What holds the reading of a history back: a transaction that has not ended, prepared or not, or the log. */
export type Obstacle = 'prepared' | 'transaction' | 'log';

/** Tables that a problem names. */
const MOST_NAMED = 10;

const HELD_BACK: Readonly<Record<Obstacle, Omit<Problem, 'code'>>> = {
  prepared: {
    what: 'a prepared transaction holds the history of rows back: later rows are read when it has ended',
    fix: 'end it with COMMIT PREPARED or ROLLBACK PREPARED; pg_prepared_xacts lists it',
  },
  transaction: {
    what: 'a transaction has been running for over 15 minutes: rows of later ones are read when it has ended',
    fix: 'wait, or end it: the oldest backend_xid in pg_stat_activity is the one',
  },
  log: {
    what: 'rows wait until the log is read up to them, so that their statements are known',
    fix: 'see why the log is not read to its end',
  },
};

export function heldBack(by: Obstacle): Problem {
  return { code: 'rows-held-back', ...HELD_BACK[by] };
}

/** @param what cannot be done */
export function unreadable(error: unknown, what: string): Problem {
  const code = codeOf(error);
  return { code: 'rows-unreadable', what: `${what} (${code})`, fix: rowsFixFor(code) };
}

/** `null` if all tables under watch are recorded. */
export function notRecorded({ relations }: Watched): Problem | null {
  const faulty = relations.filter(({ fault }) => fault !== null);
  if (relations.length === 0)
    return {
      code: 'rows-not-recorded',
      what: 'no table is under watch: no row is recorded',
      fix: "SELECT row_history.watch('schema.table'); or remove rows from the configuration",
    };
  if (faulty.length === 0) return null;
  const names = faulty.slice(0, MOST_NAMED).map(({ name, fault }) => `${name} (${fault})`);
  return {
    code: 'rows-not-recorded',
    what: `${faulty.length} tables, or their partitions, are not recorded: ${names.join(', ')}`,
    fix: "SELECT row_history.watch('schema.table') again, or unwatch; find out who changed it in the archive",
  };
}
