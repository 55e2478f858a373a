/** `detect --replay` from the command line: its forms, its stretch, and its exit codes. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { objectsIn } from '../../support/archive.js';
import { statement, writeArchive } from '../../support/search.js';
import { type Ended, runCommand, type Settings, settings, writeConfig } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20'];

async function made(detect: Settings | null = {}) {
  const folder = await temporaryFolder();
  const archive = join(folder, 'archive');
  const segments = DAYS.map(date => ({ date, events: [statement({ time: `${date}T10:00:00.000Z` })] }));
  await writeArchive(archive, segments);
  const config = await writeConfig(folder, settings(folder, ['x'], detect === null ? {} : { detect }));
  const ask = (...args: string[]): Promise<Ended> =>
    runCommand(['detect', '--config', config, '--replay', archive, ...args]);
  return { folder, archive, config, ask };
}

const timesIn = ({ output }: Ended): string[] =>
  output
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line).time.slice(0, 10));

test('a JSON object for each alert, and counts of every rule that is on', async () => {
  const { ask, archive } = await made({ rules: { bulk: 'off' } });
  const before = await readdir(archive, { recursive: true });
  const ended = await ask();
  expect(ended.code).toBe(0);
  expect(timesIn(ended)).toEqual(DAYS);
  expect(JSON.parse(ended.output.split('\n')[0] ?? '')).toMatchObject({
    instance: 'prod',
    actor: { user: 'Z990001' },
    alert: { rule: 'no-where', severity: 'warning', ids: [expect.stringContaining('prod/')] },
  });
  expect(ended.output).toContain('3 alerts of 3 events\n');
  expect(ended.output).toMatch(/^ +3 {2}no-where$/m);
  expect(ended.output).toMatch(/^ +0 {2}rights$/m);
  expect(ended.output).not.toContain('bulk');
  expect(await readdir(archive, { recursive: true })).toEqual(before);
});

test('only what happened in the stretch, in the zone of the configuration', async () => {
  const { ask } = await made();
  expect(timesIn(await ask('--since', '2026-11-19'))).toEqual(DAYS.slice(1));
  expect(timesIn(await ask('--until', '2026-11-19'))).toEqual(DAYS.slice(0, 2));
  expect(timesIn(await ask('--in', '2026-11-19'))).toEqual(['2026-11-19']);
  expect(timesIn(await ask('--since', '2026-11-20T11:00'))).toEqual(['2026-11-20']);
  expect(timesIn(await ask('--since', '2026-11-20T11:01'))).toEqual([]);
});

test('events that were read long after the stretch are left out, and that is said', async () => {
  const { ask, archive } = await made();
  const late = statement({ time: '2026-11-18T11:00:00.000Z' });
  await writeArchive(archive, [{ date: '2026-12-24', events: [late] }]);
  const bounded = await ask('--in', '2026-11-18');
  expect(timesIn(bounded)).toEqual(['2026-11-18']);
  expect(bounded.output).toContain('What was read from the log after 2026-11-19 (UTC) is left out.');
  const open = await ask('--since', '2026-11-18');
  expect(timesIn(open)).toEqual([...DAYS, '2026-11-18']);
  expect(open.output).not.toContain('left out');
});

test('a table for people', async () => {
  const { ask } = await made();
  const { output } = await ask('--format', 'table', '--in', '2026-11-20');
  expect(output).toMatch(
    /^2026-11-20 11:00:00 {2}warning +no-where +Kari Nordmann +prod\/\S+ +An UPDATE or DELETE has no WHERE\.$/m,
  );
});

test('an object that is damaged is named, the rest is read, and the exit code is 1', async () => {
  const { ask, archive } = await made();
  const [first = ''] = await objectsIn(archive);
  await writeFile(first, (await readFile(first)).subarray(0, -9));
  const ended = await ask();
  expect(ended.code).toBe(1);
  expect(ended.output).toContain('its compressed data is damaged');
  expect(timesIn(ended)).toEqual(expect.arrayContaining(DAYS.slice(1)));
});

test('where no archive is, or nothing of the daemon that is asked for, nothing is said to be quiet', async () => {
  const { folder, archive, ask } = await made();
  for (const [address, what] of [
    [join(folder, 'none'), 'there is no archive here'],
    [folder, 'there is no archive here'],
    [join(archive, 'instance=other'), 'the archive has no objects of instance other'],
  ] as const) {
    const ended = await ask('--replay', address);
    expect(ended.code, address).toBe(1);
    expect(ended.output).toContain(what);
    expect(ended.output).not.toContain('0 alerts');
  }
});

test('bad usage, or a configuration without detect, is 2', async () => {
  const { ask, folder, archive } = await made(null);
  expect(await ask()).toMatchObject({ code: 2, output: 'detect: is not in the configuration\n' });
  const { ask: other, config } = await made();
  expect((await other('--since', '2026-11-20', '--until', '2026-11-19')).code).toBe(2);
  expect((await other('--in', '2026')).code).toBe(2);
  expect((await runCommand(['detect', '--config', config])).code).toBe(2);
  expect((await runCommand(['detect', '--config', join(folder, 'none'), '--replay', archive])).code).toBe(2);
});

test.each<[string, Settings, string]>([
  [
    'rules.no-such',
    { rules: { 'no-such': 'on' } },
    'detect.rules.no-such: unknown setting; allowed here: bulk, no-where',
  ],
  ['rules.bulk', { rules: { bulk: 7 } }, 'detect.rules.bulk: must be on, off, or its settings'],
  [
    'rules.bulk.x',
    { rules: { bulk: { x: 1 } } },
    'detect.rules.bulk.x: unknown setting; allowed here: severity, statements',
  ],
  [
    'severity',
    { rules: { rights: { severity: 'loud' } } },
    'detect.rules.rights.severity: must be one of notice, warning',
  ],
  ['hours', { workingHours: '7-17' }, 'detect.workingHours: must be hours, such as 07:00-17:00'],
  ['zone', { timezone: 'Oslo' }, 'detect.timezone: must be a time zone of the tz database'],
  ['holidays', { holidays: ['Easter'] }, 'detect.holidays[0]: must be a day, such as 2026-12-25'],
  [
    'pattern',
    { rules: { watched: { users: ['('] } } },
    'detect.rules.watched.users[0]: must be a regular expression in RE2',
  ],
  [
    'own name',
    { own: [{ name: 'bulk', severity: 'error', when: { users: ['.'] } }] },
    'detect.own: must not have names of built-in rules',
  ],
  [
    'own count',
    { own: [{ name: 'a', severity: 'error', when: { users: ['.'] }, rows: 1 }] },
    'detect.own[0]: needs within together with',
  ],
  [
    'own when',
    { own: [{ name: 'a', severity: 'error', when: {} }] },
    'detect.own[0].when: must have at least one condition',
  ],
])('a fault of %s is named with what is allowed', async (_name, detect, fault) => {
  const { ask } = await made(detect);
  const ended = await ask();
  expect(ended).toMatchObject({ code: 2, output: expect.stringContaining(fault) });
});
