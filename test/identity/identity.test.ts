import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Directory } from '../../src/identity/directory.js';
import { patternResolver } from '../../src/identity/pattern.js';
import { loadPeople } from '../../src/identity/people/load.js';
import type { Resolver } from '../../src/identity/resolver.js';
import { Expression } from '../../src/lib/expression.js';
import { whoIs } from '../support/asker.js';
import { ManualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/temp.js';

const pattern = patternResolver(
  ['^(?<id>[A-Z]\\d{6})$', '^v-oidc-(?<id>[A-Z]\\d{6})-', '^(?<email>[^@]+@nav\\.no)$'].map(
    source => new Expression(source),
  ),
);

const silent = { directoryLoaded: () => undefined, directoryFailed: () => undefined };

async function directory(content: string, name = 'people.csv'): Promise<Resolver> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return await Directory.load(path, silent);
}

/** The number of its entries. */
async function countPeople(name: string, content: string): Promise<number> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return (await loadPeople(path)).people.count;
}

describe('pattern', () => {
  test.each([
    ['Z990001', { status: 'resolved', id: 'Z990001', resolvedBy: ['pattern'] }],
    [
      'v-oidc-A165413-1771575386-vp8kYc08-sokos-user',
      { status: 'resolved', id: 'A165413', resolvedBy: ['pattern'] },
    ],
    ['kari.nordmann@nav.no', { status: 'resolved', email: 'kari.nordmann@nav.no', resolvedBy: ['pattern'] }],
    ['postgres', { status: 'unresolved', resolvedBy: [] }],
    ['', { status: 'unresolved', resolvedBy: [] }],
  ])('%s', async (user, actor) => {
    expect(await whoIs(user, [pattern])).toEqual({ user, ...actor });
  });
});

const PEOPLE = `id,email,name,unit
Z990001,kari.nordmann@nav.no,Kari Nordmann,4817
Z990002,Ola.Nordmann@nav.no,"Nordmann, Ola",
`;

