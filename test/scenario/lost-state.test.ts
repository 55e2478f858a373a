/** The state folder is lost: the archive says where to continue, or the new chain says that it does not. */

import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { objectsIn } from '../support/archive.js';
import { ManualClock } from '../support/clock.js';
import { startCloud } from '../support/cloud.js';
import { FaultyFs } from '../support/faulty-fs.js';
import { Life, lifeConfig } from '../support/life.js';
import { append, appendRecent, numbersOf, range } from '../support/log.js';
import {
  archived,
  eventually,
  logged,
  oneSegment,
  runOnce,
  type Settings,
  Shipper,
  settings,
} from '../support/shipper.js';
import { startSilentServer } from '../support/silent-server.js';
import { temporaryFolder } from '../support/temp.js';

test('the chain, positions and coverage are taken up from the newest seal of a local archive', async () => {
  const folder = await temporaryFolder();
  const [a, b] = [join(folder, 'a.csv'), join(folder, 'b.csv')];
  const config = settings(folder, [a, b]);
  await append(a, 1, 5);
  expect((await runOnce(folder, config)).code).toBe(0);
  await append(a, 6, 7);
  await append(b, 8, 9);
  expect((await runOnce(folder, config)).code).toBe(0);
  await rm(join(folder, 'state'), { recursive: true });
  await append(b, 10, 12);
  expect((await runOnce(folder, config)).code).toBe(0);
  // One chain whose coverage joins: otherwise readArchive fails.
  const events = await archived(folder);
  expect(numbersOf(events)).toEqual(range(1, 12));
  expect(new Set(events.map(event => event.chain)).size).toBe(1);
  expect(
    events.filter(event => event.lifecycle?.action === 'started').map(({ lifecycle }) => lifecycle),
  ).toMatchObject([{ newChain: true, reason: 'archive-empty' }, {}, { takenUpFromArchive: true }]);
  expect(events.filter(event => event.kind === 'gap')).toEqual([]);
});

test('the same with Cloud Storage; what was sealed and not stored is read again', async () => {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const config = settings(folder, [path], { ...cloud.settings, shutdown: { gracePeriod: '300ms' } });
  await appendRecent(path, 1, 5);
  expect((await runOnce(folder, config)).code).toBe(0);
  cloud.storage.faults.push(...Array.from({ length: 100 }, () => ({ status: 503 })));
  const shipper = await Shipper.start(folder, config);
  await appendRecent(path, 6, 8);
  await shipper.eventuallyLogged('delivery-failed');
  await shipper.stop();
  cloud.storage.faults.length = 0;
  await rm(join(folder, 'state'), { recursive: true });
  await appendRecent(path, 9);
  expect((await runOnce(folder, config)).code).toBe(0);
  expect(numbersOf(cloud.archived())).toEqual(range(1, 9));
  expect(new Set(cloud.archived().map(event => event.chain)).size).toBe(1);
  // Shown once by their insertIds, although some were sent in both lives.
  expect(numbersOf(cloud.logged())).toEqual(range(1, 9));
});

test('without read access a new chain begins, and says so; log entries are shown once', async () => {
  const cloud = await startCloud();
  cloud.storage.mayRead = false;
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const config = settings(folder, [path], cloud.settings);
  await appendRecent(path, 1, 3);
  const first = await runOnce(folder, config);
  expect(first.output).toContain('no permission to read the archive: grant roles/storage.objectViewer');
  await rm(join(folder, 'state'), { recursive: true });
  expect((await runOnce(folder, config)).code).toBe(0);
  const starts = cloud.logged('lifecycle').filter(({ lifecycle }) => lifecycle?.action === 'started');
  expect(starts.map(({ lifecycle, seq }) => [lifecycle?.reason, seq])).toEqual([
    ['archive-unreadable', 1],
    ['archive-unreadable', 1],
  ]);
  expect(new Set(starts.map(({ chain }) => chain)).size).toBe(2);
  expect(numbersOf(cloud.logged())).toEqual(range(1, 3));
});

test('an archive that does not answer is waited for', async () => {
  const shipper = await withoutAnswer('1h');
  await shipper.eventuallyLogged('take-up-failed');
  const isReady = await shipper.get('/internal/isready');
  expect([isReady.status, isReady.body]).toEqual([
    503,
    expect.stringContaining('start: waits for the archive: nobody listens at the destination'),
  ]);
});

