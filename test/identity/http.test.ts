import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../demo/postgres.js';
import { tokenFile } from '../../src/identity/lookup.js';
import { question, whoIs } from '../support/asker.js';
import { ManualClock } from '../support/clock.js';
import { openResolver } from '../support/http-resolver.js';
import { type LookupMood, startLookupServer } from '../support/lookup-server.js';
import { temporaryFolder } from '../support/temp.js';

const KARI = { name: 'Kari Nordmann', unit: 4817 };

const personOf = { id: 'Z990001' };

describe('what is asked', () => {
  test('the service fills the fields that earlier resolvers left empty', async () => {
    const server = await startLookupServer({ '/people/Z990001': KARI });
    const { resolver } = await openResolver({ url: `${server.url}/people/{id}` });
    const pattern = { name: 'pattern', resolve: () => ({ person: personOf }) } as const;
    expect(await whoIs('Z990001', [pattern, resolver])).toEqual({
      user: 'Z990001',
      status: 'resolved',
      id: 'Z990001',
      name: 'Kari Nordmann',
      unit: '4817',
      resolvedBy: ['pattern', 'http'],
    });
    expect(server.requests).toEqual([
      { method: 'GET', url: '/people/Z990001', authorization: null, body: '' },
    ]);
  });

  test('values are encoded, in the address and in the body', async () => {
    const server = await startLookupServer({ '/q?email=k%26a%2Fri%3F%23%40nav.no': KARI });
    const { resolver } = await openResolver({
      url: `${server.url}/q?email={email}`,
      method: 'POST',
      body: {
        query: 'query($who: String) { person(who: $who) { name } }',
        variables: [{ who: '{user}' }, 7],
      },
    });
    const asked = question('a "role"\n{id}', { known: { email: 'k&a/ri?#@nav.no' } });
    expect(await resolver.resolve(asked)).toMatchObject({ person: { name: 'Kari Nordmann', unit: '4817' } });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      query: 'query($who: String) { person(who: $who) { name } }',
      variables: [{ who: 'a "role"\n{id}' }, 7],
    });
  });

  test.each([
    ['is not known', {}],
    ['is empty', { id: '' }],
    ['leads to another path', { id: '..' }],
    ['cannot be encoded', { id: '\ud800' }],
    ['is longer than any', { id: 'x'.repeat(321) }],
  ])('nothing, where the id %s', async (_why, known) => {
    const server = await startLookupServer();
    const { resolver } = await openResolver({ url: `${server.url}/{id}` });
    expect(await resolver.resolve(question('Z990001', { known }))).toBeNull();
    expect(server.requests).toEqual([]);
  });

  test('with the token that is in the file at that moment', async () => {
    const server = await startLookupServer();
    const path = join(await temporaryFolder(), 'token');
    const { resolver, reported } = await openResolver({
      url: `${server.url}/{user}`,
      token: tokenFile(path),
    });
    await writeFile(path, 'first\n');
    await resolver.resolve(question('a'));
    await writeFile(path, 'second');
    await resolver.resolve(question('b'));
    expect(server.requests.map(one => one.authorization)).toEqual(['Bearer first', 'Bearer second']);
    await writeFile(path, 'a secret\nin two lines');
    expect(await resolver.resolve(question('c'))).toBeNull();
    expect(reported.failed).toEqual(['token']);
    expect(JSON.stringify(reported.errors)).not.toContain('secret');
  });

  test.each([
    ['ftp://host/{id}'],
    ['host/{id}'],
    ['https://{id}.nav.no/'],
    ['https://host{id}/'],
    ['https://user:secret@host/{id}'],
    ['https://host/everybody'],
  ])('not at %s', async url => {
    await expect(openResolver({ url })).rejects.toThrow('a look-up service cannot be queried: ');
    await expect(openResolver({ url })).rejects.not.toThrow(/secret|everybody|nav/);
  });
});

