/** Random logs that are mostly skipped, with all that is odd in some of their records. */

import fc from 'fast-check';
import { auditMessage, type Columns, csvRecord, hostileText } from './csvlog.js';

interface Session {
  readonly user: string | null;
  readonly pid: number;
  readonly application: string;
  readonly columns: number;
  line: number;
  statement: number;
}

/** Of a statement, from the one before in its session. */
const steps = { same: 0, next: 1, further: 2 };

/** One more record of a session, in the order in which its server writes them. */
function next(session: Session, columns: Partial<Columns>, skipped = 0): string {
  const { user, pid, application, columns: count } = session;
  session.line += 1 + skipped;
  const sessionId = `6b0201a1.${pid.toString(16)}`;
  const numbered = { ...columns };
  numbered.message &&= numbered.message.replace(/(?<=^AUDIT: \w+,)(same|next|further)(?=,)/, step => {
    session.statement += Reflect.get(steps, step);
    return String(session.statement);
  });
  return csvRecord({ user, pid, application, sessionId, sessionLine: session.line, ...numbered }, count);
}

const text = fc.oneof(
  fc.constantFrom('SELECT 1', 'UPDATE t SET a=$1', 'INSERT INTO t VALUES ($1,$2)', '<previously logged>', ''),
  hostileText,
);
const parameter = fc.oneof(
  fc.constantFrom('<none>', '<not logged>', '', '7', '1,2', '"a,b",c', '""', '"', 'a"b', '"a"b'),
  fc.array(hostileText, { maxLength: 3 }).map(texts => auditMessage(texts).slice('AUDIT: '.length)),
  hostileText,
);
const payload = fc
  .record({
    type: fc.constantFrom('SESSION', 'SESSION', 'SESSION', 'OBJECT', 'session', '"SESSION"'),
    ids: fc.constantFrom(
      'same,1',
      'next,1',
      'next,12',
      '1,1',
      '12,1',
      '1,',
      '01,2',
      'x,1',
      '1234567890123456,1',
    ),
    class: fc.constantFrom('READ', 'WRITE', 'FUNCTION', 'DDL', 'MISC', 'ROLE', 'READS', 'FUNC', 'DD'),
    command: fc.constantFrom('SELECT', 'UPDATE', 'CREATE TABLE', '', '"a,b"'),
    object: fc.constantFrom(',', 'TABLE,public.t', 'TABLE,"public.""a,b"""', '"T"', ',,'),
    statement: text,
    parameter,
    rows: fc.constantFrom('', '', '', ',5', ',x', ','),
  })
  .map(({ statement, parameter: last, rows, ...all }) => {
    const texts = auditMessage([statement, last]).slice('AUDIT: '.length);
    return `AUDIT: ${all.type},${all.ids},${all.class},${all.command},${all.object},${texts}${rows}`;
  });
/** Mostly the first. */
function rarely<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 40, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

const plainPayload = fc
  .tuple(rarely('next', 'same', 'further'), text, fc.array(hostileText, { maxLength: 3 }))
  .map(([id, statement, texts]) => {
    const parameters = texts.length === 0 ? '<none>' : auditMessage(texts).slice('AUDIT: '.length);
    return auditMessage(['SESSION', id, '1', 'READ', 'SELECT', '', '', statement, parameters]);
  });
const message = fc.oneof(
  { weight: 6, arbitrary: plainPayload },
  { weight: 3, arbitrary: payload },
  {
    weight: 1,
    arbitrary: fc.oneof(
      hostileText,
      fc.constantFrom(
        'connection received: host=::1',
        'connection authenticated: identity="kari" method=cert (hba:1)',
        'connection authorized: user=x',
        'disconnection: session time: 0:00:00.1',
        'duration: 1 ms',
        'statement: UPDATE t',
        'execute <unnamed>: UPDATE t',
        'AUDIT:',
        'A',
      ),
    ),
  },
);
const second = fc.constantFrom(0, 0, 0, 0, 1, 2, 59);
const oddities: fc.Arbitrary<Partial<Columns>> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Partial<Columns>[]>(
      { context: 'x' },
      { query: 'x' },
      { detail: 'a "b"\n' },
      { location: 'log_audit_event, pgaudit.c:1' },
      { location: 'exec_stmt_raise, pl_exec.c:1' },
      { sqlState: '01000' },
      { sqlState: '23505', severity: 'ERROR' },
      { severity: 'LOGG' },
      { commandTag: 'idle' },
      { commandTag: 'authentication' },
      { commandTag: 'a "b"' },
      { commandTag: null },
      { virtualTransactionId: '' },
      { transactionId: 123456789 },
      { queryId: '-77' },
      { queryId: '123456789012345678' },
      { leaderPid: '17' },
      { application: 'a\nb' },
      { user: null, database: null },
      { user: 'appå "x"\n' },
      { connectionFrom: null },
      { sessionStart: '2026-11-21 20:40:00 CEST' },
    ),
  },
);
/** A record, by its session and what is odd in it. */
export const event = fc.record({
  session: fc.constantFrom(0, 0, 1, 2, 3, 4, 5),
  message,
  second,
  milliseconds: fc.nat(999),
  zone: rarely('CET', 'UTC', '+03'),
  oddities,
  skipped: rarely(0, 1, -1, 7),
});
export type Event = (typeof event)['generate'] extends (...all: never[]) => { value: infer V } ? V : never;

/** The records as csvlog has them, of six sessions. */
export function write(events: readonly Event[], columns = 26): string[] {
  const sessions: Session[] = ['app_a', 'app_a', 'app_b', 'Z990001', 'postgres', null].map((user, index) => ({
    user,
    pid: 3000 + index * 7,
    application: index === 1 ? 'psql' : 'app',
    columns,
    line: 0,
    statement: 0,
  }));
  return events.flatMap(one => {
    const session = sessions[one.session];
    if (session === undefined) return [];
    const seconds = String(one.second).padStart(2, '0');
    const logTime = `2026-11-21 20:40:${seconds}.${String(one.milliseconds).padStart(3, '0')} ${one.zone}`;
    return [next(session, { logTime, message: one.message, ...one.oddities }, one.skipped)];
  });
}

/** Records, and how many columns each has. */
export const log = fc.tuple(
  fc.array(event, { minLength: 10, maxLength: 100, size: 'max' }),
  fc.constantFrom(26, 26, 24, 23),
);
/** Places at which a log's bytes are cut. */
export const cuts = fc.array(fc.nat(60_000), { maxLength: 6 });
