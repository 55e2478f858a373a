/** The heartbeat that the server is asked to log, and whether it comes back. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { Heartbeat } from '../../src/database/heartbeat.js';
import { systemClock } from '../../src/lib/clock.js';
import { COLUMN } from '../../src/lib/csvlog.js';
import type { RawRecord } from '../../src/read/record.js';
import { frames, recordOf } from '../support/frames.js';
import { startPostgres } from '../support/postgres.js';
import { eventually } from '../support/shipper.js';

const MINUTE = 60_000;
let postgres: ThrowawayPostgres;
let now = 1_000_000;
const failures: unknown[] = [];

beforeEach(async () => {
  postgres = await startPostgres();
  await postgres.query('postgres', 'CREATE ROLE app_shipper LOGIN');
  failures.length = 0;
});

function heartbeat(user = 'app_shipper'): Heartbeat {
  const url = `postgres://${user}@127.0.0.1:${postgres.port}/postgres`;
  const clock = { ...systemClock, now: () => now };
  return new Heartbeat(url, clock, { heartbeatFailed: error => failures.push(error) });
}

/** The server's records whose message begins like this, once there are `count`. */
async function records(count: number): Promise<RawRecord[]> {
  let found: RawRecord[] = [];
  await eventually(async () => {
    const names = (await readdir(postgres.logs)).filter(name => name.endsWith('.csv'));
    const logs = await Promise.all(names.map(name => readFile(join(postgres.logs, name))));
    found = logs
      .flatMap(recordsIn)
      .filter(record => record.text(COLUMN.message).startsWith('pgaudit-shipper '));
    return found.length >= count;
  });
  return found;
}

function recordsIn(log: Buffer): RawRecord[] {
  return frames([log]).map(({ offset, length }) => recordOf(log.subarray(offset, offset + length)));
}

test('a plain login role may send it, and it is read back once', async () => {
  const beating = heartbeat();
  await beating.send();
  expect([beating.readAt, beating.isAwaited]).toEqual([null, true]);
  const [record] = await records(1);
  expect(record?.text(COLUMN.severity)).toBe('LOG');
  expect(record && [beating.reads(record), beating.reads(record)]).toEqual([true, false]);
  expect([beating.readAt, beating.isAwaited]).toEqual([1_000_000, false]);
  expect(failures).toEqual([]);
});

test('one that does not come back while the log is read for a minute is missing, until another one comes', async () => {
  const beating = heartbeat();
  await beating.send();
  expect(beating.isMissing(null)).toBe(false);
  expect(beating.isMissing(now + MINUTE)).toBe(false);
  expect(beating.isMissing(now + MINUTE + 1)).toBe(true);
  now += 5 * MINUTE;
  await beating.send();
  const [, second] = await records(2);
  expect(second && beating.reads(second)).toBe(true);
  expect(beating.isMissing(now + 10 * MINUTE)).toBe(false);
});

test("another process' heartbeat, and a forger's, do not count", async () => {
  const [mine, other] = [heartbeat(), heartbeat()];
  await other.send();
  await postgres.query('app_shipper', "DO $$BEGIN RAISE LOG 'pgaudit-shipper 1'; END$$");
  for (const record of await records(2)) expect(mine.reads(record)).toBe(false);
});

test('if the role may not send it, that is reported once, without the message of the server, and it is missing', async () => {
  await postgres.query('postgres', 'REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC');
  const beating = heartbeat();
  await beating.send();
  await beating.send();
  expect(failures).toEqual([
    expect.objectContaining({ code: '42501', message: 'the heartbeat cannot be written (42501)' }),
  ]);
  expect([beating.isMissing(null), beating.isAwaited]).toEqual([true, false]);
});
