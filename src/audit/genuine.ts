/**
 * Tells pgAudit's records from all others, and genuine ones from suspects.
 *
 * This folder says what a record says: columns, pgAudit's payload, time, encodings. Its functions depend on the record alone.
 * Imports `event/`, `lib/`, and types of `read/`.
 */

import type { SuspectReason } from '../event/names.js';
import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import { type Decode, isOneOf } from './encodings.js';
import { type Payload, parsePayload } from './payload.js';

/** A record whose message begins like pgAudit's, but which pgAudit did not write. */
export interface Suspect {
  readonly kind: 'suspect';
  readonly reason: SuspectReason;
  readonly message: string;
}

/**
 * `audit`: pgAudit's own record. `suspect`: one that only looks like it. `repetition`: the leader's copy of a parallel
 * worker's record. `other`: every other log line.
 */
export type Parsed =
  | ({ readonly kind: 'audit' } & Payload)
  | Suspect
  | { readonly kind: 'repetition' }
  | { readonly kind: 'other' };

/** The decoder for a database's texts; `null` for UTF-8. */
export type DecoderOf = (database: string) => Decode | null;

const AUDIT = Buffer.from('AUDIT: ');
const OTHER = { kind: 'other' } as const;
const GENUINE = { kind: 'audit' } as const;
const REPETITION = { kind: 'repetition' } as const;

/** SQLSTATE of successful completion; a warning's only if `pgaudit.log_level` is `warning`. */
const SUCCESS = Buffer.from('00000');
const WARNING = Buffer.from('01000');
/**
 * The context that the leader of a parallel query adds to its workers' messages (parallel.c, HandleParallelMessage), in
 * the languages that PostgreSQL is translated to. No other context is just this text: PL/pgSQL's names a function and a
 * line.
 */
const PARALLEL_WORKER = new Set([
  ...['parallel worker', 'paralleler Arbeitsprozess', 'ayudante paralelo', 'processus parallèle'],
  ...['worker parallelo', 'パラレルワーカー', 'პარალელური დამხმარე პროცესი', '병렬 처리 작업자'],
  ...['параллельный исполнитель', 'parallell arbetare', 'паралельний виконавець', '并行工作者进程'],
]);
/** Bytes, with quotes; the longest of these texts takes less than half. */
const LONGEST_CONTEXT = 200;

/** With `log_error_verbosity = verbose`, a record names the place in the server's source code that wrote it. */
const LOCATION = Buffer.from('log_audit_event, pgaudit.c:');

/** The part of the genuine-record rule that depends on the server's settings. */
export interface GenuineRule {
  /** `pgaudit.log_level` of the server is `warning`. */
  readonly isWarning: boolean;
}

/**
 * A record is pgAudit's own if its message begins with `AUDIT: `, and context and query are empty: pgaudit.c hides
 * both, and `RAISE` cannot leave out the context. PL/Tcl's `elog` can, but writes SQLSTATE 38000 (pltcl.c). PL/Perl's
 * can, if an object is destroyed after its function's context is gone (plperl.c): as a WARNING, at the session's end,
 * or, while a client uses the extended protocol, so that only the location shows it. The payload must be valid, too.
 */
export function parse(record: RawRecord, decoderOf: DecoderOf = () => null, rule = STRICT): Parsed {
  const seen = look(record, rule);
  if (seen.kind === 'other' || seen.kind === 'repetition') return seen;
  const message = record.text(COLUMN.message, decoderOf(record.text(COLUMN.database)));
  if (seen.kind === 'suspect') return { ...seen, message };
  const payload = parsePayload(message.slice(AUDIT.length));
  if ('suspect' in payload) return { kind: 'suspect', reason: payload.suspect, message };
  return { kind: 'audit', ...payload };
}

/** Classifies a record without its payload: `audit` if nothing contradicts it. */
export function look(
  record: RawRecord,
  rule = STRICT,
): Omit<Suspect, 'message'> | typeof GENUINE | typeof REPETITION | typeof OTHER {
  if (!record.startsWith(COLUMN.message, AUDIT)) return OTHER;
  if (isRepetition(record)) return REPETITION;
  const reason = brokenBy(record, rule);
  return reason === null ? GENUINE : { kind: 'suspect', reason };
}

/** A context may be as large as a statement: one that is too long to match is not decoded. */
function isRepetition(record: RawRecord): boolean {
  if (record.isEmpty(COLUMN.context) || record.column(COLUMN.context).length > LONGEST_CONTEXT) return false;
  return isOneOf(PARALLEL_WORKER, decode => record.text(COLUMN.context, decode));
}

/** `3/35`: pgAudit logs only inside transactions. At a session's end there is no transaction, and its number is 0. */
function isInTransaction(virtualTransactionId: string): boolean {
  return /\d\d$|\/[1-9]$/.test(virtualTransactionId);
}

const STRICT: GenuineRule = { isWarning: false };

function brokenBy(record: RawRecord, { isWarning }: GenuineRule): SuspectReason | null {
  if (!record.isEmpty(COLUMN.context)) return 'context';
  if (!record.isEmpty(COLUMN.query)) return 'query';
  const isSuccess = record.startsWith(COLUMN.sqlState, SUCCESS);
  const isLikeWarning = record.startsWith(COLUMN.sqlState, WARNING);
  if (!isSuccess && !isLikeWarning) return 'sql-state';
  if (isLikeWarning && !isWarning) return 'pgauditLogLevel';
  if (!isInTransaction(record.text(COLUMN.virtualTransactionId))) return 'transaction';
  const isElsewhere = !record.isEmpty(COLUMN.location) && !record.startsWith(COLUMN.location, LOCATION);
  return isElsewhere ? 'location' : null;
}
