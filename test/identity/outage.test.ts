/** A look-up service that fails, and the cache of its answers. */

import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Resolver } from '../../src/identity/resolver.js';
import { Disk } from '../../src/lib/disk.js';
import { question, whoIs } from '../support/asker.js';
import { ManualClock } from '../support/clock.js';
import { openResolver } from '../support/http-resolver.js';
import { startLookupServer } from '../support/lookup-server.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = '2026-11-21T20:40:00Z';

const people = Object.fromEntries(
  Array.from({ length: 50 }, (_one, index) => [`/p${index}`, { name: `Person ${index}` }]),
);

describe('a service that is down for an hour', () => {
  test.each(['down', 503, 'wrong'] as const)(
    '%s: every question is answered, and the service is asked rarely',
    async mood => {
      const clock = new ManualClock(START);
      const server = await startLookupServer(people);
      const { resolver, reported } = await openResolver({ url: `${server.url}/{user}` }, { clock });
      const statusOf = async (user: string): Promise<string> => (await whoIs(user, [resolver])).status;

      for (let index = 0; index < 25; index += 1) expect(await statusOf(`p${index}`)).toBe('resolved');
      expect(await statusOf('stranger')).toBe('unresolved');
      await clock.advance(HOUR);
      const before = server.requests.length;
      server.mood = mood;

      const statuses = { known: new Set<string>(), unknown: new Set<string>(), stranger: new Set<string>() };
      for (let second = 0; second < 3600; second += 1) {
        statuses.known.add(await statusOf(`p${second % 25}`));
        statuses.unknown.add(await statusOf(`p${25 + (second % 25)}`));
        statuses.stranger.add(await statusOf('stranger'));
        await clock.advance(1000);
      }
      expect(statuses).toEqual({
        known: new Set(['stale']),
        unknown: new Set(['unresolved']),
        stranger: new Set(['unresolved']),
      });
      const asked = server.requests.length - before;
      expect(asked).toBe(reported.failed.length);
      expect(asked).toBeGreaterThan(10);
      expect(asked).toBeLessThan(30);

      server.mood = 'well';
      await clock.advance(5 * MINUTE);
      for (let index = 0; index < 50; index += 1) expect(await statusOf(`p${index}`)).toBe('resolved');
      expect(reported.recovered).toEqual([asked]);
    },
  );

  test('a fresh answer stays fresh, and is never marked stale', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer(people);
    const { resolver } = await openResolver({ url: `${server.url}/{user}` }, { clock });
    await whoIs('p1', [resolver]);
    server.mood = 'down';
    await whoIs('p2', [resolver]);
    await clock.advance(HOUR - 1);
    expect(await whoIs('p1', [resolver])).toMatchObject({ status: 'resolved' });
    await clock.advance(1);
    expect(await whoIs('p1', [resolver])).toMatchObject({ status: 'stale', name: 'Person 1' });
  });

  test('a later resolver that knows does not make it fresh', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer(people);
    const { resolver } = await openResolver({ url: `${server.url}/{user}` }, { clock });
    const later: Resolver = { name: 'database', resolve: () => ({ person: { unit: '4817' } }) };
    await whoIs('p1', [resolver]);
    await clock.advance(HOUR);
    server.mood = 500;
    expect(await whoIs('p1', [resolver, later])).toMatchObject({
      status: 'stale',
      unit: '4817',
      resolvedBy: ['http', 'database'],
    });
  });
});

