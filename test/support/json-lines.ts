/** Writes records as jsonlog and as CloudNativePG's lines, without the program's own code. */

/** Columns of csvlog, by number, as in PostgreSQL's manual (20.8.4); missing or empty ones are left out. */
export type Row = readonly string[];

/** PostgreSQL's keys, with the columns that they hold, and whether their values are numbers (write_jsonlog in jsonlog.c). */
const KEYS: readonly (readonly [key: string, column: number, isNumber?: boolean])[] = [
  ['timestamp', 0],
  ['user', 1],
  ['dbname', 2],
  ['pid', 3, true],
  ['session_id', 5],
  ['line_num', 6, true],
  ['ps', 7],
  ['session_start', 8],
  ['vxid', 9],
  ['txid', 10, true],
  ['error_severity', 11],
  ['state_code', 12],
  ['message', 13],
  ['detail', 14],
  ['hint', 15],
  ['internal_query', 16],
  ['internal_position', 17, true],
  ['context', 18],
  ['statement', 19],
  ['cursor_position', 20, true],
  ['application_name', 22],
  ['backend_type', 23],
  ['leader_pid', 24, true],
  ['query_id', 25, true],
];

/** One line of jsonlog, with its newline. `connection_from` is cut at its last colon. */
export function jsonlogLine(row: Row): string {
  const pairs = KEYS.flatMap(([key, column, isNumber]) => {
    const value = row[column] ?? '';
    if (value === '' || (key === 'state_code' && value === '00000')) return [];
    return [[key, isNumber === true ? Number(value) : value] as const];
  });
  const [, host, port] = /^(.*):(\d+)$/s.exec(row[4] ?? '') ?? [];
  if (host !== undefined) pairs.splice(4, 0, ['remote_host', host], ['remote_port', Number(port)]);
  return `${JSON.stringify(Object.fromEntries(pairs))}\n`;
}

const COLUMNS = [
  ...['log_time', 'user_name', 'database_name', 'process_id', 'connection_from', 'session_id'],
  ...['session_line_num', 'command_tag', 'session_start_time', 'virtual_transaction_id', 'transaction_id'],
  ...['error_severity', 'sql_state_code', 'message', 'detail', 'hint', 'internal_query'],
  ...['internal_query_pos', 'context', 'query', 'query_pos', 'location', 'application_name', 'backend_type'],
  ...['leader_pid', 'query_id'],
];
const FIELDS = [
  ...['audit_type', 'statement_id', 'substatement_id', 'class', 'command', 'object_type', 'object_name'],
  ...['statement', 'parameter', 'rows'],
];

/** The text that CloudNativePG's instance manager prints of a record; `audit`: pgAudit's fields, which it takes apart. */
export function cnpgText(row: Row, audit: readonly string[] | null = null): string {
  const named = (names: readonly string[], values: readonly string[]) =>
    Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']).filter(([, value]) => value !== ''));
  const columns = audit === null ? row : row.with(13, '');
  const record = { ...named(COLUMNS, columns), ...(audit === null ? {} : { audit: named(FIELDS, audit) }) };
  const logger = audit === null ? 'postgres' : 'pgaudit';
  return JSON.stringify({
    level: 'info',
    ts: '2026-11-29T12:00:00Z',
    logger,
    msg: 'record',
    logging_pod: 'pg-1',
    record,
  });
}

/** The lines in which a node keeps a text: cut after `size` bytes. */
export function criLines(
  text: string,
  { stream = 'stdout', size = 16_384, time = '2026-11-29T12:00:00.000000001Z' } = {},
): Buffer[] {
  const bytes = Buffer.from(text);
  const count = Math.max(1, Math.ceil(bytes.length / size));
  return Array.from({ length: count }, (_, at) =>
    Buffer.concat([
      Buffer.from(`${time} ${stream} ${at === count - 1 ? 'F' : 'P'} `),
      bytes.subarray(at * size, (at + 1) * size),
      Buffer.from('\n'),
    ]),
  );
}
