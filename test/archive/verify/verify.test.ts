/** Archives as the shipper makes them, of every kind, are intact for `verify`, wherever they lie (I10). */

import { generateKeyPairSync } from 'node:crypto';
import { appendFile, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openArchive } from '../../../src/archive/store/location.js';
import { ALL_DAYS } from '../../../src/archive/store/walk.js';
import type { PartResult, VerifyResult } from '../../../src/archive/verify/result.js';
import { type VerifyOptions, verifyArchive } from '../../../src/archive/verify/verify.js';
import { indexLogFiles } from '../../../src/commands/verify/log-index.js';
import { readSeals } from '../../../src/commands/verify/seals.js';
import { ManualClock } from '../../support/clock.js';
import { startCloud } from '../../support/cloud.js';
import { csvRecord } from '../../support/csvlog.js';
import { FaultyFs } from '../../support/faulty-fs.js';
import { Life, lifeConfig } from '../../support/life.js';
import { append, numbered, range } from '../../support/log.js';
import { eventually, runOnce, Shipper, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

const HOUR = 60 * 60 * 1000;

async function scene() {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  // One segment in each run.
  const archive = { to: `file:${join(folder, 'archive')}` };
  const config = settings(folder, [join(folder, '*.csv*')], { archive });
  const once = async (): Promise<void> => {
    expect((await runOnce(folder, config)).code).toBe(0);
  };
  const verify = (options: VerifyOptions = {}) =>
    verifyArchive(openArchive(`file:${join(folder, 'archive')}`), options);
  return { folder, path, archive, once, verify };
}

function intactPart(result: VerifyResult): PartResult {
  expect(result.failure).toBeNull();
  const [part] = result.parts;
  if (part === undefined) throw new Error('there is no part');
  return part;
}

describe('made by the real daemon', () => {
  test('in several runs, of several files', async () => {
    const { folder, path, once, verify } = await scene();
    await append(path, 1, 5);
    await once();
    await append(path, 6, 7);
    await append(join(folder, 'b.csv'), 8, 9);
    await once();
    await once();
    const result = await verify();
    expect(result.warnings).toEqual([]);
    expect(intactPart(result)).toMatchObject({
      instance: 'samples',
      node: 'test',
      objects: 3,
      events: { statement: 9, lifecycle: 6, seal: 3 },
      source: { files: 2, records: { read: 9, shipped: 9 } },
      gaps: {},
      chains: [{ firstSeq: 1, objects: 3, reason: 'archive-empty' }],
    });
  });

  test('after its state was lost, and the chain taken up', async () => {
    const { folder, path, once, verify } = await scene();
    await append(path, 1, 5);
    await once();
    await rm(join(folder, 'state'), { recursive: true });
    await append(path, 6, 9);
    await once();
    const result = await verify();
    expect(result.warnings).toEqual([]);
    expect(intactPart(result)).toMatchObject({
      events: { statement: 9 },
      chains: [{ firstSeq: 1, objects: 2 }],
    });
  });

  test('with gaps: they are reported by reason', async () => {
    const { path, once, verify } = await scene();
    await append(path, 1, 2);
    await once();
    await appendFile(path, csvRecord({ sessionLine: 3 }, 23));
    await append(path, 4, 5);
    await append(path, 9, 9);
    await once();
    expect(intactPart(await verify())).toMatchObject({
      events: { statement: 5 },
      gaps: { torn: 1, 'missing-lines': 1 },
      source: { records: { rejected: { torn: 1 } } },
    });
  });

  test('of a file that was changed after it was read, and read again: what can be compared is', async () => {
    const { folder, path, once, verify } = await scene();
    await append(path, 1, 10);
    await once();
    await truncate(path, (await readFile(path)).length - 30);
    const later = { sessionId: '6b02ffff.1', sessionStart: '2026-11-22 14:42:07 CET' };
    await appendFile(
      path,
      range(11, 40)
        .map(n => numbered(n, later))
        .join(''),
    );
    await once();
    const result = await verify({ logFiles: await indexLogFiles([folder]) });
    expect(result.doubts).toEqual([
      expect.stringContaining('1 events differ from log files that were changed'),
    ]);
    expect(intactPart(result)).toMatchObject({
      gaps: { changed: 1, torn: 1 },
      logFiles: { matched: 39, changed: 1, missing: 0, files: 2 },
    });
  });

  test('and signed: the public key is enough', async () => {
    const { folder, path, archive, verify } = await scene();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signingKeyFile = join(folder, 'key.pem');
    await writeFile(signingKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const config = settings(folder, [path], { archive: { ...archive, signingKeyFile } });
    for (let n = 1; n <= 2; n++) {
      await append(path, n);
      expect((await runOnce(folder, config)).code).toBe(0);
    }
    const keys = [{ key: publicKey, chain: null, seq: 1 }];
    expect(intactPart(await verify({ keys })).seals).toMatchObject({ total: 2, signed: 2, checked: 2 });
  });

  test('by several daemons in one archive: each is verified', async () => {
    const { folder, path, archive, verify } = await scene();
    await append(path, 1, 3);
    for (const [instance, node] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '1'],
    ]) {
      const state = { directory: join(folder, `state-${instance}${node}`) };
      const logging = { to: `file:${join(folder, `logging-${instance}${node}`)}` };
      const config = settings(folder, [path], { instance, node, state, logging, archive });
      expect((await runOnce(folder, config)).code).toBe(0);
    }
    const result = await verify();
    expect(result.isIntact).toBe(true);
    expect(result.parts.map(({ instance, node, objects }) => [instance, node, objects])).toEqual([
      ['a', '1', 1],
      ['a', '2', 1],
      ['b', '1', 1],
    ]);
    // One that is broken leaves the others verified.
    const [day] = await readdir(join(folder, 'archive/instance=a/node=1'));
    const [name] = await readdir(join(folder, 'archive/instance=a/node=1', day ?? ''));
    await writeFile(join(folder, 'archive/instance=a/node=1', day ?? '', name ?? ''), '');
    const broken = await verify();
    expect(broken.failure).toMatchObject({ code: 'gzip', object: `instance=a/node=1/${day}/${name}` });
    expect(broken.parts.map(({ failure }) => failure?.code)).toEqual(['gzip', undefined, undefined]);
  });
});

