/** Which statements count as bulk and as without WHERE, and what became of them. */

import { afterAll, expect, test } from 'vitest';
import { markedOf } from '../../src/commands/report/marks.js';
import type { Audit } from '../../src/event/audit.js';
import type { NewEvent } from '../../src/event/event.js';
import { Zone } from '../../src/lib/zone.js';
import { createRelationParser } from '../../src/relations/relations.js';
import { readEvent } from '../../src/report/event.js';
import { Findings } from '../../src/report/findings.js';
import { type Marked, UNMARKED } from '../../src/report/marked.js';
import { sha256 } from '../support/archive.js';
import { NOVEMBER } from '../support/report.js';
import { write } from '../support/reviewed.js';
import { failureOf, type NewStatement, type Said } from '../support/search.js';

const parser = createRelationParser({ forReview: true });
afterAll(() => parser.close());

const KARI: Said = { user: 'Z990001', name: 'Kari Nordmann' };
const TIME = '2025-11-05T10:00:00.000Z';

const marked = (said: Partial<Audit>): Promise<Marked> => markedOf(write(TIME, KARI, said).audit, parser);

test.each<[Partial<Audit>, Partial<Marked>]>([
  [{ command: 'DELETE', statement: 'DELETE FROM t' }, { withoutWhere: 'yes' }],
  [{ command: 'DELETE', statement: 'DELETE FROM t WHERE id = 1' }, { withoutWhere: 'no' }],
  [{ command: 'UPDATE', statement: 'DELETE FROM t; UPDATE t SET a = 1 WHERE b' }, { withoutWhere: 'no' }],
  [{ command: 'DELETE', statement: 'DELETE FROM t; UPDATE t SET a = 1 WHERE b' }, { withoutWhere: 'yes' }],
  [
    { command: 'INSERT', statement: 'WITH d AS (DELETE FROM t RETURNING *) INSERT INTO s TABLE d' },
    { withoutWhere: 'yes' },
  ],
  [
    {
      command: 'INSERT',
      objectName: 'public.s',
      statement: 'WITH d AS (DELETE FROM t RETURNING *) INSERT INTO s TABLE d',
    },
    { withoutWhere: 'no' },
  ],
  // The server logs EXECUTE with the text of PREPARE, under the command that it runs.
  [
    { command: 'UPDATE', statement: 'PREPARE p AS UPDATE t SET a = 1' },
    { withoutWhere: 'yes', isPlan: false },
  ],
  [
    { command: 'PREPARE', statement: 'PREPARE p AS UPDATE t SET a = 1' },
    { withoutWhere: 'no', isPlan: true },
  ],
  [
    { command: 'UPDATE', statement: 'EXPLAIN UPDATE t SET a = 1' },
    { withoutWhere: 'no', isPlan: true },
  ],
  [{ command: 'EXPLAIN', statement: 'EXPLAIN ANALYZE UPDATE t SET a = 1' }, { isPlan: true }],
  [
    { command: 'UPDATE', statement: 'EXPLAIN ANALYZE UPDATE t SET a = 1' },
    { withoutWhere: 'yes', isPlan: false },
  ],
  [{ command: 'UPDATE', statement: 'UPDATE t SET a = <redacted>' }, { withoutWhere: 'maybe' }],
  [{ command: 'DELETE', statement: null }, { withoutWhere: 'unknown' }],
  [{ command: 'INSERT', statement: 'INSERT INTO t VALUES (<redacted>)' }, { withoutWhere: 'no' }],
  [{ command: 'COPY', statement: "COPY t FROM PROGRAM 'x'" }, { copies: 'program' }],
  [{ command: 'INSERT', statement: "COPY t FROM '/tmp/x'" }, { copies: 'file' }],
])('%o', async (said, expected) => {
  expect(await marked(said)).toMatchObject(expected);
});

