/**
 * Reads a record of jsonlog, or of CloudNativePG's lines, with readers other than the shipper's own: its columns as in
 * csvlog, as far as events are compared with them.
 */

import { stringify } from 'csv-stringify/sync';
import { COLUMN } from '../../lib/csvlog.js';

/** By column: the key of jsonlog, and the one of CloudNativePG. */
const KEYS: readonly (readonly [column: number, jsonlog: string, cnpg: string])[] = [
  [COLUMN.logTime, 'timestamp', 'log_time'],
  [COLUMN.pid, 'pid', 'process_id'],
  [COLUMN.connectionFrom, 'remote_host', 'connection_from'],
  [COLUMN.application, 'application_name', 'application_name'],
  [COLUMN.user, 'user', 'user_name'],
  [COLUMN.database, 'dbname', 'database_name'],
  [COLUMN.sessionId, 'session_id', 'session_id'],
  [COLUMN.sessionLine, 'line_num', 'session_line_num'],
  [COLUMN.sqlState, 'state_code', 'sql_state_code'],
  [COLUMN.message, 'message', 'message'],
];
const FIELDS = [
  ...['audit_type', 'statement_id', 'substatement_id', 'class', 'command', 'object_type', 'object_name'],
  ...['statement', 'parameter'],
];

const CRI = /^\S+ (stdout|stderr) ([PF])(?::\S*)? (.*)$/s;

/** The columns of a record of these bytes; `null` if they are none. Of several, it is the one that ends with them. */
export function jsonColumns(text: string): string[] | null {
  const whole = text.startsWith('{') ? text : textIn(text);
  const parsed = whole === null ? null : parse(whole);
  if (!isObject(parsed)) return null;
  const { record } = parsed;
  return isObject(record) ? columnsOf(record, 2) : columnsOf(parsed, 1);
}

/** Whether these are lines as a node keeps them. */
export function isOfNode(text: string): boolean {
  return CRI.test(text.slice(0, text.indexOf('\n')));
}

/** The lines of the stream that the last one is of, put together. */
function textIn(text: string): string | null {
  const lines = text
    .slice(0, -1)
    .split('\n')
    .map(line => CRI.exec(line));
  const stream = lines.at(-1)?.[1];
  return stream === undefined
    ? null
    : lines.flatMap(line => (line?.[1] === stream ? (line[3] ?? '') : [])).join('');
}

function columnsOf(record: Record<string, unknown>, of: 1 | 2): string[] {
  const columns: string[] = Array.from({ length: 26 }, () => '');
  for (const key of KEYS) columns[key[0]] = String(record[key[of]] ?? '');
  // Of these formats only jsonlog has the port apart.
  if (record.remote_port !== undefined) columns[COLUMN.connectionFrom] += `:${String(record.remote_port)}`;
  if (columns[COLUMN.sqlState] === '') columns[COLUMN.sqlState] = '00000';
  const { audit } = record;
  if (isObject(audit)) columns[COLUMN.message] = messageOf(audit);
  return columns;
}

function messageOf(audit: Record<string, unknown>): string {
  const fields = FIELDS.map(field => String(audit[field] ?? ''));
  const rows = audit.rows === undefined || audit.rows === '' ? [] : [String(audit.rows)];
  return `AUDIT: ${stringify([[...fields, ...rows]], { eof: false })}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