test('but not forever', async () => {
  const shipper = await withoutAnswer('1s');
  await shipper.eventuallyLogged('started');
  const levels = shipper.logged('take-up-failed').map(({ level }) => level);
  expect(levels.pop()).toBe('error');
  expect(new Set(levels)).toEqual(new Set(['warn']));
  expect(shipper.logged('started')[0]?.chain).toBe('archive-unreachable');
});

/** A daemon without state, whose archive does not answer. */
async function withoutAnswer(takeUpTimeout: string): Promise<Shipper> {
  const cloud = await startCloud();
  const { endpoint } = cloud.storage;
  await cloud.storage.close();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await append(path, 1);
  const config = settings(folder, [path], {
    archive: { to: 'gs://archive-bucket', endpoint },
    state: { directory: join(folder, 'state'), takeUpTimeout },
  });
  return await Shipper.start(folder, config);
}

test('a newest object that is damaged is not trusted', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await append(path, 1);
  await runOnce(folder, settings(folder, [path], oneSegment(folder)));
  const [object = ''] = await objectsIn(join(folder, 'archive'));
  await writeFile(object, 'damaged');
  await rm(join(folder, 'state'), { recursive: true });
  const { output } = await runOnce(folder, settings(folder, [path]));
  expect(output).toContain('does not match its name');
  expect(output).toContain('"chain":"archive-damaged"');
});

test('a newest object that the previous key signed is taken up while that key is configured (I1)', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const [old, next] = [join(folder, 'old.pem'), join(folder, 'next.pem')];
  for (const file of [old, next]) {
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  const { archive } = oneSegment(folder);
  const signedBy = (keys: object) => settings(folder, [path], { archive: { ...Object(archive), ...keys } });
  const changed = { signingKey: `file:${next}`, previousSigningKey: `file:${old}` };
  await append(path, 1, 2);
  await runOnce(folder, signedBy({ signingKey: `file:${old}` }));
  await append(path, 3, 4);
  // The old key signs the seal that covers the change.
  await runOnce(folder, signedBy(changed));
  await rm(join(folder, 'state'), { recursive: true });
  await append(path, 5, 6);
  const { output } = await runOnce(folder, signedBy(changed));
  expect(output).toContain('"chain":"taken-up"');
  expect(numbersOf(await archived(folder, 'statement'))).toEqual(range(1, 6));
});

test('a newest object that the configured key has not signed is not taken up', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const signingKeyFile = join(folder, 'key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(signingKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const { archive } = oneSegment(folder);
  const unsigned = settings(folder, [path], { archive });
  const signed = settings(folder, [path], { archive: { ...Object(archive), signingKeyFile } });
  await append(path, 1, 2);
  await runOnce(folder, signed);
  await rm(join(folder, 'state'), { recursive: true });
  const { output } = await runOnce(folder, signed);
  expect(output).toContain('"chain":"taken-up"');
  // An attacker with write access adds a seal which says that everything was read.
  await append(path, 3, 4);
  await rm(join(folder, 'state'), { recursive: true });
  await runOnce(folder, unsigned);
  await rm(join(folder, 'state'), { recursive: true });
  const again = await runOnce(folder, signed);
  expect(again.output).toContain('is not signed with the key');
  expect(again.output).toContain('"chain":"archive-unsigned"');
  expect(numbersOf(await logged(folder))).toEqual(expect.arrayContaining(range(1, 4)));
});

test('after a change of key the chain is taken up from a seal of the key before, as long as it is configured', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const keyFile = async (name: string): Promise<string> => {
    const file = join(folder, name);
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return `file:${file}`;
  };
  const [before, now, third] = [await keyFile('before'), await keyFile('now'), await keyFile('third')];
  const to = `file:${join(folder, 'archive')}`;
  const signedBy = (keys: Settings) => settings(folder, [path], { archive: { to, ...keys } });
  const change = signedBy({ signingKey: now, previousSigningKey: before });
  const lives = [signedBy({ signingKey: before }), change, change];
  for (const [index, config] of lives.entries()) {
    await append(path, index + 1);
    if (index === 2) await rm(join(folder, 'state'), { recursive: true });
    expect((await runOnce(folder, config)).code).toBe(0);
  }
  // One chain: otherwise it fails.
  expect(numbersOf(await archived(folder))).toEqual([1, 2, 3]);
  await rm(join(folder, 'state'), { recursive: true });
  const { output } = await runOnce(folder, signedBy({ signingKey: third, previousSigningKey: before }));
  expect(output).toContain('"chain":"archive-unsigned"');
});

