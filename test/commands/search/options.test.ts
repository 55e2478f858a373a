/** The arguments of `search`, alone and together, and the examples in the docs. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { describe, expect, test, vi } from 'vitest';
import { parseMoment } from '../../../src/commands/search/moments.js';
import { toQuery } from '../../../src/commands/search/options.js';
import { Zone } from '../../../src/lib/zone.js';
import { given } from '../../support/search-command.js';

process.env.TZ = 'UTC';

describe('the arguments', () => {
  test.each([
    ['2026-11-21', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['2026-11-21T20:40', '2026-11-21T20:40:00.000Z', '2026-11-21T20:40:00.001Z'],
    ['2026-11-21 20:40:01', '2026-11-21T20:40:01.000Z', '2026-11-21T20:40:01.001Z'],
    ['2026-11-21T20:40:01.123Z', '2026-11-21T20:40:01.123Z', '2026-11-21T20:40:01.124Z'],
    ['2026-11-21T20:40:01+01:00', '2026-11-21T19:40:01.000Z', '2026-11-21T19:40:01.001Z'],
  ])('--since and --until %s', (text, since, before) => {
    expect(toQuery(given('--since', text, '--until', text))).toMatchObject({ since, before });
  });

  test.each([
    ['a day', '2026-10-25', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['a time', '2026-11-21T20:40', '2026-11-21T19:40:00.000Z', '2026-11-21T19:40:00.001Z'],
    ['a time with an offset', '2026-11-21T20:40Z', '2026-11-21T20:40:00.000Z', '2026-11-21T20:40:00.001Z'],
    // Clocks went back at 03:00: both hours are meant.
    ['a time that comes twice', '2026-10-25T02:30', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.001Z'],
    ['a time that is left out', '2026-03-29T02:30', '2026-03-29T01:30:00.000Z', '2026-03-29T01:30:00.001Z'],
  ])('%s of Oslo', (_what, text, since, before) => {
    const args = ['--since', text, '--until', text, '--timezone', 'Europe/Oslo'];
    expect(toQuery(given(...args))).toMatchObject({ since, before });
  });

  test.each([
    ['2026-W42', '2026-10-11T22:00:00.000Z', '2026-10-18T22:00:00.000Z'],
    ['2026-W43', '2026-10-18T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['2026-W53', '2026-12-27T23:00:00.000Z', '2027-01-03T23:00:00.000Z'],
    ['2027-W01', '2027-01-03T23:00:00.000Z', '2027-01-10T23:00:00.000Z'],
    ['2025-W01', '2024-12-29T23:00:00.000Z', '2025-01-05T23:00:00.000Z'],
    ['2026-10', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
    ['2026-12', '2026-11-30T23:00:00.000Z', '2026-12-31T23:00:00.000Z'],
    ['2026-02', '2026-01-31T23:00:00.000Z', '2026-02-28T23:00:00.000Z'],
    ['2026-10-05', '2026-10-04T22:00:00.000Z', '2026-10-05T22:00:00.000Z'],
  ])('--in %s', (period, since, before) => {
    expect(toQuery(given('--in', period, '--timezone', 'Europe/Oslo'))).toMatchObject({ since, before });
  });

  test('the zone is that of TZ if it is set, else Oslo', () => {
    const sinceWith = (zone: string): unknown => {
      vi.stubEnv('TZ', zone);
      const { since } = toQuery(given('--since', '2026-11-21'));
      vi.unstubAllEnvs();
      return since;
    };
    expect(sinceWith('America/New_York')).toBe('2026-11-21T05:00:00.000Z');
    expect(sinceWith(':UTC')).toBe('2026-11-21T00:00:00.000Z');
    expect(sinceWith('')).toBe('2026-11-20T23:00:00.000Z');
    expect(() => sinceWith('nonsense')).toThrow('TZ is not a time zone');
    vi.unstubAllEnvs();
  });

  test('an id is of any kind', () => {
    expect(toQuery(given('--id', 'prod/6b.1/4'))).toMatchObject({ kinds: [], id: 'prod/6b.1/4' });
  });

  test('how long ago', () => {
    const now = Date.parse('2026-11-21T12:00:00.000Z');
    expect(new Date(parseMoment('24h', undefined, now)(new Zone('UTC')).start).toISOString()).toBe(
      '2026-11-20T12:00:00.000Z',
    );
    expect(new Date(parseMoment('7d', undefined, now)(new Zone('UTC')).start).toISOString()).toBe(
      '2026-11-14T12:00:00.000Z',
    );
  });

  test.each([
    ['--until', '9999-12-31', { before: '9999-12-31T23:59:59.999Z' }],
    ['--until', '9999-12-31T23:00-05:00', { before: '9999-12-31T23:59:59.999Z' }],
    ['--in', '9999-12', { since: '9999-12-01T00:00:00.000Z', before: '9999-12-31T23:59:59.999Z' }],
    ['--since', '0000-01-01', { since: '0001-01-01T00:00:00.000Z' }],
    ['--since', '999999999999d', { since: '0001-01-01T00:00:00.000Z' }],
  ])('at either end of the years: %s %s', (option, text, expected) => {
    expect(toQuery(given(option, text))).toMatchObject(expected);
  });

  test('lists', () => {
    const query = toQuery(
      given('--class', 'ddl,Role', '--command', 'delete, truncate*', '--kind', 'gap,suspect'),
    );
    expect(query).toMatchObject({
      classes: ['DDL', 'ROLE'],
      commands: ['DELETE', 'TRUNCATE*'],
      kinds: ['gap', 'suspect'],
    });
    expect(toQuery(given()).kinds).toEqual(['statement']);
    expect(toQuery(given('--kind', 'all')).kinds).toEqual([]);
    // Twice the same would pair each object of an event with each.
    expect(given('--group-by', 'object, user,object').groupBy).toEqual(['object', 'user']);
  });

  test.each([
    ['--since', '2026-02-30'],
    ['--since', '2026-11-21T25:00'],
    ['--until', 'yesterday'],
    ['--archived-until', '24h'],
    ['--class', 'writes'],
    ['--kind', 'statements'],
    ['--group-by', 'user,person'],
    ['--limit', '0'],
    ['--limit', '-1'],
    ['--having', '1.5'],
    ['--object', ''],
    ['--text', ''],
    ['--failed', '--kind', 'all'],
    ['--in', '2026-W54'],
    ['--in', '2027-W53'],
    ['--in', '2026-W00'],
    ['--in', '2026-13'],
    ['--in', '2026-02-30'],
    ['--in', '2026-10', '--since', '24h'],
    ['--timezone', 'Norway'],
    ['--timezone', '<b>'],
    ['--outside-hours', '07:00'],
    ['--outside-hours', '07:00-25:00'],
    ['--format', 'pdf'],
    ['--format', 'csv', '--json'],
    ['--objects', '--group-by', 'user'],
    ['--without-where', '--kind', 'gap'],
    ['--table'],
  ])('%s %s is refused', (...args) => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(() => given(...args)).toThrow(CommanderError);
    vi.restoreAllMocks();
  });
});

test.each([
  ['search', 6],
  ['secrets', 1],
])('the examples of docs/%s.md are understood', async (name, least) => {
  const page = await readFile(fileURLToPath(new URL(`../../../docs/${name}.md`, import.meta.url)), 'utf8');
  const examples = [...page.matchAll(/^ *node dist\/main\.js search \S+(.*)$/gm)].map(([, rest = '']) =>
    [...rest.matchAll(/'([^']*)'|(\S+)/g)].map(([whole, quoted]) => quoted ?? whole),
  );
  for (const example of examples) expect(() => given(...example)).not.toThrow();
  expect(examples.length).toBeGreaterThanOrEqual(least);
});