describe('look-ups in progress', () => {
  test('100 questions at once about one person are one request', async () => {
    const server = await startLookupServer(people);
    server.mood = 'slow';
    const { resolver } = await openResolver({ url: `${server.url}/{user}` });
    const asked = Array.from({ length: 100 }, () => whoIs('p1', [resolver]));
    await server.untilAsked(1);
    server.release();
    const names = (await Promise.all(asked)).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(['Person 1']));
    expect(server.requests).toHaveLength(1);
  });

  test('of 50 people, eight are asked for at a time', async () => {
    const server = await startLookupServer(people);
    server.mood = 'slow';
    const { resolver } = await openResolver({ url: `${server.url}/{user}` });
    const asked = Array.from({ length: 50 }, (_one, index) => whoIs(`p${index}`, [resolver]));
    for (let count = 8; count < 50; count += 8) {
      await server.untilAsked(count);
      server.release();
    }
    server.mood = 'well';
    server.release();
    await server.untilAsked(50);
    server.release();
    expect((await Promise.all(asked)).filter(({ status }) => status === 'resolved')).toHaveLength(50);
    expect(server.mostAtOnce).toBe(8);
  });

  test('of 50 people, eight are asked for if the service hangs, and all get an answer in time', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer(people);
    server.mood = 'slow';
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}` }, { clock });
    const asked = Array.from({ length: 50 }, (_one, index) => whoIs(`p${index}`, [resolver]));
    await server.untilAsked(8);
    await clock.advance(2000);
    expect((await Promise.all(asked)).every(({ status }) => status === 'unresolved')).toBe(true);
    // Also when the service may be asked again: those that waited for their turn no longer wait.
    await clock.advance(2000);
    server.release();
    server.mood = 'well';
    while (reported.answered.length < 8) await clock.advance(0);
    expect((await whoIs('p49', [resolver])).status).toBe('resolved');
    expect([server.requests.length, reported.failed]).toEqual([9, ['ETIMEDOUT']]);
  });

  test('those who wait for their turn are not asked for once the service fails', async () => {
    const server = await startLookupServer(people);
    server.mood = 'slow';
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}` });
    const asked = Array.from({ length: 50 }, (_one, index) => whoIs(`p${index}`, [resolver]));
    await server.untilAsked(8);
    server.mood = 'down';
    server.fail();
    const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
    expect([statuses, server.requests.length, reported.failed.length]).toEqual([
      new Set(['unresolved']),
      8,
      1,
    ]);
  });

  test('an answer that comes too late is used for the next question, and no other is requested meanwhile', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer(people);
    server.mood = 'slow';
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}` }, { clock });
    const late = whoIs('p1', [resolver]);
    await server.untilAsked(1);
    await clock.advance(2000);
    expect((await late).status).toBe('unresolved');
    await clock.advance(MINUTE / 10);
    // The request is still in progress: there is no second one for the same person.
    expect((await whoIs('p1', [resolver])).status).toBe('unresolved');
    server.release();
    while (reported.answered.length < 1) await clock.advance(0);
    expect(await resolver.resolve(question('p1'))).toMatchObject({ person: { name: 'Person 1' } });
    expect([server.requests.length, reported.failed, reported.recovered]).toEqual([1, ['ETIMEDOUT'], []]);
  });

  test('a request that nobody waits for is aborted, and one that hangs at the end, too', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer(people);
    server.mood = 'half';
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}` }, { clock });
    const first = whoIs('p1', [resolver]);
    await server.untilAsked(1);
    await clock.advance(10_000);
    expect((await first).status).toBe('unresolved');
    const second = whoIs('p1', [resolver]);
    await server.untilAsked(2);
    await resolver.close();
    expect((await second).status).toBe('unresolved');
    expect(reported.failed).toEqual(['ETIMEDOUT']);
  });
});