describe('made in days and quiet hours', () => {
  async function days(move: (clock: ManualClock, life: Life, path: string) => Promise<void>) {
    const { folder, verify } = await scene();
    const path = join(folder, 'log', 'a.csv');
    await mkdir(join(folder, 'log'));
    const clock = new ManualClock('2026-11-21T22:30:00Z');
    const life = await Life.start(lifeConfig(folder, [path]), { clock, fs: new FaultyFs(folder) });
    await append(path, 1, 30);
    await life.settle();
    await move(clock, life, path);
    await life.shutDown();
    return { folder, verify };
  }

  const threeDays = () =>
    days(async (_clock, life, path) => {
      for (let day = 0; day < 2; day++) {
        for (let hour = 0; hour < 24; hour++) await life.pass(HOUR);
        await append(path, 31 + day * 5, 35 + day * 5);
        await life.settle();
      }
    });

  test('silence is sealed by the hour, each day in its folder', async () => {
    const { verify } = await threeDays();
    const result = await verify();
    expect(result.warnings).toEqual([]);
    const part = intactPart(result);
    expect(part.events.statement).toBe(40);
    expect(part.seals.total).toBeGreaterThan(48);
    expect([part.from, part.to].map(time => time?.slice(0, 10))).toEqual(['2026-11-21', '2026-11-23']);
  });

  test('some days are verified by themselves, and what is not known of their edges is said', async () => {
    const { folder, verify } = await threeDays();
    const whole = intactPart(await verify());
    const [chain] = whole.chains;
    const middle = await verify({ days: { since: '2026-11-22', until: '2026-11-22' } });
    const part = intactPart(middle);
    expect(part.chains[0]?.firstSeq).toBeGreaterThan(1);
    expect(part.chains[0]?.lastSeq).toBeLessThan(chain?.lastSeq ?? 0);
    expect(part.chains[0]?.reason).toBeNull();
    expect(middle.limits).toEqual([
      expect.stringMatching(/continues what came before 2026-11-22/),
      expect.stringMatching(/what comes after 2026-11-22/),
      expect.any(String),
      expect.any(String),
      expect.stringContaining('the audit state of samples'),
    ]);
    // From its first day on, nothing is cut.
    const first = await verify({ days: { since: '2026-11-21', until: null } });
    expect(intactPart(first)).toEqual(whole);
    const objects = (
      await Promise.all(
        ['21', '22', '23'].map(day => {
          const date = `2026-11-${day}`;
          return verify({ days: { since: date, until: date } });
        }),
      )
    ).map(result => intactPart(result).objects);
    expect(objects.reduce((sum, count) => sum + count, 0)).toBe(whole.objects);
    // Seals that lie outside are not missed.
    const names = await readdir(join(folder, 'logging'));
    const { anchors: seals } = await readSeals(names.map(name => join(folder, 'logging', name)));
    for (const days of [
      ALL_DAYS,
      { since: '2026-11-22', until: null },
      { since: null, until: '2026-11-22' },
    ]) {
      const { total, anchored } = intactPart(await verify({ days, seals })).seals;
      expect(anchored).toBe(total);
    }
    const nothing = await verify({ days: { since: '2020-01-01', until: '2020-01-02' } });
    expect(intactPart(nothing)).toMatchObject({ objects: 0, chains: [], from: null });
  });

  test.each([
    ['an hour back', '2026-11-21T21:30:00Z'],
    ['two days back', '2026-11-19T22:30:00Z'],
    ['ten years ahead', '2036-11-21T22:30:00Z'],
  ])('a clock that is set %s breaks nothing', async (_name, time) => {
    const { verify } = await days(async (clock, life, path) => {
      clock.set(time);
      await append(path, 31, 33);
      await life.settle();
    });
    const result = await verify();
    expect(intactPart(result).events.statement).toBe(33);
    const isBack = time < '2026-11-21T22';
    expect(result.warnings.map(({ code }) => code).includes('clock')).toBe(isBack);
  });
});