describe('what the service says', () => {
  test('is found by pointers, also in lists', async () => {
    const answer = [{ 'a/b': { '~': ' Kari ' }, 'm~n': [0, 12] }];
    const server = await startLookupServer({ '/x': answer });
    const fields = { name: '/0/a~1b/~0', unit: '/0/m~0n/1', email: '/0/nothing/there', id: '/length' };
    const { resolver } = await openResolver({ url: `${server.url}/{user}`, fields });
    expect(await resolver.resolve(question('x'))).toMatchObject({ person: { name: 'Kari', unit: '12' } });
  });

  test.each<[string, unknown]>([
    ['no object', 'Kari'],
    ['null', null],
    ['an object without the fields', { fullName: 'Kari' }],
    ['fields of other types', { name: { first: 'Kari' }, unit: true }],
    ['empty fields', { name: ' ', unit: null }],
    ['a field too long for an event', { name: 'x'.repeat(1001) }],
  ])('nothing: %s', async (_what, answer) => {
    const server = await startLookupServer({ '/x': answer });
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}` });
    expect(await resolver.resolve(question('x'))).toBeNull();
    expect(await resolver.resolve(question('x'))).toBeNull();
    expect(reported.answered).toEqual(['empty']);
  });

  test.each<[LookupMood, string]>([
    [404, 'nobody'],
    [410, 'nobody'],
    [204, 'nobody'],
    [400, 'refused'],
    [422, 'refused'],
  ])('%s is an answer: %s', async (mood, outcome) => {
    const server = await startLookupServer();
    server.mood = mood;
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}` });
    expect(await resolver.resolve(question('x'))).toBeNull();
    expect(await resolver.resolve(question('x'))).toBeNull();
    expect(await resolver.resolve(question('y'))).toBeNull();
    expect([reported.answered, reported.failed]).toEqual([[outcome, outcome], []]);
  });

  test.each<[LookupMood, string]>([
    ['down', 'UND_ERR_SOCKET'],
    ['wrong', 'json'],
    ['huge', 'too-large'],
    ['redirect', '302'],
    [401, '401'],
    [403, '403'],
    [429, '429'],
    [500, '500'],
    [503, '503'],
  ])('%s is a failure: %s, and it is not asked for a while', async (mood, code) => {
    const server = await startLookupServer({ '/x': KARI, '/elsewhere': KARI });
    server.mood = mood;
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}?key=hidden` });
    expect(await resolver.resolve(question('x'))).toBeNull();
    for (const user of ['x', 'y']) expect(resolver.resolve(question(user))).toBeNull();
    expect(server.requests.map(one => one.url)).toEqual(['/x?key=hidden']);
    expect(reported.failed).toEqual([code]);
    const [error] = reported.errors;
    expect(String(error)).not.toMatch(/hidden|confidence|127/);
    expect(Object(error)).not.toHaveProperty('cause');
  });

  test('a service that nobody runs is a failure', async () => {
    const { resolver, reported } = await openResolver({ url: `http://127.0.0.1:${await freePort()}/{user}` });
    expect(await resolver.resolve(question('x'))).toBeNull();
    expect(reported.failed).toEqual(['ECONNREFUSED']);
  });
});

describe('how long it takes', () => {
  test.each<LookupMood>(['slow', 'half'])('a service that is %s holds nobody up', async mood => {
    const server = await startLookupServer({ '/x': KARI });
    server.mood = mood;
    const { resolver, reported } = await openResolver({ url: `${server.url}/{user}`, timeout: 50 });
    expect(await resolver.resolve(question('x'))).toBeNull();
    expect(reported.failed).toEqual(['ETIMEDOUT']);
  });

  test('two seconds at most, whatever the settings say', async () => {
    const server = await startLookupServer();
    server.mood = 'slow';
    const clock = new ManualClock('2026-11-21T22:00:00Z');
    const { resolver } = await openResolver({ url: `${server.url}/{user}`, timeout: 60_000 }, { clock });
    const asked = resolver.resolve(question('x'));
    await clock.advance(2000);
    expect(await asked).toBeNull();
  });

  test('a token that does not come delays nobody', async () => {
    const token = (): Promise<string> => new Promise(() => undefined);
    const { resolver } = await openResolver({ url: 'http://127.0.0.1:9/{user}', token, timeout: 50 });
    expect(await resolver.resolve(question('x'))).toBeNull();
  });
});
