/** What a report counts, what it proves, and what it says when it cannot. */

import { readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import { addReport } from '../../src/commands/report/report.js';
import { sha256 } from '../support/archive.js';
import { makeReport } from '../support/report.js';
import { november, write } from '../support/reviewed.js';
import { byDay, writeSealed } from '../support/sealed.js';
import { temporaryFolder } from '../support/temp.js';

/** November holds a gap, and begins after its first day. */
const INCOMPLETE = 3;

const KARI = { user: 'Z990001', name: 'Kari Nordmann' };

/** A folder with an archive of November. */
async function archiveOfNovember(): Promise<{
  folder: string;
  archive: string;
  names: string[];
  lastHash: string;
}> {
  const folder = await temporaryFolder();
  const archive = join(folder, 'archive');
  return { folder, archive, ...(await writeSealed(archive, byDay(november()))) };
}

test('it names the chain, the hash of its last seal, and its own hash', async () => {
  const { folder, names, lastHash } = await archiveOfNovember();
  const { code, path, output } = await makeReport(folder);
  const html = await readFile(path, 'utf8');
  expect(code).toBe(INCOMPLETE);
  expect(output).toBe(
    `${sha256(Buffer.from(html))}  ${path}\nthe archive is incomplete, and the report says how\n`,
  );
  for (const fact of ['20250901T000000Z-0001', lastHash, names.at(-1) ?? '', 'prod', 'pg-0'])
    expect(html).toContain(fact);
});

test('the same archive gives the same report', async () => {
  const { folder } = await archiveOfNovember();
  const one = await readFile((await makeReport(folder)).path, 'utf8');
  const other = await readFile((await makeReport(folder)).path, 'utf8');
  const withoutTime = (html: string): string =>
    html.replace(/<span class="made">.*?<\/span>/, '').replace(/<code id="own">[0-9a-f]{64}/, '');
  expect(withoutTime(other)).toBe(withoutTime(one));
});

test('a removed object is reported in red, and by the exit code', async () => {
  const { folder, archive, names } = await archiveOfNovember();
  await rm(join(archive, names[5] ?? ''));
  const { code, path, output } = await makeReport(folder);
  const html = await readFile(path, 'utf8');
  expect(code).toBe(1);
  expect(output).toContain('the archive is broken');
  expect(html).toContain('class="verdict broken"');
  expect(html).toContain('are missing before this object');
  expect(html).not.toContain('is whole');
  expect(html).toContain('Kari Nordmann');
});

test('a damaged object is reported in red, and the others are counted', async () => {
  const { folder, archive, names } = await archiveOfNovember();
  const path = join(archive, names[7] ?? '');
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length - 40));
  const made = await makeReport(folder);
  const html = await readFile(made.path, 'utf8');
  expect(made.code).toBe(1);
  expect(html).toContain('its compressed data is damaged');
  expect(html).toContain('28 Nov 2025');
});

test('without an archive there is no report', async () => {
  const folder = await temporaryFolder();
  const { code, path } = await makeReport(folder);
  expect(code).toBe(1);
  expect(await readFile(path, 'utf8')).toContain('there is no archive here');
});

test('hostile folder names are only text, too', async () => {
  const folder = await temporaryFolder();
  const place = { instance: '<script>alert(1)<', node: '"onload=' };
  await writeSealed(join(folder, 'plain'), byDay(november()));
  const archive = join(folder, 'archive');
  await rename(join(folder, 'plain'), archive);
  await rename(join(archive, 'instance=prod'), join(archive, `instance=${place.instance}`));
  const { code, path } = await makeReport(folder);
  const html = await readFile(path, 'utf8');
  expect(code).toBe(1);
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;');
});

test('days are those of the time zone, also when summer time ends', async () => {
  const folder = await temporaryFolder();
  const times = [
    '2025-10-25T21:59:59.999Z',
    '2025-10-25T22:00:00.000Z',
    '2025-10-26T22:59:59.999Z',
    '2025-10-26T23:00:00.000Z',
  ];
  await writeSealed(join(folder, 'archive'), byDay(times.map(time => write(time, KARI))));
  const oslo = await makeReport(folder, { since: '2025-10-26', until: '2025-10-26' });
  expect(await figure(oslo.path, 'statements')).toBe('2');
  const utc = await makeReport(folder, { since: '2025-10-26', until: '2025-10-26', timezone: 'UTC' });
  expect(await figure(utc.path, 'statements')).toBe('2');
  const tokyo = await makeReport(folder, {
    since: '2025-10-27',
    until: '2025-10-27',
    timezone: 'Asia/Tokyo',
  });
  expect(await figure(tokyo.path, 'statements')).toBe('2');
  expect(await readFile(oslo.path, 'utf8')).not.toContain('27 Oct 2025 00:00:00');
});