describe('in Cloud Storage', () => {
  async function cloudScene() {
    const cloud = await startCloud();
    const folder = await temporaryFolder();
    const path = join(folder, 'a.csv');
    const { storage, settings: clouds } = cloud;
    const archive = { to: `gs://${storage.bucket}/hold`, endpoint: storage.endpoint };
    const once = async (): Promise<void> => {
      expect((await runOnce(folder, settings(folder, [path], { ...clouds, archive }))).code).toBe(0);
    };
    const verify = (options: VerifyOptions = {}) => {
      const location = openArchive(archive.to, { endpoint: archive.endpoint });
      return verifyArchive(location, options).finally(location.store.close);
    };
    /** Changes one object as it is stored. */
    const change = (index: number, by: (object: StoredObject) => Partial<StoredObject>): string => {
      const object = [...storage.objects.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)).at(index);
      if (object === undefined) throw new Error('there is no such object');
      storage.objects.set(object.name, { ...object, ...by(object) });
      return object.name;
    };
    await append(path, 1, 5);
    await once();
    return { cloud, folder, path, archive, once, verify, change };
  }
  type StoredObject = ReturnType<Awaited<ReturnType<typeof startCloud>>['storage']['objects']['get']> &
    object;

  test('objects, checksums and metadata', async () => {
    const { path, once, verify } = await cloudScene();
    await append(path, 6, 9);
    await once();
    const result = await verify();
    expect(result.warnings).toEqual([]);
    expect(intactPart(result)).toMatchObject({ objects: 2, events: { statement: 9 } });
  });

  test('a new chain, since the archive could not be read when the state was lost, is reported', async () => {
    const { cloud, folder, path, once, verify } = await cloudScene();
    cloud.storage.mayRead = false;
    await rm(join(folder, 'state'), { recursive: true });
    await append(path, 6, 9);
    await once();
    cloud.storage.mayRead = true;
    const result = await verify();
    // Chains that began in the same second are in no order.
    expect(new Set(intactPart(result).chains.map(({ reason }) => reason))).toEqual(
      new Set(['archive-empty', 'archive-unreadable']),
    );
    expect(result.warnings).toMatchObject([
      { code: 'new-chain', what: expect.stringMatching(/is new: what was between/) },
    ]);
  });

  test('seals of an end that was lost with the state, and sealed otherwise since, are a warning', async () => {
    const { cloud, folder, path, once, archive, verify } = await cloudScene();
    const config = settings(folder, [path], {
      ...cloud.settings,
      archive,
      shutdown: { gracePeriod: '300ms' },
    });
    cloud.storage.faults.push(...Array.from({ length: 100 }, () => ({ status: 503 })));
    const shipper = await Shipper.start(folder, config);
    await append(path, 6, 8);
    await shipper.eventuallyLogged('started');
    await eventually(async () => cloud.logged('statement').length === 8);
    await shipper.stop();
    cloud.storage.faults.length = 0;
    await rm(join(folder, 'state'), { recursive: true });
    await append(path, 9);
    await once();
    const entries = cloud.logged('seal').map(jsonPayload => ({ jsonPayload }));
    expect(entries.length).toBe(3);
    const file = join(folder, 'seals.json');
    await writeFile(file, JSON.stringify(entries));
    const { anchors } = await readSeals([file]);
    const result = await verify({ seals: anchors });
    expect(intactPart(result)).toMatchObject({ events: { statement: 9 }, seals: { total: 2, anchored: 2 } });
    expect(result.warnings).toMatchObject([
      { code: 'seals', what: expect.stringMatching(/lost with the state/) },
    ]);
  });

  test('metadata that was edited', async () => {
    const { verify, change } = await cloudScene();
    for (const name of ['sha256', 'first-seq', 'last-seq', 'first-hash', 'last-hash', 'events']) {
      let before: Record<string, string> = {};
      const object = change(0, ({ metadata }) => {
        before = metadata;
        return { metadata: { ...metadata, [name]: '7' } };
      });
      const what = expect.stringContaining(`metadata ${name} does not match`);
      expect((await verify()).failure).toMatchObject({ code: 'metadata', object, what });
      change(0, () => ({ metadata: before }));
    }
  });

  test('the metadata is gone, as where somebody copied the object: a warning', async () => {
    const { verify, change } = await cloudScene();
    const object = change(0, () => ({ metadata: {} }));
    const result = await verify();
    intactPart(result);
    expect(result.warnings).toMatchObject([{ code: 'metadata', object }]);
  });

  test('the bytes are not those that the store has a checksum of', async () => {
    const { verify, change } = await cloudScene();
    // The operating system in gzip's header: the content is the same.
    const object = change(0, ({ body }) => ({
      body: Buffer.concat([body.subarray(0, 9), Buffer.from([7]), body.subarray(10)]),
    }));
    expect((await verify()).failure).toMatchObject({ code: 'checksum', object });
  });

  test('an archive that may not be read is neither intact nor broken', async () => {
    const { cloud, verify } = await cloudScene();
    cloud.storage.mayRead = false;
    await expect(verify()).rejects.toMatchObject({
      code: '403',
      message: expect.stringMatching(/objectViewer/),
    });
  });
});

test('an archive that is copied from a bucket into a folder is the same', async () => {
  const { folder, path, once, verify } = await scene();
  await append(path, 1, 5);
  await once();
  const copy = join(folder, 'copy', 'inner');
  await cp(join(folder, 'archive'), copy, { recursive: true });
  const result = await verifyArchive(openArchive(copy));
  expect(result.parts).toEqual((await verify()).parts);
});