test("a chain keeps the node under which it began, whatever the host's name is now (I6)", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await append(path, 1, 2);
  await runOnce(folder, settings(folder, [path], { node: 'pod-1' }));
  await append(path, 3, 4);
  const { output } = await runOnce(folder, settings(folder, [path], { node: 'pod-2' }));
  expect(output).toContain('"code":"node-kept","node":"pod-1","configured":"pod-2"');
  const events = await archived(folder);
  expect(numbersOf(events)).toEqual(range(1, 4));
  expect(new Set(events.map(event => event.node))).toEqual(new Set(['pod-1']));
  expect(await objectsIn(join(folder, 'archive', 'instance=samples', 'node=pod-2'))).toEqual([]);
  const shipper = await Shipper.start(folder, settings(folder, [path], { node: 'pod-2' }));
  await shipper.eventuallyLogged('started');
  const { body } = await shipper.get('/internal/prometheus');
  expect(body).toMatch(/^pgaudit_shipper_build_info\{.+,audit_instance="samples",node="pod-1"\} 1$/m);
  expect(body).not.toContain('pod-2');
});

test('SIGTERM while it waits for an archive that never answers ends it at once, and begins no chain', async () => {
  const { endpoint, connections } = await startSilentServer();
  const folder = await temporaryFolder();
  const archive = { to: 'gs://archive-bucket', endpoint };
  const shipper = await Shipper.start(folder, settings(folder, [join(folder, '*.csv')], { archive }));
  await eventually(async () => connections.size > 0);
  expect(await shipper.stop()).toBe(0);
  expect(existsSync(join(folder, 'state', 'checkpoint.json'))).toBe(false);
});

test('after a crash right after the take-up, the loss of session facts is still known', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'log'));
  const path = join(folder, 'log', 'a.csv');
  const config = lifeConfig(folder, [path]);
  const clock = new ManualClock('2026-11-21T22:30:00Z');
  const fs = new FaultyFs(folder);
  await append(path, 1, 3);
  const first = await Life.start(config, { clock, fs, once: true });
  await first.end();
  await rm(join(folder, 'state'), { recursive: true });
  let checkpoints = 0;
  fs.onCall = (call, name) => {
    if (call === 'rename' && name.endsWith('checkpoint.json') && ++checkpoints === 3) fs.kill();
  };
  const second = await Life.start(config, { clock, fs, once: true });
  await second.end();
  const read = async () => JSON.parse(await readFile(join(folder, 'state', 'checkpoint.json'), 'utf8'));
  expect((await read()).origin).toBeNull();
  fs.onCall = () => undefined;
  const third = await Life.start(config, { clock, fs, once: true });
  await third.end();
  const saved = await read();
  expect(saved.resume.memory.sessions.forgotten).toBeGreaterThanOrEqual(Date.parse('2026-11-21T22:30:00Z'));
});

/** Returns the number of segments. */
async function damageStatements(journal: string): Promise<number> {
  let damaged = 0;
  for (const name of await readdir(journal)) {
    const text = await readFile(join(journal, name), 'utf8');
    if (!text.includes('"WRITE"')) continue;
    await writeFile(join(journal, name), text.replace('"WRITE"', '"WRITF"'));
    damaged += 1;
  }
  return damaged;
}

test('a sealed segment whose content was damaged ends the daemon, and is not stored', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const blocked = join(folder, 'archive');
  await writeFile(blocked, 'in the way');
  const config = settings(folder, [path], { ...oneSegment(folder), shutdown: { gracePeriod: '300ms' } });
  const shipper = await Shipper.start(folder, config);
  await append(path, 1, 3);
  await eventually(async () => numbersOf(await logged(folder)).length === 3);
  await shipper.stop();
  expect(await damageStatements(join(folder, 'state', 'journal'))).toBe(1);
  await rm(blocked);
  const { code, output } = await runOnce(folder, config);
  expect(code).toBe(1);
  expect(output).toContain('is not what was written to it: its disk is damaged');
  expect(await objectsIn(blocked)).toEqual([]);
});
