import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../src/deliver/destination.js';
import { toLogEntries } from '../../../src/deliver/logging/log-entry.js';
import { joinEvents, splitEvent } from '../../../src/deliver/logging/split.js';
import type { AuditEvent } from '../../../src/event/event.js';
import { rowEvent } from '../../support/row-event.js';
import { statementEvent } from '../../support/statement-event.js';

const KiB = 1024;

function suspectEvent(message: string): AuditEvent {
  const { audit, ...rest } = JSON.parse(JSON.stringify(statementEvent('', [])));
  return { ...rest, kind: 'suspect', suspect: { reason: 'context', message } };
}

function entriesOf(event: AuditEvent): LogEntry[] {
  return toLogEntries(Buffer.from(JSON.stringify(event)), 'event');
}

function expectSplit(event: AuditEvent, parts: number): void {
  const split = splitEvent(event);
  expect(split).toHaveLength(parts);
  for (const part of split) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(250 * KiB);
  expect(joinEvents(split)).toEqual(event);
}

test('an event of up to 240 KiB is one entry', () => {
  const event = statementEvent('x'.repeat(239 * KiB), ['1']);
  expect(entriesOf(event)).toMatchObject([{ insertId: 'i/6b.1/4', jsonPayload: event }]);
  expect(entriesOf(event)[0]).not.toHaveProperty('split');
});

test('a larger one is several, each with its index among them', () => {
  const entries = entriesOf(statementEvent('x'.repeat(450 * KiB), []));
  expect(entries.map(({ insertId, split, timestamp }) => [insertId, split, timestamp])).toEqual(
    [0, 1, 2].map(index => [
      `i/6b.1/4/${index}`,
      { uid: 'i/6b.1/4', index, totalSplits: 3 },
      '2026-11-21T20:40:01.123Z',
    ]),
  );
  expect(entries.every(entry => entry.labels.user === 'Z990001')).toBe(true);
});

test('a population: counts, and who is not audited; the archive alone has everybody by name', () => {
  const names = Array.from({ length: 5000 }, (_, n) => `role${n}`);
  const unaudited = { count: 5000, names: names.slice(0, 100) };
  const databases = [{ databases: ['hold'], log: 'none', isAudited: false, faults: ['none'] }];
  const counts = {
    part: { index: 0, total: 1 },
    server: { version: '15.18', pgaudit: '1.7' },
    databases: 1,
    persons: 5000,
    services: 2,
    others: 0,
  };
  const population = {
    ...counts,
    groups: [{ roles: names, databases }],
    unaudited,
    mayTurnOff: [{ role: 'dba', by: ['superuser'] }],
  };
  const event: AuditEvent = {
    v: 1,
    chain: 'c',
    seq: 4,
    previousHash: '0'.repeat(64),
    kind: 'population',
    id: 'i/c/4',
    time: '2026-11-21T20:40:01.123Z',
    instance: 'i',
    node: 'n',
    population,
  };
  for (const payload of ['event', 'nais'] as const)
    expect(toLogEntries(Buffer.from(JSON.stringify(event)), payload)).toMatchObject([
      { severity: 'NOTICE', jsonPayload: { ...event, population: { ...counts, unaudited } } },
    ]);
  const [entry] = toLogEntries(Buffer.from(JSON.stringify(event)), 'event');
  expect(JSON.stringify(entry)).not.toMatch(/role100|groups|mayTurnOff/);
});

