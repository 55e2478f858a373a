/** Tells pgAudit's records from all others, and the genuine from those that only look like one. */

import type { Audit, SuspectReason } from '../event.js';
import { COLUMN, type Gap, type RawRecord } from '../record.js';
import { type LogLine, readLogLine } from './csvlog.js';
import { parsePayload } from './pgaudit.js';
import type { TimeReader } from './time.js';

/** A genuine record of pgAudit. */
export interface AuditRecord {
  readonly kind: 'audit';
  readonly line: LogLine;
  readonly audit: Audit;
  /** Statement and parameters stand in an earlier record of the same substatement. */
  readonly isPreviouslyLogged: boolean;
}

/** A record whose message begins like pgAudit's and that pgAudit did not write. */
export interface SuspectRecord {
  readonly kind: 'suspect';
  readonly line: LogLine;
  readonly reason: SuspectReason;
  readonly message: string;
}

export type Parsed =
  | AuditRecord
  | SuspectRecord
  /** Any other log line. */
  | { readonly kind: 'other' }
  /** A record of pgAudit, or like it, of which it cannot be told when it was. */
  | Gap;

const AUDIT = Buffer.from('AUDIT: ');
const OTHER = { kind: 'other' } as const;

/**
 * A record is pgAudit's own where its message begins with `AUDIT: `, and no context and no query stand
 * with it: pgaudit.c hides both, and `RAISE` cannot leave out the context. The payload must fit, too.
 */
export function parse(record: RawRecord, times: TimeReader): Parsed {
  if (!record.startsWith(COLUMN.message, AUDIT)) return OTHER;
  const line = readLogLine(record, times);
  if (line === null) return { kind: 'gap', reason: 'time', offset: record.offset, length: record.length };
  const message = record.text(COLUMN.message);
  const suspect = (reason: SuspectReason): SuspectRecord => ({ kind: 'suspect', line, reason, message });
  if (!record.isEmpty(COLUMN.context)) return suspect('context');
  if (!record.isEmpty(COLUMN.query)) return suspect('query');
  const payload = parsePayload(message.slice(AUDIT.length));
  return 'suspect' in payload ? suspect(payload.suspect) : { kind: 'audit', line, ...payload };
}
