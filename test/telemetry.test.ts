import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ShipperError } from '../src/errors.js';
import { Health } from '../src/health.js';
import { createMetrics } from '../src/metrics.js';
import { Telemetry } from '../src/telemetry.js';

function fixture(): { telemetry: Telemetry; lines: string[]; health: Health } {
  const lines: string[] = [];
  const health = new Health();
  return {
    telemetry: new Telemetry(pino({}, { write: line => void lines.push(line) }), createMetrics(), health),
    lines,
    health,
  };
}

test("a library's error is logged by its code and place, never by its message (I8)", () => {
  const { telemetry, lines } = fixture();
  telemetry.failed(Object.assign(new Error('UPDATE secret'), { code: 'EWHATEVER' }));
  telemetry.deliveryFailed('logging', new SyntaxError('UPDATE secret'), 1, 0, 100);
  telemetry.directoryFailed('/people.csv', new Error('UPDATE secret'));
  expect(lines.join('')).not.toContain('secret');
  expect(lines.join('')).toContain('EWHATEVER');
  expect(lines.join('')).toContain('telemetry.test.ts');
});

test('our own errors say what to do', () => {
  const { telemetry, lines } = fixture();
  telemetry.failed(new ShipperError('x', 'give it another folder'));
  expect(lines[0]).toContain('give it another folder');
});

test('a user that no rule knows is named once, and not without end', () => {
  const { telemetry, lines } = fixture();
  for (const user of ['a', 'b', 'a', 'b']) telemetry.otherUser(user, false);
  expect(lines).toHaveLength(2);
  for (let n = 0; n < 5000; n++) telemetry.otherUser(`user ${n}`, false);
  expect(lines).toHaveLength(1000);
});

test('deliveries that keep failing become errors', () => {
  const { telemetry, lines } = fixture();
  for (const seconds of [0, 1, 29, 30, 3600])
    telemetry.deliveryFailed('archive', { code: 503 }, 1, seconds * 1000, 100);
  expect(lines.map(line => JSON.parse(line).level)).toEqual([40, 40, 40, 50, 50]);
});

test('before anything was looked at, metrics say neither that it is well nor that it is not', async () => {
  const text = await createMetrics().registry.metrics();
  expect(text).toMatch(/^pgaudit_shipper_source_readable nan$/im);
  expect(text).toMatch(/^pgaudit_shipper_journal_last_seal_timestamp_seconds nan$/im);
  expect(text).toContain('\npgaudit_shipper_suspects_total{reason="context"} 0\n');
  expect(text).toContain('\npgaudit_shipper_gaps_total{reason="missing-lines"} 0\n');
});

test('a problem makes it not ready until it is gone', () => {
  const { telemetry, health } = fixture();
  telemetry.started('1', 'i', 'new');
  telemetry.sourceFaults([{ path: '/log', code: 'EACCES' }]);
  telemetry.commitFailed('ENOSPC');
  expect(health.problems).toEqual([
    "source: /log: no permission: allow it to the shipper's user",
    'journal: cannot be written: the disk is full',
  ]);
  telemetry.sourceFaults([]);
  telemetry.commitRecovered();
  expect(health.problems).toEqual([]);
});
