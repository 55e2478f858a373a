/**
 * Reads a csvlog record with a reader other than the shipper's own, and says where an event differs from it
 * (PostgreSQL's manual, 20.8.4; pgaudit.c, log_audit_event).
 */

import { isAscii } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { COLUMN } from '../../lib/csvlog.js';
import { isOfNode, jsonColumns } from './json-record.js';

const fromLog = {
  database: z.string().nullable(),
  actor: z.object({ user: z.string() }),
  session: z.object({ id: z.string(), line: z.number() }),
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
    failure: z.object({ sqlState: z.string().nullable() }),
  }),
]);

export type LoggedEvent = z.infer<typeof loggedEventSchema>;

/** Where an event differs from its record. */
export type Difference =
  | 'record'
  | 'user'
  | 'database'
  | 'session'
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
  const { database, actor, session, source } = event;
  if (columns === null) return source.offset === 0 && isOfNode(text) ? null : 'record';
  if (columns[COLUMN.user] !== actor.user) return 'user';
  if (columns[COLUMN.database] !== (database ?? '')) return 'database';
  const isSession =
    columns[COLUMN.sessionId] === session.id && Number(columns[COLUMN.sessionLine]) === session.line;
  if (!isSession) return 'session';
  // Of other formats, the raw bytes are those of the row that csvlog would have.
  const isCsv = !text.startsWith('{') && !isOfNode(text);
  if (isCsv && source.raw !== undefined && !Buffer.from(source.raw, 'base64').equals(withoutNewline(bytes)))
    return 'raw';
  if (event.kind !== 'failure') return inAnyEncoding(bytes, columns, texts => textDifference(event, texts));
  const { sqlState } = event.failure;
  return sqlState === null || sqlState === columns[COLUMN.sqlState] ? null : 'sqlState';
}

/** The columns of a text that is exactly one record; else `null`. */
function readRecord(text: string): string[] | null {
  if (!text.endsWith('\n')) return null;
  if (text.startsWith('{') || isOfNode(text)) return jsonColumns(text);
  const records = readCsv(text.slice(0, -1));
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
  return redacted !== undefined || shipped === message ? null : 'message';
}

const AUDIT = 'AUDIT: ';
const STATEMENT = 7;
const PARAMETERS = 8;

/** Text that was redacted, or that is in an earlier record, cannot be compared with this one. */
function statementDifference(
  { statement, parameters, redacted }: Extract<LoggedEvent, { kind: 'statement' }>['audit'],
  message: string,
): Difference | null {
  const fields = message.startsWith(AUDIT) ? readCsv(message.slice(AUDIT.length))?.[0] : undefined;
  const [text, parameter] = [fields?.[STATEMENT], fields?.[PARAMETERS]];
  if (text === undefined || parameter === undefined) return 'statement';
  if (redacted !== undefined || text === '<previously logged>') return null;
  if (statement !== (text === '<not logged>' ? null : text)) return 'statement';
  return JSON.stringify(parameters) === JSON.stringify(readParameters(parameter)) ? null : 'parameters';
}

function readParameters(text: string): string[] | null {
  if (text === '<none>') return [];
  if (text === '<not logged>') return null;
  return text === '' ? [''] : (readCsv(text)?.[0] ?? null);
}
