/** Tells pgAudit's records from all others, and the genuine from those that only look like one. */

import type { SuspectReason } from '../event/names.js';
import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import type { Decode } from './encodings.js';
import { type Payload, parsePayload } from './payload.js';

/** A record whose message begins like pgAudit's and that pgAudit did not write. */
export interface Suspect {
  readonly kind: 'suspect';
  readonly reason: SuspectReason;
  readonly message: string;
}

/**
 * `audit`: pgAudit's own record. `suspect`: one that only looks like it. `repetition`: the leader's of a parallel worker's
 * record. `other`: every other log line.
 */
export type Parsed =
  | ({ readonly kind: 'audit' } & Payload)
  | Suspect
  | { readonly kind: 'repetition' }
  | { readonly kind: 'other' };

/** How texts of a database are read; `null` for UTF-8. */
export type DecoderOf = (database: string) => Decode | null;

const AUDIT = Buffer.from('AUDIT: ');
const OTHER = { kind: 'other' } as const;
const GENUINE = { kind: 'audit' } as const;
const REPETITION = { kind: 'repetition' } as const;

/** Successful completion; warning only where `pgaudit.log_level` is that. */
const SUCCESS = Buffer.from('00000');
const WARNING = Buffer.from('01000');
/**
 * What the leader of a parallel query adds to what its workers say (parallel.c, HandleParallelMessage), in the languages
 * that PostgreSQL has been translated to. No other context consists of it: PL/pgSQL's names a function and a line.
 */
const PARALLEL_WORKER = new Set([
  ...['parallel worker', 'paralleler Arbeitsprozess', 'ayudante paralelo', 'processus parallèle'],
  ...['worker parallelo', 'パラレルワーカー', 'პარალელური დამხმარე პროცესი', '병렬 처리 작업자'],
  ...['параллельный исполнитель', 'parallell arbetare', 'паралельний виконавець', '并行工作者进程'],
]);
/** Bytes, with comma and quotes; none of them takes half of it. */
const LONGEST_CONTEXT = 200;

/** `log_error_verbosity = verbose` names where in the server's sources a record was written. */
const LOCATION = Buffer.from('log_audit_event, pgaudit.c:');

/** What of a record can tell it from pgAudit's own, whatever its payload. */
export interface GenuineRule {
  /** `pgaudit.log_level` of the server is `warning`. */
  readonly isWarning: boolean;
}

/**
 * A record is pgAudit's own where its message begins with `AUDIT: `, and no context and no query stand
 * with it: pgaudit.c hides both, and `RAISE` cannot leave out the context. PL/Tcl's `elog` can, but writes
 * SQLSTATE 38000 (pltcl.c). PL/Perl's can, when an object is destroyed after its function's context is gone
 * (plperl.c): as a WARNING, at the session's end, or, while a client speaks the extended protocol, so that only
 * the location tells. The payload must fit, too.
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

/** What a record is, as far as that can be told without its payload: `audit` where nothing speaks against it. */
export function look(
  record: RawRecord,
  rule = STRICT,
): Omit<Suspect, 'message'> | typeof GENUINE | typeof REPETITION | typeof OTHER {
  if (!record.startsWith(COLUMN.message, AUDIT)) return OTHER;
  if (isRepetition(record)) return REPETITION;
  const reason = brokenBy(record, rule);
  return reason === null ? GENUINE : { kind: 'suspect', reason };
}

/** A context may be as large as a statement: no text is made of one that cannot be it. */
function isRepetition(record: RawRecord): boolean {
  const length = record.endOf(COLUMN.context) - record.endOf(COLUMN.context - 1);
  return length <= LONGEST_CONTEXT && PARALLEL_WORKER.has(record.text(COLUMN.context));
}

/** `3/35`: pgAudit logs inside transactions alone. At a session's end there is none, and its number is 0. */
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
