/** A sink that takes nothing is a problem, from the time when somebody has to act until it takes something. */

import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Health } from '../../../src/daemon/health.js';
import { createMetrics } from '../../../src/daemon/metrics.js';
import { Telemetry } from '../../../src/daemon/telemetry/telemetry.js';
import { ManualClock } from '../../support/clock.js';

function fixture() {
  const clock = new ManualClock('2026-11-21T08:00:00Z');
  const health = new Health(() => clock.now());
  const telemetry = new Telemetry(pino({ enabled: false }), createMetrics(), health);
  telemetry.started('1', 'host', 'own state');
  const problems = (): string[] => health.problems.map(({ part, code }) => `${part}: ${code}`);
  const failed = (sink: string, seconds: number): void =>
    telemetry.deliveryFailed(sink, Object.assign(new Error(), { code: 'EACCES' }), 1, seconds * 1000, 100);
  return { clock, health, telemetry, problems, failed };
}

test('each sink is a problem of its own after half a minute, and says what to do; the daemon stays ready', () => {
  const { health, telemetry, problems, failed } = fixture();
  failed('archive', 29);
  expect(problems()).toEqual([]);
  for (const sink of ['archive', 'logging', 'witness', 'siem']) failed(sink, 30);
  expect(problems()).toEqual(
    ['archive', 'logging', 'witness', 'siem'].map(sink => `${sink}: delivery-failing`),
  );
  expect(health.problems[0]?.fix).toBe("no permission: give it to the shipper's user");
  expect(health.hindrances).toEqual([]);
  telemetry.deliveryRecovered('archive', 9);
  telemetry.delivered('logging', 3);
  expect(problems()).toEqual(['witness: delivery-failing', 'siem: delivery-failing']);
});

test('after a restart the first failure says it again, since when it lasted, and the first success ends it', () => {
  for (const isSuccess of [false, true]) {
    const { clock, health, telemetry, problems, failed } = fixture();
    const since = new Date(clock.now() - 3_600_000).toISOString();
    health.recall([{ part: 'archive', code: 'delivery-failing', since }], () => undefined);
    if (isSuccess) telemetry.delivered('archive', 1);
    failed('archive', 0);
    expect(problems()).toEqual(isSuccess ? [] : ['archive: delivery-failing']);
    expect(health.lasting.map(one => one.since)).toEqual(isSuccess ? [] : [since]);
  }
});
