/**
 * Reads a csvlog record with a reader other than the shipper's own, and says where an event differs from it
 * (PostgreSQL's manual, 20.8.4; pgaudit.c, log_audit_event).
 */

import { isAscii } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { COLUMN } from '../../lib/csvlog.js';
import { isOfNode, jsonColumns } from './json-record.js';
import { isTimeOf } from './logged-time.js';

const fromLog = {
  time: z.string(),
  database: z.string().nullable(),
  actor: z.object({ user: z.string() }),
  session: z.object({
    id: z.string(),
    line: z.number(),
    pid: z.number().nullable(),
    client: z.string().nullable(),
    port: z.number().nullable(),
    application: z.string().nullable(),
  }),
  source: z.object({
    fileId: z.string(),
    offset: z.number(),
    length: z.number(),
    raw: z.string().optional(),
  }),
};

export const loggedEventSchema = z.discriminatedUnion('kind', [
  z.object({
    ...fromLog,
    kind: z.literal('statement'),
    audit: z.object({
      type: z.string(),
      statementId: z.number(),
      substatementId: z.number(),
      class: z.string(),
      loggedClass: z.string().optional(),
      command: z.string(),
      objectType: z.string().nullable(),
      objectName: z.string().nullable(),
      objects: z.array(z.string()).optional(),
      objectsFrom: z.string().optional(),
      rows: z.number().nullable(),
      statement: z.string().nullable(),
      parameters: z.array(z.string()).nullable(),
      redacted: z.number().optional(),
    }),
  }),
  z.object({
    ...fromLog,
    kind: z.literal('suspect'),
    suspect: z.object({ message: z.string(), redacted: z.number().optional() }),
  }),
  z.object({
    ...fromLog,
    kind: z.literal('failure'),
    failure: z.object({ sqlState: z.string().nullable(), outcome: z.string().optional() }),
  }),
]);

export type LoggedEvent = z.infer<typeof loggedEventSchema>;

/** Where an event differs from its record. */
export type Difference =
  | 'record'
  | 'user'
  | 'database'
  | 'session'
  | 'time'
  | 'client'
  | 'application'
  | 'number'
  | 'class'
  | 'command'
  | 'object'
  | 'rows'
  | 'statement'
  | 'parameters'
  | 'message'
  | 'sqlState'
  | 'raw';

/** Encodings of databases (manual, 24.3.1) by their WHATWG names: the log does not say which one it is. */
const ENCODINGS = [
  ...[2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16].map(part => `iso-8859-${part}`),
  ...[1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 874].map(page => `windows-${page}`),
  ...['ibm866', 'koi8-r', 'koi8-u', 'euc-jp', 'euc-kr', 'gbk'],
];

/**
 * Returns where the event differs from the record's bytes; `null` if it does not, or if a node rotated the log within the
 * record, so that its beginning is in another file.
 */
export function differenceOf(event: LoggedEvent, bytes: Buffer): Difference | null {
  const text = bytes.toString();
  const columns = readRecord(text);
  const { database, actor, source } = event;
  if (columns === null) return source.offset === 0 && isOfNode(text) ? null : 'record';
  if (columns[COLUMN.user] !== actor.user) return 'user';
  if (columns[COLUMN.database] !== (database ?? '')) return 'database';
  const differing = sessionDifference(event, columns);
  if (differing !== null) return differing;
  // Of other formats, the raw bytes are those of the row that csvlog would have.
  const isCsv = !text.startsWith('{') && !isOfNode(text);
  if (isCsv && source.raw !== undefined && !Buffer.from(source.raw, 'base64').equals(withoutNewline(bytes)))
    return 'raw';
  if (event.kind !== 'failure') return inAnyEncoding(bytes, columns, texts => textDifference(event, texts));
  return isStateOf(columns, event.failure) ? null : 'sqlState';
}

/** That a savepoint caught an error is shown by pgAudit's next record; the SQLSTATE is that of the error's own. */
function isStateOf(
  columns: readonly string[],
  { sqlState, outcome }: Extract<LoggedEvent, { kind: 'failure' }>['failure'],
): boolean {
  if (outcome === 'caught') return columns[COLUMN.message]?.startsWith(AUDIT) === true;
  return sqlState === null || sqlState === columns[COLUMN.sqlState];
}

function sessionDifference({ time, session }: LoggedEvent, columns: readonly string[]): Difference | null {
  const { id, line, pid, client, port, application } = session;
  const [from, name] = [columns[COLUMN.connectionFrom] ?? '', columns[COLUMN.application] ?? ''];
  const isSame =
    columns[COLUMN.sessionId] === id &&
    Number(columns[COLUMN.sessionLine]) === line &&
    columns[COLUMN.pid] === String(pid ?? '');
  if (!isSame) return 'session';
  if (!isTimeOf(columns[COLUMN.logTime] ?? '', time)) return 'time';
  if (from !== `${client ?? ''}${port === null ? '' : `:${port}`}`) return 'client';
  return fits(application ?? '', name) ? null : 'application';
}