function findingsOf(events: readonly NewEvent[], mark?: Marked): Findings {
  const findings = new Findings({ period: NOVEMBER, zone: new Zone('UTC'), hours: { from: 420, to: 1020 } });
  for (const event of events) {
    const line = Buffer.from(JSON.stringify({ v: 1, chain: 'c', seq: 1, previousHash: '', ...event }));
    const read = readEvent(line);
    if (read !== null) findings.add(read, sha256(line), mark);
  }
  return findings;
}

test('what is only planned changes nothing: neither bulk nor an object changed', () => {
  const plan = { ...UNMARKED, isPlan: true };
  const findings = findingsOf([write(TIME, KARI), write(TIME, KARI)], plan);
  expect([findings.total.events, findings.touched.size, findings.objects.size]).toEqual([2, 0, 0]);
});

function inTransaction(made: NewStatement, virtualTransactionId: string): NewStatement {
  return { ...made, session: { ...made.session, virtualTransactionId } };
}

test('all statements of a transaction share its outcome, and a caught error is none', () => {
  const [a, b, c, d, e] = ['1/1', '1/1', '1/2', '1/3', '1/4'].map(id => inTransaction(write(TIME, KARI), id));
  if (!a || !b || !c || !d || !e) throw new Error('five statements');
  const uncertain = failureOf(e, null);
  const findings = findingsOf([
    ...[a, b, failureOf(b)],
    ...[c, failureOf(c, null)],
    ...[d, failureOf(d), failureOf(d, '23505', 'caught')],
    ...[e, { ...uncertain, failure: { ...uncertain.failure, certain: false as const } }],
  ]);
  expect(findings.outcomes.counts).toEqual({ done: 1, failed: 2, undone: 1, unknown: 1 });
});

test('an error that a savepoint caught on a later day is taken back on its own day, or not at all', () => {
  const made = write('2025-11-05T23:59:59.000Z', KARI);
  const [failed, caught] = [failureOf(made), failureOf(made, '23505', 'caught')];
  const later = { ...caught, time: '2025-11-06T00:00:01.000Z' };
  const { days, total, failures } = findingsOf([made, failed, later]);
  expect([...days].map(([day, { failed: count }]) => [day, count])).toEqual([['2025-11-05', 0]]);
  expect([total.failed, failures.sorted.map(({ events }) => events)]).toEqual([0, [0]]);
  // The error itself was before the period.
  const rest = findingsOf([later]);
  expect([rest.total.failed, rest.days.size, rest.failures.size]).toEqual([0, 0, 0]);
});

test('what a session left open, or another one rolled back, was undone, though no transaction is in that record', () => {
  const [a, b, c, d, other] = ['1/1', '1/1', '1/2', '1/2', '1/3'].map(id =>
    inTransaction(write(TIME, KARI), id),
  );
  if (!a || !b || !c || !d || !other) throw new Error('five statements');
  const [left, prepared] = [failureOf(b, null), failureOf(d, null)];
  const findings = findingsOf([
    ...[a, b, { ...left, session: { ...left.session, virtualTransactionId: null } }],
    ...[c, d, other],
    { ...prepared, session: { ...prepared.session, id: '6b.9', virtualTransactionId: '9/9' } },
  ]);
  expect(findings.outcomes.counts).toEqual({ done: 1, failed: 0, undone: 4, unknown: 0 });
});

test('such a failure names the latest statement before the commands that control the transaction', () => {
  const [begin, a, savepoint, prepare] = ['BEGIN', 'UPDATE', 'SAVEPOINT', 'PREPARE TRANSACTION'].map(
    command => {
      const made = inTransaction(write(TIME, KARI), '1/1');
      return command === 'UPDATE'
        ? made
        : { ...made, audit: { ...made.audit, class: 'MISC' as const, command } };
    },
  );
  if (!begin || !a || !savepoint || !prepare) throw new Error('four statements');
  const undone = failureOf(a, null);
  const elsewhere = { ...undone, session: { ...undone.session, id: '6b.9', virtualTransactionId: null } };
  for (const last of [savepoint, prepare])
    expect(findingsOf([begin, a, savepoint, last, elsewhere]).outcomes.counts).toEqual({
      ...{ done: 0, failed: 0, undone: 4, unknown: 0 },
    });
});
