/** The real daemon, killed again and again beside a real PostgreSQL under load. */

import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startCloud } from '../support/cloud.js';
import { startPostgres } from '../support/postgres.js';
import { eventually, Shipper, settings } from '../support/shipper.js';
import { often } from '../support/soak.js';
import { temporaryFolder } from '../support/temp.js';

const KILLS = often(30, 100);
/** Most milliseconds from its first delivery to a kill. */
const LONGEST_WORK = 300;
const PERSONS = ['Z990001', 'Z990002', 'Z990003'];

test('random kills under load: archive = oracle, each event once, chain whole, coverage joined (I1)', {
  timeout: KILLS * 30_000,
}, async () => {
  // The log is rotated by size while all this happens.
  const postgres = await startPostgres({ log_filename: 'postgresql-%H%M%S.log', log_rotation_size: '256kB' });
  const roles = [...PERSONS, 'app_web'].map(user => `CREATE ROLE "${user}" LOGIN`);
  await postgres.query('postgres', ...roles, 'CREATE TABLE t (who text, n int)', 'GRANT ALL ON t TO PUBLIC');
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const config = settings(folder, [postgres.logPattern], cloud.settings);
  const counts = new Map<string, number>();
  let isWorking = true;
  const work = [...PERSONS, 'app_web'].map(async user => {
    const client = await postgres.connect(user);
    let n = 0;
    while (isWorking) {
      await client.query('INSERT INTO t SELECT $1, $2::int FROM pg_sleep(0.01)', [user, ++n]);
      counts.set(user, n);
    }
    await client.end();
  });
  let startUp = 0;
  let working = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const before = cloud.logging.shown.length;
    const spawned = performance.now();
    const shipper = await Shipper.spawn(folder, config);
    // Every second run is killed in the middle of its work, however slow this machine is; the others before, or soon
    // after.
    if (kill % 2 === 0) {
      await eventually(async () => cloud.logging.shown.length > before);
      startUp = performance.now() - spawned;
      await sleep(randomInt(LONGEST_WORK));
    } else {
      await sleep(randomInt(Math.round(startUp * 1.2)));
    }
    if (cloud.logging.shown.length > before) working += 1;
    await shipper.kill();
  }
  isWorking = false;
  await Promise.all(work);
  const shipper = await Shipper.start(folder, config);
  const expected = PERSONS.flatMap(user =>
    Array.from({ length: counts.get(user) ?? 0 }, (_, index) => `${user} ${index + 1}`),
  );
  const shown = (): number => cloud.logging.shown.filter(entry => entry.labels.kind === 'statement').length;
  await eventually(async () => shown() >= expected.length);
  expect(await shipper.stop()).toBe(0);
  // The chain, the seals and the coverage are checked on the way.
  const events = cloud.archived();
  const archived = events.filter(event => event.kind === 'statement');
  const keyOf = (event: { actor?: { user: string }; audit?: { parameters: string[] | null } }): string =>
    `${event.actor?.user} ${event.audit?.parameters?.[1]}`;
  expect(archived.map(keyOf).sort()).toEqual(expected.sort());
  expect(cloud.logged('statement').map(keyOf).sort()).toEqual(expected);
  expect(events.filter(event => event.kind === 'gap')).toEqual([]);
  const starts = events.filter(event => event.lifecycle?.action === 'started').length;
  const files = new Set(archived.map(event => event.source?.fileId)).size;
  console.info(
    `${KILLS} kills, ${working} of them while delivering, ${starts} starts journaled; ` +
      `${expected.length} statements in ${files} log files: each once in ${cloud.storage.objects.size} objects`,
  );
  expect(working).toBeGreaterThanOrEqual(KILLS / 2);
  expect(files).toBeGreaterThan(2);
});
