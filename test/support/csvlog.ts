/** Writes csvlog as PostgreSQL does (write_csvlog in csvlog.c), for a test's own records. */

import fc from 'fast-check';

/** The columns of one record, by the names of the manual. Texts that are null are left empty, without quotes. */
export interface Columns {
  logTime: string;
  user: string | null;
  database: string | null;
  pid: number;
  connectionFrom: string | null;
  sessionId: string;
  sessionLine: number;
  commandTag: string | null;
  sessionStart: string;
  virtualTransactionId: string;
  transactionId: number;
  severity: string;
  sqlState: string;
  message: string | null;
  detail: string | null;
  hint: string | null;
  internalQuery: string | null;
  internalPosition: string;
  context: string | null;
  query: string | null;
  queryPosition: string;
  location: string | null;
  application: string | null;
  backendType: string | null;
  leaderPid: string;
  queryId: string;
}

export const DEFAULTS: Columns = {
  logTime: '2026-11-21 20:40:01.123 CET',
  user: 'Z990001',
  database: 'hold',
  pid: 21805,
  connectionFrom: '127.0.0.1:57658',
  sessionId: '6b0201a1.552d',
  sessionLine: 4,
  commandTag: 'UPDATE',
  sessionStart: '2026-11-21 20:40:00 CET',
  virtualTransactionId: '3/10',
  transactionId: 0,
  severity: 'LOG',
  sqlState: '00000',
  message: 'AUDIT: SESSION,7,1,WRITE,UPDATE,,,UPDATE t SET a=1,<none>',
  detail: null,
  hint: null,
  internalQuery: null,
  internalPosition: '',
  context: null,
  query: null,
  queryPosition: '',
  location: null,
  application: 'psql',
  backendType: 'client backend',
  leaderPid: '',
  queryId: '0',
};

const TEXTS: ReadonlySet<keyof Columns> = new Set([
  'user',
  'database',
  'connectionFrom',
  'commandTag',
  'message',
  'detail',
  'hint',
  'internalQuery',
  'context',
  'query',
  'location',
  'application',
  'backendType',
]);

export function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** The record's fields as text, without quotes. */
export function fieldsOf(columns: Partial<Columns> = {}, count = 26): string[] {
  return Object.values({ ...DEFAULTS, ...columns })
    .slice(0, count)
    .map(value => (value === null ? '' : String(value)));
}

/** One record with its newline. */
export function csvRecord(columns: Partial<Columns> = {}, count = 26): string {
  const all = Object.entries({ ...DEFAULTS, ...columns }).slice(0, count);
  const written = all.map(([name, value]) => {
    if (value === null) return '';
    return TEXTS.has(name as keyof Columns) ? quote(String(value)) : String(value);
  });
  return `${written.join(',')}\n`;
}

/** pgAudit's message for these payload fields (append_valid_csv in pgaudit.c). */
export function auditMessage(fields: readonly string[]): string {
  return `AUDIT: ${fields.map(field => (/[,"\r\n]/.test(field) ? quote(field) : field)).join(',')}`;
}

/** The message of a write of `statement` with `parameters`. */
export function writeMessage(statement: string, parameters: readonly string[] = [], statementId = 7): string {
  const parameter = parameters.length === 0 ? '<none>' : auditMessage(parameters).slice('AUDIT: '.length);
  return auditMessage(['SESSION', String(statementId), '1', 'WRITE', 'UPDATE', '', '', statement, parameter]);
}

/** Text with all that is hard about CSV in it. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"',
        '""',
        ',',
        '\n',
        '\r\n',
        '\r',
        '\u0000',
        'å',
        '\u{1F600}',
        "'",
        '\\',
        '$$',
        'AUDIT: ',
      ),
      fc.string(),
    ),
    { maxLength: 12 },
  )
  .map(parts => parts.join(''));

/** Records as PostgreSQL could write them. */
export const anyColumns = fc.record({
  user: hostileText,
  database: fc.option(hostileText, { nil: null }),
  sessionLine: fc.nat(),
  pid: fc.nat(),
  message: hostileText,
  detail: fc.option(hostileText, { nil: null }),
  context: fc.option(hostileText, { nil: null }),
  query: fc.option(hostileText, { nil: null }),
  application: hostileText,
});
