/**
 * The keys of formats that have one JSON object a line, each with its slot: the column of csvlog that its value goes
 * into, or a number behind those for a part of one (scan/columns.ts).
 */

import { COLUMN } from '../../lib/csvlog.js';
import type { LogFormat } from '../../lib/log-format.js';

/** What csvlog has in one column and jsonlog in several. */
const PART = { host: 26, port: 27, function: 28, file: 29, fileLine: 30 };
/** `audit` itself, and the first of its fields. */
const AUDIT = 31;
const LOGGER = 42;
const RECORD = 43;
/** The value is an object, with the keys of the next table. */
const OBJECT = 0x100;

type Keys = readonly (readonly [key: string, slot: number])[];

/** In the order in which PostgreSQL writes them (write_jsonlog in jsonlog.c). */
const JSONLOG: Keys = [
  ['timestamp', COLUMN.logTime],
  ['user', COLUMN.user],
  ['dbname', COLUMN.database],
  ['pid', COLUMN.pid],
  ['remote_host', PART.host],
  ['remote_port', PART.port],
  ['session_id', COLUMN.sessionId],
  ['line_num', COLUMN.sessionLine],
  ['ps', COLUMN.commandTag],
  ['session_start', COLUMN.sessionStart],
  ['vxid', COLUMN.virtualTransactionId],
  ['txid', COLUMN.transactionId],
  ['error_severity', COLUMN.severity],
  ['state_code', COLUMN.sqlState],
  ['message', COLUMN.message],
  ['detail', 14],
  ['hint', 15],
  ['internal_query', 16],
  ['internal_position', 17],
  ['context', COLUMN.context],
  ['statement', COLUMN.query],
  ['cursor_position', 20],
  ['func_name', PART.function],
  ['file_name', PART.file],
  ['file_line_num', PART.fileLine],
  ['application_name', COLUMN.application],
  ['backend_type', COLUMN.backendType],
  ['leader_pid', COLUMN.leaderPid],
  ['query_id', COLUMN.queryId],
];

/** CloudNativePG gives csvlog's columns their names in PostgreSQL's manual (20.8.4), and pgAudit's fields these. */
const RECORD_KEYS: Keys = [
  ...[
    ...['log_time', 'user_name', 'database_name', 'process_id', 'connection_from', 'session_id'],
    ...['session_line_num', 'command_tag', 'session_start_time', 'virtual_transaction_id', 'transaction_id'],
    ...['error_severity', 'sql_state_code', 'message', 'detail', 'hint', 'internal_query'],
    ...[
      'internal_query_pos',
      'context',
      'query',
      'query_pos',
      'location',
      'application_name',
      'backend_type',
    ],
    ...['leader_pid', 'query_id'],
  ].map((key, column) => [key, column] as const),
  ['audit', OBJECT + AUDIT],
];
const AUDIT_KEYS: Keys = [
  ...['audit_type', 'statement_id', 'substatement_id', 'class', 'command', 'object_type', 'object_name'],
  ...['statement', 'parameter', 'rows'],
].map((key, field) => [key, AUDIT + 1 + field] as const);

const CNPG_LINE: Keys = [
  ['logger', LOGGER],
  ['record', OBJECT + RECORD],
];

/** The tables of a format: the outermost object's keys, then those of each object within. */
export const LINE_KEYS: Readonly<Record<Exclude<LogFormat, 'csvlog'>, readonly Keys[]>> = {
  jsonlog: [JSONLOG],
  cnpg: [CNPG_LINE, RECORD_KEYS, AUDIT_KEYS],
};