describe('directory', () => {
  test('fills the fields that the pattern left empty', async () => {
    const resolvers = [pattern, await directory(PEOPLE)];
    expect(await whoIs('Z990001', resolvers)).toEqual({
      user: 'Z990001',
      status: 'resolved',
      id: 'Z990001',
      name: 'Kari Nordmann',
      email: 'kari.nordmann@nav.no',
      unit: '4817',
      resolvedBy: ['pattern', 'directory'],
    });
  });

  test('finds by e-mail and id whatever the case, and keeps what came first', async () => {
    const resolvers = [pattern, await directory(PEOPLE)];
    expect(await whoIs('ola.nordmann@nav.no', resolvers)).toMatchObject({
      id: 'Z990002',
      email: 'ola.nordmann@nav.no',
      name: 'Nordmann, Ola',
    });
    expect(await whoIs('z990001', [await directory(PEOPLE)])).toMatchObject({
      id: 'Z990001',
      resolvedBy: ['directory'],
    });
  });

  test('finds a letter with a mark, in one character or in two', async () => {
    const one = await directory('email,name\nk\u00e5re@nav.no,Kåre\n');
    const two = await directory('email,name\nka\u030are@nav.no,Kåre\n');
    for (const people of [one, two])
      for (const user of ['k\u00e5re@nav.no', 'KA\u030aRE@nav.no'])
        expect((await whoIs(user, [people])).name).toBe('Kåre');
  });

  test('if it is first, it leaves unknown persons to the pattern, and to another directory', async () => {
    const resolvers = [await directory('user,name\nZ990001,Kari\n'), pattern, await directory(PEOPLE)];
    expect(await whoIs('Z990001', resolvers)).toEqual({
      user: 'Z990001',
      status: 'resolved',
      id: 'Z990001',
      name: 'Kari',
      email: 'kari.nordmann@nav.no',
      unit: '4817',
      resolvedBy: ['directory', 'pattern'],
    });
  });

  test('takes a time without an offset for UTC', async () => {
    const people = await directory('user,name,validFrom,validTo\nx,y,2026-11-21T10:00,2026-11-21 12:00:00\n');
    const at = async (time: number): Promise<string | undefined> =>
      (await whoIs('x', [people], { time })).name;
    const [from, to] = [Date.UTC(2026, 10, 21, 10), Date.UTC(2026, 10, 21, 12)];
    expect([await at(from - 1), await at(from), await at(to - 1), await at(to)]).toEqual([
      undefined,
      'y',
      'y',
      undefined,
    ]);
  });

  test('gives a shared role to the person who had it at the time', async () => {
    const shared = await directory(`user,id,name,validFrom,validTo
breakglass,Z990001,Kari,2026-11-21T20:00:00Z,2026-11-21T21:00:00Z
breakglass,Z990002,Ola,2026-11-21T22:00:00+01:00,2026-11-21
`);
    const at = async (time: string): Promise<string | undefined> =>
      (await whoIs('breakglass', [shared], { time: Date.parse(time) })).name;
    expect(await at('2026-11-21T19:59:59.999Z')).toBeUndefined();
    expect(await at('2026-11-21T20:00:00Z')).toBe('Kari');
    expect(await at('2026-11-21T20:59:59.999Z')).toBe('Kari');
    expect(await at('2026-11-21T21:00:00Z')).toBe('Ola');
    expect(await at('2026-11-21T23:59:59.999Z')).toBe('Ola');
    expect(await at('2026-11-22T00:00:00Z')).toBeUndefined();
    const { status } = await whoIs('Z990001', [shared], { time: Date.parse('2026-11-21T20:30:00Z') });
    expect(status).toBe('unresolved');
  });

  test('with several times for one role, which may touch, and with one person twice, is valid', async () => {
    const rows = [
      'x,Kari,,2026-11-20',
      'x,Ola,2026-11-21,2026-11-21',
      'x,Kari,2026-11-22,',
      'x,Kari,2026-11-25,',
    ];
    expect(await countPeople('p.csv', ['user,name,validFrom,validTo', ...rows].join('\n'))).toBe(4);
    const shared = ['user,name,validFrom,validTo', ...rows, 'x,Ola,2026-11-27,2026-11-27'].join('\n');
    await expect(countPeople('p.csv', shared)).rejects.toThrow(
      /p\.csv: entries [34] and 5: two different persons/,
    );
  });

  test('reads semicolons, as spreadsheets write them', async () => {
    const people = await directory('id;name;unit\nZ990001;"Nordmann, Kari";4817\n');
    expect(await whoIs('Z990001', [people])).toMatchObject({ name: 'Nordmann, Kari', unit: '4817' });
  });

  test('that is not UTF-8 is refused: a name would be damaged', async () => {
    const path = join(await temporaryFolder(), 'people.csv');
    await writeFile(path, Buffer.from('id,name\nZ990001,K\u00e5re\n', 'latin1'));
    await expect(Directory.load(path, silent)).rejects.toThrow('people.csv: is not UTF-8: save it as UTF-8');
  });

  test('reads YAML with the same fields', async () => {
    const yaml = await directory(
      '- {id: Z990001, name: Kari, unit: 0417}\n- {user: drift, name: Vakt, validTo: 2099-01-01}\n',
      'people.yaml',
    );
    expect(await whoIs('Z990001', [yaml])).toMatchObject({ name: 'Kari', unit: '0417' });
    expect(await whoIs('drift', [yaml])).toMatchObject({ name: 'Vakt' });
  });

  test.each([
    ['people.csv', 'id,name\nZ990001\n', 'is not well-formed'],
    ['people.csv', 'id,name,validFrom\nZ990001,Kari,yesterday\n', 'entry 1: validFrom is not a date'],
    ['people.csv', 'id,name\nZ1,a\n,nobody\n', 'entry 2: needs a user, an id or an email'],
    ['people.yaml', 'a: b', 'is not a list of people'],
    ['people.yaml', '[', 'is not well-formed'],
    [
      'people.csv',
      'user;name\nx;Nobody, a\nx;Nobody, b\n',
      'entries 1 and 2: two different persons at the same time',
    ],
    ['people.csv', 'id,name\nz1,nobody\nZ1,somebody\n', 'entries 1 and 2: two different persons'],
    ['people.csv', 'email,id\na@b,1\nc@d,2\nA@b,3\n', 'entries 1 and 3: two different persons'],
    ['people.csv', '', 'is empty'],
    ['people.yaml', '\n', 'is empty'],
  ])('%s with %j says what is wrong, without the content', async (name, content, problem) => {
    const counting = countPeople(name, content);
    await expect(counting).rejects.toThrow(`${name}: ${problem}`);
    await expect(counting).rejects.not.toThrow(/yesterday|nobody/);
  });

  test('that is /dev/null has nobody, as the embedded configuration has it', async () => {
    expect((await loadPeople('/dev/null')).people.count).toBe(0);
  });

  test('is read again when it changes; after a broken or missing file the known persons stay', async () => {
    const path = join(await temporaryFolder(), 'people.csv');
    await writeFile(path, 'id,name\nZ990001,Kari\n');
    const reports: string[] = [];
    const people = await Directory.load(path, {
      directoryLoaded: () => void reports.push('loaded'),
      directoryFailed: () => void reports.push('failed'),
    });
    const clock = new ManualClock('2026-11-21T20:40:00Z');
    const stop = new AbortController();
    const following = people.follow(clock, stop.signal);
    const next = async (count: number): Promise<string | undefined> => {
      while (reports.length < count) await clock.advance(2000);
      return (await whoIs('Z990001', [people])).name;
    };
    await writeFile(`${path}.new`, 'id,name\nZ990001,Kari Nordmann\n');
    await rename(`${path}.new`, path);
    expect(await next(2)).toBe('Kari Nordmann');
    await writeFile(path, 'id,name\nZ990001\n');
    expect(await next(3)).toBe('Kari Nordmann');
    await rm(path);
    expect(await next(4)).toBe('Kari Nordmann');
    await writeFile(path, 'id,name\nZ990001,K\n');
    expect(await next(5)).toBe('K');
    expect(reports).toEqual(['loaded', 'loaded', 'failed', 'failed', 'loaded']);
    stop.abort();
    await following;
  });

  test('is not read while it is being written: half of a list is a list, too', async () => {
    const path = join(await temporaryFolder(), 'people.csv');
    await writeFile(path, 'id,name\nZ990001,Kari\nZ990002,Ola\n');
    const loaded: number[] = [];
    const people = await Directory.load(path, {
      directoryLoaded: (_path, count) => void loaded.push(count),
      directoryFailed: () => void loaded.push(-1),
    });
    const clock = new ManualClock('2026-11-21T20:40:00Z');
    const stop = new AbortController();
    const following = people.follow(clock, stop.signal);
    for (const written of ['', 'id,name\n', 'id,name\nZ990001,Ka', 'id,name\nZ990001,Kari N\n']) {
      await writeFile(path, written);
      await clock.advance(2000);
      expect((await whoIs('Z990002', [people])).name).toBe('Ola');
    }
    await writeFile(path, 'id,name\nZ990001,Kari N\nZ990002,Ola N\nZ990003,Per\n');
    while (loaded.length < 2) await clock.advance(2000);
    expect(loaded).toEqual([2, 3]);
    stop.abort();
    await following;
  });
});
