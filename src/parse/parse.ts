/** Tells pgAudit's records from all others, and the genuine from those that only look like one. */

import type { SuspectReason } from '../event.js';
import { COLUMN, type RawRecord } from '../record.js';
import type { Decode } from './encodings.js';
import { type Payload, parsePayload } from './pgaudit.js';

/** A record whose message begins like pgAudit's and that pgAudit did not write. */
export interface Suspect {
  readonly kind: 'suspect';
  readonly reason: SuspectReason;
  readonly message: string;
}

/** `audit`: pgAudit's own record. `suspect`: one that only looks like it. `other`: every other log line. */
export type Parsed = ({ readonly kind: 'audit' } & Payload) | Suspect | { readonly kind: 'other' };

/** How texts of a database are read; `null` for UTF-8. */
export type DecoderOf = (database: string) => Decode | null;

const AUDIT = Buffer.from('AUDIT: ');
const OTHER = { kind: 'other' } as const;

/** What pgAudit's records have: successful completion, or warning where `pgaudit.log_level` says so. */
const SQL_STATES = ['00000', '01000'].map(state => Buffer.from(state));

/**
 * A record is pgAudit's own where its message begins with `AUDIT: `, and no context and no query stand
 * with it: pgaudit.c hides both, and `RAISE` cannot leave out the context. PL/Tcl's `elog` can, but writes
 * SQLSTATE 38000 (pltcl.c). The payload must fit, too.
 */
export function parse(record: RawRecord, decoderOf: DecoderOf = () => null): Parsed {
  if (!record.startsWith(COLUMN.message, AUDIT)) return OTHER;
  const message = record.text(COLUMN.message, decoderOf(record.text(COLUMN.database)));
  const suspect = (reason: SuspectReason): Suspect => ({ kind: 'suspect', reason, message });
  if (!record.isEmpty(COLUMN.context)) return suspect('context');
  if (!record.isEmpty(COLUMN.query)) return suspect('query');
  if (!SQL_STATES.some(state => record.startsWith(COLUMN.sqlState, state))) return suspect('sql-state');
  const payload = parsePayload(message.slice(AUDIT.length));
  return 'suspect' in payload ? suspect(payload.suspect) : { kind: 'audit', ...payload };
}