test('an event that was read late is in the report of the time at which it happened', async () => {
  const folder = await temporaryFolder();
  const late = { ...write('2025-11-04T10:00:00.000Z', KARI), receivedAt: '2025-12-20T10:00:00.000Z' };
  await writeSealed(join(folder, 'archive'), [{ date: '2025-12-20', events: [late] }]);
  expect(await figure((await makeReport(folder)).path, 'statements')).toBe('1');
});

test('a claimed person is not counted together with the real one', async () => {
  const folder = await temporaryFolder();
  const real = write('2025-11-04T10:00:00.000Z', KARI);
  const claimed = {
    ...write('2025-11-04T10:01:00.000Z', KARI),
    actor: { ...real.actor, status: 'claimed' },
  } as const;
  await writeSealed(join(folder, 'archive'), byDay([real, claimed]));
  const { path } = await makeReport(folder);
  expect(await figure(path, 'persons')).toBe('2');
  expect(await readFile(path, 'utf8')).toContain('claimed by the client');
});

test('rows count for bulk changes if the log has them', async () => {
  const folder = await temporaryFolder();
  const one = write('2025-11-04T10:00:00.000Z', KARI, { rows: 12_345 });
  await writeSealed(join(folder, 'archive'), byDay([one]));
  const { path } = await makeReport(folder, { bulk: '10000' });
  expect(await figure(path, 'bulk changes')).toBe('1');
  expect(await readFile(path, 'utf8')).toContain('12\u202f345');
});

test.each([
  [{ since: '2025-11-31' }, 'a day is given as 2026-11-21'],
  [{ since: '2025-12-01' }, '--since is after --until'],
  [{ since: '1900-01-01' }, 'the period is too long for one report'],
  [{ hours: '7-17' }, '--hours is given as 07:00-17:00'],
  [{ hours: '07:00-07:00' }, '--hours is given as 07:00-17:00'],
  [{ hours: '07:00-25:00' }, '--hours is given as 07:00-17:00'],
  [{ bulk: '0' }, '--bulk is a whole number of at least 1'],
  [{ timezone: 'Oslo' }, '--timezone is a time zone'],
  [{ publicKey: ['/dev/null'] }, '/dev/null is not a public key in PEM'],
])('%o is bad usage', async (given, message) => {
  const { code, output } = await makeReport(await temporaryFolder(), given);
  expect([code, output]).toEqual([2, expect.stringContaining(message)]);
});

test('the command line gives what the report needs', async () => {
  const { folder } = await archiveOfNovember();
  const out = join(folder, 'report.html');
  const program = new Command().exitOverride();
  addReport(program);
  const words = [
    'report',
    join(folder, 'archive'),
    '--since',
    '2025-11-01',
    '--until',
    '2025-11-30',
    '--out',
    out,
  ];
  const keys = ['--public-key', '/dev/null', '--public-key', '/dev/null@7'];
  const exitOf = async (...given: string[]): Promise<unknown> => {
    for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
    await program.parseAsync([...words, ...given], { from: 'user' });
    vi.restoreAllMocks();
    const { exitCode } = process;
    process.exitCode = undefined;
    return exitCode;
  };
  expect(await exitOf('--bulk', '5', '--hours', '08:00-16:00', '--timezone', 'UTC')).toBe(INCOMPLETE);
  const html = await readFile(out, 'utf8');
  expect(html).toContain('Working hours are 08:00-16:00 from Monday to Friday, UTC');
  expect(html).toContain('At least 5 statements');
  expect(await exitOf(...keys)).toBe(2);
});

test('a file is not an archive', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'archive'), '');
  const { code, output } = await makeReport(folder);
  expect([code, output]).toEqual([
    1,
    expect.stringContaining('it is not a folder: give the folder above instance=…'),
  ]);
});

test('a page that cannot be written fails, and leaves no partial file', async () => {
  const { folder } = await archiveOfNovember();
  const { code, output } = await makeReport(folder, { out: join(folder, 'nowhere', 'report.html') });
  expect([code, output]).toEqual([1, expect.stringContaining('cannot be written (ENOENT)')]);
});

test("an existing file at the page's temporary name is not written to, and its permissions are not used", async () => {
  const { folder } = await archiveOfNovember();
  const [victim, out] = [join(folder, 'victim'), join(folder, 'report.html')];
  await writeFile(victim, 'untouched');
  await symlink(victim, `${out}.tmp`);
  expect((await makeReport(folder, { out })).code).toBe(INCOMPLETE);
  expect(await readFile(victim, 'utf8')).toBe('untouched');
  await writeFile(`${out}.tmp`, '', { mode: 0o644 });
  expect((await makeReport(folder, { out })).code).toBe(INCOMPLETE);
  expect((await stat(out)).mode & 0o777).toBe(0o600);
});

/** The number above a name. */
async function figure(path: string, name: string): Promise<string | undefined> {
  return new RegExp(`<b>([^<]*)</b>${name}<`).exec(await readFile(path, 'utf8'))?.[1];
}
