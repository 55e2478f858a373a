import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../src/deliver/destination.js';
import { type Payload, toLogEntries, toLogEntriesInTurns } from '../../../src/deliver/logging/log-entry.js';
import { hostileText } from '../../support/csvlog.js';
import { statementEvent } from '../../support/statement-event.js';

const KiB = 1024;

function lineOf(...texts: Parameters<typeof statementEvent>): Buffer {
  return Buffer.from(JSON.stringify(statementEvent(...texts)));
}

const PAYLOADS: readonly Payload[] = ['event', 'nais'];

/** What a destination gets. */
function shown(entries: readonly LogEntry[]): unknown[] {
  return entries.map(({ line, jsonPayload, insertId, timestamp, severity, labels, operation, split }) => ({
    ...{ insertId, timestamp, severity, labels, operation, split },
    payload: JSON.parse(JSON.stringify(jsonPayload)),
    line: JSON.parse(line?.toString() ?? JSON.stringify(jsonPayload)),
  }));
}

async function expectTheSame(line: Buffer, payload: Payload): Promise<LogEntry[]> {
  const entries = await toLogEntriesInTurns(line, payload);
  expect(shown(entries)).toEqual(shown(toLogEntries(line, payload)));
  return entries;
}

describe.each(PAYLOADS)('an event whose long texts stay in its line gives the same entries (%s)', payload => {
  test.each([
    ['ASCII', 'UPDATE konto SET navn = 1; '],
    ['two bytes a character', 'æøå'],
    ['four bytes a character', '\u{1F600}'],
    ['quotes', '"'],
    ['backslashes', '\\'],
    ['backslashes before letters', '\\n\\r\\u0041,'],
    ['line ends', '\r\n'],
    ['control characters', '\u0001\u001f\u007f'],
    ['commas', ','],
    ['what stands before a text', '","statement":"x","parameters":["a","b"],"raw":"'],
  ])('%s', async (_, text) => {
    const statement = text.repeat(Math.ceil((700 * KiB) / text.length));
    await expectTheSame(
      lineOf(statement, [statement, 'x', text.repeat(300)], 'A'.repeat(300 * KiB)),
      payload,
    );
  });

  test('whatever the texts', async () => {
    const arbitrary = fc.tuple(hostileText, fc.array(fc.tuple(hostileText, fc.nat(400))), fc.nat(40_000));
    await fc.assert(
      fc.asyncProperty(arbitrary, async ([text, parameters, times]) => {
        const statement = text.repeat(times).slice(0, 400_000).toWellFormed();
        const values = parameters.map(([value, repeated]) => value.repeat(repeated).toWellFormed());
        await expectTheSame(lineOf(statement, values), payload);
      }),
      { numRuns: 50 },
    );
  });

  test('65,535 parameters', () =>
    expectTheSame(
      lineOf(
        'INSERT',
        Array.from({ length: 65_535 }, (_, index) => `${index}`.repeat(40)),
      ),
      payload,
    ));

  test('no long text', () => expectTheSame(lineOf('UPDATE t SET a = $1', ['1', '']), payload));
});

test('other work gets its turn while a line is scanned', async () => {
  let turns = 0;
  const count = (): void => {
    turns++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const entries = await toLogEntriesInTurns(lineOf('æ'.repeat(8 * 1024 * KiB), []), 'event');
  clearImmediate(next);
  expect(turns).toBeGreaterThanOrEqual(3);
  expect(entries).toHaveLength(82);
});