/** Whether a text from which secrets were removed can be what the log has. */
function fits(shipped: string, logged: string): boolean {
  const [first = '', ...others] = shipped.split(REDACTED);
  const last = others.pop();
  if (last === undefined) return shipped === logged;
  if (!logged.startsWith(first) || !logged.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = logged.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= logged.length - last.length;
}

const REDACTED = '<redacted>';

/** The columns of a text that is exactly one record; else `null`. */
function readRecord(text: string): string[] | null {
  if (!text.endsWith('\n')) return null;
  if (text.startsWith('{') || isOfNode(text)) return jsonColumns(text);
  // Windows ends lines with two characters.
  const records = readCsv(text.replace(/\r?\n$/, ''));
  return records?.length === 1 ? (records[0] ?? null) : null;
}

function readCsv(text: string): string[][] | null {
  try {
    return parse(text, { relax_column_count: true, record_delimiter: '\n' });
  } catch {
    return null;
  }
}

function withoutNewline(bytes: Buffer): Buffer {
  return bytes.subarray(0, -1);
}

/** The message of a database that is not in UTF-8 may have any encoding; the rest of the record is read as UTF-8. */
function inAnyEncoding(
  bytes: Buffer,
  columns: readonly string[],
  compare: (message: string) => Difference | null,
): Difference | null {
  const difference = compare(columns[COLUMN.message] ?? '');
  if (difference === null || isAscii(bytes)) return difference;
  const decoded = [bytes.toString('latin1'), ...ENCODINGS.map(name => new TextDecoder(name).decode(bytes))];
  const isSame = (text: string): boolean => compare(readRecord(text)?.[COLUMN.message] ?? '') === null;
  return decoded.some(isSame) ? null : difference;
}

function textDifference(
  event: Extract<LoggedEvent, { kind: 'statement' | 'suspect' }>,
  message: string,
): Difference | null {
  if (event.kind === 'statement') return statementDifference(event.audit, message);
  const { message: shipped, redacted } = event.suspect;
  return isShipped(shipped, message, redacted) || isWrittenAnew(shipped, message, redacted)
    ? null
    : 'message';
}

/** A payload that was scrubbed is written anew, perhaps with other quotes: its fields are the same but for the marks. */
function isWrittenAnew(shipped: string, logged: string, redacted: number | undefined): boolean {
  const [ours, theirs] = [shipped, logged].map(message =>
    message.startsWith(AUDIT) ? readCsv(message.slice(AUDIT.length))?.[0] : undefined,
  );
  if (redacted === undefined || ours === undefined || theirs?.length !== ours.length) return false;
  return ours.every((field, index) => isSameField(field, theirs[index] ?? '', redacted));
}

function isSameField(shipped: string, logged: string, redacted: number): boolean {
  if (isShipped(shipped, logged, redacted) || isSameNumber(shipped, logged)) return true;
  const [ours, theirs] = [readParameters(shipped), readParameters(logged)];
  return (
    ours !== null &&
    theirs?.length === ours.length &&
    ours.every((one, index) => isShipped(one, theirs[index] ?? '', redacted))
  );
}

/** `01` is written as `1`. */
function isSameNumber(one: string, other: string): boolean {
  return /^\d{1,15}$/.test(one) && /^\d{1,15}$/.test(other) && Number(one) === Number(other);
}

/** The mark is a text like any other in an event of which nothing was redacted. */
function isShipped(shipped: string, logged: string, redacted: number | undefined): boolean {
  return redacted === undefined ? shipped === logged : fits(shipped, logged);
}

const AUDIT = 'AUDIT: ';

type LoggedAudit = Extract<LoggedEvent, { kind: 'statement' }>['audit'];

/** Text that is in an earlier record cannot be compared with this one. */
function statementDifference(audit: LoggedAudit, message: string): Difference | null {
  const fields = message.startsWith(AUDIT) ? readCsv(message.slice(AUDIT.length))?.[0] : undefined;
  const [, , , , , , , text, parameter] = fields ?? [];
  if (fields === undefined || text === undefined || parameter === undefined) return 'statement';
  const differing = payloadDifference(audit, fields);
  if (differing !== null || text === '<previously logged>') return differing;
  const { statement, parameters, redacted } = audit;
  const isSame =
    statement === null || text === '<not logged>'
      ? statement === null && text === '<not logged>'
      : isShipped(statement, text, redacted);
  if (!isSame) return 'statement';
  const logged = readParameters(parameter);
  if (parameters === null || logged === null) return parameters === logged ? null : 'parameters';
  const isEach = (shipped: string, index: number): boolean =>
    isShipped(shipped, logged[index] ?? '', redacted);
  return parameters.length === logged.length && parameters.every(isEach) ? null : 'parameters';
}

/** What pgAudit says beside the texts. */
function payloadDifference(audit: LoggedAudit, fields: readonly string[]): Difference | null {
  const [type, statementId, substatementId, auditClass, command, objectType, objectName, , , rows] = fields;
  const isNumber =
    type === audit.type &&
    Number(statementId) === audit.statementId &&
    Number(substatementId) === audit.substatementId;
  if (!isNumber) return 'number';
  if (auditClass !== (audit.loggedClass ?? audit.class)) return 'class';
  if (command !== audit.command) return 'command';
  const isNamed = objectType === (audit.objectType ?? '') && objectName === (audit.objectName ?? '');
  const { objects, objectsFrom } = audit;
  const isOwn = objectsFrom !== 'pgaudit' || (objects?.length === 1 && objects[0] === audit.objectName);
  if (!isNamed || !isOwn) return 'object';
  return (rows ?? '') === String(audit.rows ?? '') ? null : 'rows';
}

function readParameters(text: string): string[] | null {
  if (text === '<none>') return [];
  if (text === '<not logged>') return null;
  return text === '' ? [''] : (readCsv(text)?.[0] ?? null);
}