describe('the parts join to the whole', () => {
  test('of a 3 MB statement', () => expectSplit(statementEvent('UPDATE t '.repeat(350_000), ['a', '']), 17));
  test('cut between characters', () => expectSplit(statementEvent('å\u{1F600}'.repeat(50_000), []), 2));
  test('of a long parameter among short ones', () =>
    expectSplit(statementEvent('s', ['', 'x'.repeat(500 * KiB), '', 'y']), 5));
  test('of many parameters', () =>
    expectSplit(
      statementEvent(
        's',
        Array.from({ length: 30_000 }, (_, n) => `p${n}`),
      ),
      5,
    ));
  test('of parameters that fill parts to the last byte', () =>
    expectSplit(
      statementEvent(
        's',
        Array.from({ length: 5 }, () => 'x'.repeat(200 * KiB)),
      ),
      6,
    ));
  test('of a statement that was not logged', () =>
    expectSplit(statementEvent(null, ['x'.repeat(300 * KiB)]), 3));
  test('of parameters that were not logged', () =>
    expectSplit(statementEvent('x'.repeat(300 * KiB), null), 2));
  test('of a raw record', () =>
    expectSplit(statementEvent('x'.repeat(150 * KiB), [], 'QUJD'.repeat(60 * KiB)), 3));
  test('of a TRUNCATE of thousands of tables', () => {
    const objects = Array.from({ length: 9000 }, (_, n) => `skjema.tabell_${n}`).sort();
    const event = statementEvent(`TRUNCATE ${objects.join(',')}`, []);
    if (event.kind !== 'statement') throw new Error('no statement');
    expectSplit({ ...event, audit: { ...event.audit, objects, objectsFrom: 'parsed' } }, 2);
  });
  test('of a large statement on few tables, which each part names', () => {
    const event = statementEvent('x'.repeat(300 * KiB), []);
    if (event.kind !== 'statement') throw new Error('no statement');
    const whole = { ...event, audit: { ...event.audit, objects: ['a', 'b'] } };
    expectSplit(whole, 2);
    expect(splitEvent(whole)).toMatchObject([0, 1].map(() => ({ audit: { objects: ['a', 'b'] } })));
  });
  test("of a suspect's message", () => expectSplit(suspectEvent('AUDIT: '.repeat(60_000)), 3));

  test('of a seal that lists many files', () => {
    const records = { read: 1, shipped: 1, dropped: {}, rejected: {} };
    const coverage = Array.from({ length: 2500 }, (_, n) => ({
      file: `${n}.csv`,
      fileId: String(n).padStart(32, '0'),
      from: 0,
      to: n,
      records,
    }));
    const { v, chain, seq, previousHash, id, time, instance, node } = statementEvent('', []);
    const seal = { reason: 'age', firstSeq: 1, events: {}, records, coverage, files: [] } as const;
    expectSplit({ v, chain, seq, previousHash, kind: 'seal', id, time, instance, node, seal }, 2);
  });

  test('whatever the texts', () => {
    const text = fc
      .tuple(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.nat(60_000))
      .map(([unit, times]) => unit.repeat(times).slice(0, 300_000).toWellFormed());
    fc.assert(
      fc.property(
        fc.option(text, { nil: null }),
        fc.option(fc.array(text, { maxLength: 4 }), { nil: null }),
        (statement, parameters) => {
          const event = statementEvent(statement, parameters);
          expect(joinEvents(splitEvent(event))).toEqual(event);
        },
      ),
      { numRuns: 50 },
    );
  });
});

test('a row of many columns: parts between them, and first the names of those that are not whole', () => {
  const names = Array.from({ length: 1600 }, (_, n) => `kolonne_${n}`);
  const values = (text: string): Record<string, string> =>
    Object.fromEntries(names.map(name => [name, text.repeat(100)]));
  const event = rowEvent({ old: values('å"\\'), new: values('b'), shortened: names, masked: ['hemmelig'] });
  expect(Buffer.byteLength(JSON.stringify(event))).toBeGreaterThan(500 * KiB);
  expectSplit(event, 7);
  const entries = entriesOf(event);
  expect(entries.map(({ insertId }) => insertId)).toEqual([0, 1, 2, 3, 4, 5, 6].map(n => `${event.id}/${n}`));
});

test('a key that is longer than an entry is cut between its columns', () => {
  const key = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`k${n}`, 'ø'.repeat(9900)]));
  expectSplit(rowEvent({ key, old: { saldo: '1' }, new: { k0: 'x'.repeat(9900), saldo: '2' } }), 5);
});

test('a usual row is one entry, with its person, and the transaction of its statement', () => {
  const [entry, ...more] = entriesOf(rowEvent({}));
  expect(more).toEqual([]);
  expect(entry).toMatchObject({
    severity: 'INFO',
    labels: { kind: 'row', user: 'Z990001', database: 'd' },
    operation: { id: 'i/6b0d340a.35b6/3/21' },
    jsonPayload: { row: { key: { id: 4 }, old: { saldo: '1.00' }, new: { saldo: '2.00' } } },
  });
});