describe('the cache', () => {
  test('survives a restart, expires, and is readable by the owner only', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer(people);
    const url = `${server.url}/{user}`;
    const first = await openResolver({ url }, { clock });
    await whoIs('p1', [first.resolver]);
    await whoIs('stranger', [first.resolver]);
    await first.resolver.close();
    const { mode } = await stat(first.cachePath);
    expect(mode & 0o777).toBe(0o600);

    const { resolver } = await openResolver({ url, cachePath: first.cachePath }, { clock });
    await clock.advance(5 * MINUTE - 1);
    expect(await whoIs('p1', [resolver])).toMatchObject({ status: 'resolved', name: 'Person 1' });
    expect(await whoIs('stranger', [resolver])).toMatchObject({ status: 'unresolved' });
    expect(server.requests).toHaveLength(2);
    await clock.advance(1);
    await whoIs('stranger', [resolver]);
    expect(server.requests).toHaveLength(3);
    server.mood = 'down';
    await clock.advance(HOUR);
    expect(await whoIs('p1', [resolver])).toMatchObject({ status: 'stale', name: 'Person 1' });
  });

  test('is written some seconds after a change, by itself', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer(people);
    const { resolver, cachePath } = await openResolver({ url: `${server.url}/{user}` }, { clock });
    await whoIs('p1', [resolver]);
    await whoIs('p2', [resolver]);
    await clock.advance(4999);
    await expect(stat(cachePath)).rejects.toThrow('ENOENT');
    await clock.advance(1);
    await expect.poll(() => readFile(cachePath, 'utf8')).toContain('"name":"Person 2"');
  });

  test.each([
    ['damaged', '{"v":1,"source":'],
    ['of another version', '{"v":2,"source":"","entries":[]}'],
  ])('%s is reported, and begins empty', async (_what, content) => {
    const server = await startLookupServer(people);
    const url = `${server.url}/{user}`;
    const { cachePath } = await openResolver({ url });
    await writeFile(cachePath, content);
    const { resolver, reported } = await openResolver({ url, cachePath });
    expect(reported.cacheFailed).toEqual([`${cachePath} cache`]);
    expect(await whoIs('p1', [resolver])).toMatchObject({ status: 'resolved' });
  });

  test('from other settings is not used', async () => {
    const server = await startLookupServer(people);
    const first = await openResolver({ url: `${server.url}/{user}` });
    await whoIs('p1', [first.resolver]);
    await first.resolver.close();
    const { cachePath } = first;
    const fields = { name: '/other' };
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}`, cachePath, fields });
    expect(await whoIs('p1', [resolver])).toMatchObject({ status: 'unresolved' });
    expect(reported.cacheFailed).toEqual([]);
  });

  test('that cannot be written is reported once, and still answers', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer(people);
    const disk = new Disk();
    disk.replace = () => Promise.reject(Object.assign(new Error('Kari'), { code: 'ENOSPC' }));
    const { resolver, reported, cachePath } = await openResolver(
      { url: `${server.url}/{user}` },
      { clock, disk },
    );
    for (const user of ['p1', 'p2', 'p3']) {
      expect(await whoIs(user, [resolver])).toMatchObject({ status: 'resolved' });
      await clock.advance(5000);
    }
    expect(reported.cacheFailed).toEqual([`${cachePath} ENOSPC`]);
    expect(String(reported.errors)).not.toContain('Kari');
  });

  test('keeps the 10,000 who were asked for last', async () => {
    const clock = new ManualClock(START);
    const server = await startLookupServer({ '/p1': { name: 'Kari' }, '/p2': { name: 'Ola' } });
    const url = `${server.url}/{user}`;
    const first = await openResolver({ url }, { clock });
    await whoIs('p1', [first.resolver]);
    await first.resolver.close();
    const saved = JSON.parse(await readFile(first.cachePath, 'utf8'));
    const [, kari] = saved.entries[0];
    saved.entries = Array.from({ length: 10_000 }, (_one, index) => [JSON.stringify([`u${index}`]), kari]);
    await writeFile(first.cachePath, JSON.stringify(saved));

    const { resolver } = await openResolver({ url, cachePath: first.cachePath }, { clock });
    await whoIs('u0', [resolver]);
    await whoIs('p2', [resolver]);
    const { length } = server.requests;
    expect(await whoIs('u0', [resolver])).toMatchObject({ name: 'Kari' });
    expect(server.requests).toHaveLength(length);
    await whoIs('u1', [resolver]);
    expect(server.requests).toHaveLength(length + 1);
    await resolver.close();
    expect(JSON.parse(await readFile(first.cachePath, 'utf8')).entries).toHaveLength(10_000);
  });
});
