/** Failures around the running daemon: it waits, reports them, and catches up. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { startCloud } from '../support/cloud.js';
import { append, numbered, numbersOf, range } from '../support/log.js';
import { archived, eventually, logged, runOnce, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

test('Cloud Logging is down: the archive continues, and the entries catch up in order (I5)', async () => {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  cloud.logging.faults.push(...Array.from({ length: 4 }, () => ({ code: status.UNAVAILABLE })));
  const shipper = await Shipper.start(folder, settings(folder, [path], cloud.settings));
  await append(path, 1, 3);
  await eventually(async () => numbersOf(cloud.archived()).length === 3);
  expect(cloud.logged('statement')).toEqual([]);
  expect(await shipper.metric('pgaudit_shipper_sink_lag_events{sink="logging"}')).toBeGreaterThan(0);
  expect(await shipper.isReady()).toBe(true);
  await append(path, 4, 5);
  await eventually(async () => numbersOf(cloud.logged()).length === 5);
  expect(numbersOf(cloud.logged())).toEqual(range(1, 5));
  // Failures beside the oldest request are reported with it.
  expect(new Set(shipper.logged('delivery-failed').map(line => `${line.sink} ${line.error}`))).toEqual(
    new Set(['logging UNAVAILABLE']),
  );
  expect(shipper.logged('delivery-recovered')).toHaveLength(1);
});

test('Cloud Storage is down: the entries continue, and the archive catches up in order (I5)', async () => {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  cloud.storage.faults.push({ status: 503 }, { drop: true }, { status: 403 }, { dropAfterCommit: true });
  const shipper = await Shipper.start(folder, settings(folder, [path], cloud.settings));
  await append(path, 1, 3);
  await eventually(async () => numbersOf(cloud.logged()).length === 3);
  await append(path, 4, 5);
  await eventually(async () => numbersOf(cloud.archived()).length === 5);
  expect(await shipper.stop()).toBe(0);
  expect(numbersOf(cloud.archived())).toEqual(range(1, 5));
});

test('both are down at shutdown: what is undelivered stays, is reported, and is delivered by the next start', async () => {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const config = settings(folder, [path], { ...cloud.settings, shutdown: { gracePeriod: '300ms' } });
  cloud.logging.faults.push(...Array.from({ length: 20 }, () => ({ code: status.PERMISSION_DENIED })));
  cloud.storage.faults.push(...Array.from({ length: 20 }, () => ({ status: 403 })));
  const shipper = await Shipper.start(folder, config);
  await append(path, 1, 3);
  await eventually(
    async () =>
      (await shipper.metric('pgaudit_shipper_records_total{outcome="shipped",reason="statement"}')) === 3,
  );
  expect(await shipper.stop()).toBe(0);
  expect(shipper.logged('stopped')).toMatchObject([
    { level: 'warn', undelivered: { logging: expect.any(Number), archive: expect.any(Number) } },
  ]);
  cloud.logging.faults.length = 0;
  cloud.storage.faults.length = 0;
  await runOnce(folder, config);
  expect(numbersOf(cloud.archived())).toEqual(range(1, 3));
  expect(numbersOf(cloud.logged())).toEqual(range(1, 3));
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s: what was read is sealed and delivered',
  async signal => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.csv');
    await append(path, 1, 3);
    const shipper = await Shipper.start(folder, settings(folder, [path]));
    await eventually(async () => numbersOf(await logged(folder)).length === 3);
    expect(await shipper.stop(signal)).toBe(0);
    const events = await archived(folder);
    expect(numbersOf(events)).toEqual([1, 2, 3]);
    expect(events.at(-1)).toMatchObject({ kind: 'seal', seal: { reason: 'shutdown' } });
  },
);

test('a second signal ends the process at once', async () => {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  cloud.logging.faults.push({ stall: true });
  const shipper = await Shipper.start(folder, settings(folder, [path], cloud.settings));
  await eventually(async () => cloud.logging.calls.length === 1);
  const first = shipper.stop('SIGINT');
  await eventually(async () => shipper.logged('stopping').length === 1);
  expect(await shipper.stop('SIGTERM')).toBe(1);
  expect(await first).toBe(1);
});

test('an unknown person is shipped as unresolved, and counted (I7)', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, numbered(1, { user: 'ukjent@nav.no' }) + numbered(2));
  const shipper = await Shipper.start(
    folder,
    settings(folder, [path], { identity: [{ pattern: ['^(?<id>[A-Z]\\d{6})$'] }] }),
  );
  await eventually(async () => (await archived(folder, 'statement')).length === 2);
  expect((await archived(folder, 'statement')).map(event => event.actor)).toEqual([
    { user: 'ukjent@nav.no', status: 'unresolved', resolvedBy: [] },
    { user: 'Z990001', status: 'resolved', id: 'Z990001', resolvedBy: ['pattern'] },
  ]);
  expect(await shipper.metric('pgaudit_shipper_identities_total{status="unresolved"}')).toBe(1);
  expect(await shipper.metric('pgaudit_shipper_journal_latency_seconds_count')).toBeGreaterThan(0);
});

test('a start that waits for the database says so, and reports the source as not known yet', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, numbered(1));
  const shipper = await Shipper.start(
    folder,
    settings(folder, [path], {
      filter: { personalUsers: ['memberOf:persons'] },
      database: { url: 'postgres://shipper:s3cret@127.0.0.1:1/postgres' },
    }),
  );
  await shipper.eventuallyLogged('catalog-failed');
  const said = async (): Promise<string> => (await shipper.get('/internal/isready')).body;
  await eventually(async () => (await said()).includes('source: waits for its database'));
  expect(await shipper.metric('pgaudit_shipper_source_readable')).toBeNaN();
});
