/** Understands a large record's message with the memory of a few copies of it: `parse` and `redact` for large records. */

import { claimsOf } from '../../audit/claims.js';
import { decoderFor } from '../../audit/encodings.js';
import { type BrokenPayload, type Payload, payloadOf } from '../../audit/payload.js';
import { isSensitive } from '../../audit/sensitive.js';
import { controlOf } from '../../audit/transaction-control.js';
import type { Audit } from '../../event/audit.js';
import type { SuspectReason } from '../../event/names.js';
import { messageOf } from '../../event/pgaudit-message.js';
import type { Redact } from '../../redact/redact.js';
import { mayWrite } from '../../relations/may-write.js';
import { scrubParsed } from '../records/scrub.js';
import type { Answer } from './answer.js';
import { splitFields, unquote, withoutReturns } from './fields.js';
import type { Question } from './protocol.js';

export interface Understood {
  readonly answer: Answer;
  readonly text: string;
  readonly others: readonly string[];
  /** The message, if it was redacted and originals are kept. */
  readonly original: string | null;
}

type Scrubbed = Omit<Understood, 'original'>;

const AUDIT = 'AUDIT: ';
/** Fields of a payload with `pgaudit.log_rows`. */
const MOST_FIELDS = 10;
const STATEMENT_FIELD = 7;
const PARAMETER_FIELD = 8;
/** More than PostgreSQL's protocol allows (65,535). */
const MOST_PARAMETERS = 1024 * 1024;
/** Bytes; what pgAudit writes instead of a text is shorter. */
const LONGEST_MARK = 64;

type Decode = (bytes: Buffer) => string;

/** The content of a message with its secrets: a statement, or a suspect. */
type Said =
  | { readonly payload: Payload }
  | { readonly reason: SuspectReason | null; readonly message: string; readonly audit: Audit | null };

/** @param column the message as it is in the log; it is overwritten */
export function readMessage(column: Buffer, question: Question): Said {
  const decode = decoderFor(question.encoding) ?? (bytes => bytes.toString('utf8'));
  const bytes = unquote(question.hasReturn ? withoutReturns(column) : column);
  if (question.isSuspect) return readSuspect(bytes, decode, null);
  const payload = readPayload(bytes.subarray(AUDIT.length), decode);
  return 'suspect' in payload ? readSuspect(bytes, decode, payload.suspect) : { payload };
}

function readSuspect(bytes: Buffer, decode: Decode, reason: SuspectReason | null): Said {
  const message = decode(bytes);
  const payload = reason === null ? readPayload(bytes.subarray(AUDIT.length), decode) : null;
  return { reason, message, audit: payload === null || 'suspect' in payload ? null : payload.audit };
}

/** Redacts the message. */
export function scrubbed(said: Said, redact: Redact, keepsOriginal: boolean): Understood {
  const understood =
    'payload' in said ? scrubStatement(said.payload, redact) : understandSuspect(said, redact);
  if (!keepsOriginal || countOf(understood.answer) === 0) return { ...understood, original: null };
  return { ...understood, original: 'payload' in said ? messageOf(said.payload.audit) : said.message };
}

function countOf(answer: Answer): number {
  return (answer.kind === 'audit' ? answer.audit.redacted : answer.redacted) ?? 0;
}

/** As `parsePayload`; overwrites `payload` if it is one. */
function readPayload(payload: Buffer, decode: Decode): Payload | BrokenPayload {
  const fields = splitFields(payload, MOST_FIELDS);
  if (fields === null) return { suspect: 'payload' };
  const [statement, parameter] = [fields[STATEMENT_FIELD], fields[PARAMETER_FIELD]];
  // The longest texts are decoded last, when they are known to be needed.
  const texts = fields.map((field, i) =>
    i >= STATEMENT_FIELD && field.length > LONGEST_MARK ? '' : decode(unquote(Buffer.from(field))),
  );
  const split = () => parametersIn(unquote(Buffer.from(parameter ?? [])), decode);
  const parsed = payloadOf(texts, split);
  if ('suspect' in parsed || statement === undefined || statement.length <= LONGEST_MARK) return parsed;
  return { ...parsed, audit: { ...parsed.audit, statement: decode(unquote(statement)) } };
}

/** A list with more parameters than a statement may have is not pgAudit's. */
function parametersIn(list: Buffer, decode: Decode): string[] | null {
  const fields = splitFields(list, MOST_PARAMETERS);
  return fields === null || fields.length > MOST_PARAMETERS
    ? null
    : fields.map(field => decode(unquote(field)));
}

function scrubStatement({ audit, isPreviouslyLogged }: Payload, redact: Redact): Scrubbed {
  const { statement: whole, parameters: all, ...rest } = audit;
  const isWriting = mayWrite(audit);
  const { statement, parameters, count } = redact({ statement: whole, parameters: all });
  const answer: Answer = {
    kind: 'audit',
    audit: { ...rest, ...(count > 0 && { redacted: count }) },
    isPreviouslyLogged,
    hasStatement: statement !== null,
    parameters: parameters?.length ?? null,
    control: controlOf(audit),
    claims: claimsOf(statement, null),
    isSensitive: isSensitive({ command: audit.command, statement }),
    mayWrite: isWriting,
  };
  return { answer, text: statement ?? '', others: parameters ?? [] };
}

function understandSuspect(
  { reason, message, audit }: Exclude<Said, { payload: Payload }>,
  redact: Redact,
): Scrubbed {
  const { text, count } = scrubParsed(message, audit, redact);
  return { answer: { kind: 'suspect', reason, redacted: count }, text, others: [] };
}
