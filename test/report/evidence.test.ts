/** A report compares the archive with what verify compares it with, and says what its verdict rests on. */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addReport } from '../../src/commands/report/report.js';
import { makeReport } from '../support/report.js';
import { november } from '../support/reviewed.js';
import { byDay, writeSealed } from '../support/sealed.js';
import { temporaryFolder } from '../support/temp.js';

const run = promisify(execFile);

async function archiveOfNovember() {
  const folder = await temporaryFolder();
  const archive = join(folder, 'archive');
  return { folder, archive, ...(await writeSealed(archive, byDay(november()))) };
}

/** The last line of an object. */
async function sealOf(archive: string, name: string): Promise<string> {
  const text = gunzipSync(await readFile(join(archive, name)))
    .toString()
    .trimEnd();
  return text.slice(text.lastIndexOf('\n') + 1);
}

test('seals from Cloud Logging that are in the archive are counted, and one that is not is broken', async () => {
  const { folder, archive, names } = await archiveOfNovember();
  const seals = join(folder, 'seals.json');
  const line = await sealOf(archive, names[3] ?? '');
  await writeFile(seals, `${JSON.stringify({ jsonPayload: JSON.parse(line) })}\n`);
  const good = await makeReport(folder, { seals: [seals] });
  expect(good.code).toBe(3);
  const html = await readFile(good.path, 'utf8');
  expect(html).toContain('1 as in Cloud Logging');
  expect(html).toContain(`--seals ${seals}`);
  const forged = { ...JSON.parse(line), previousHash: '0'.repeat(64) };
  await writeFile(seals, `${JSON.stringify({ jsonPayload: forged })}\n`);
  const bad = await makeReport(folder, { seals: [seals] });
  expect(bad.code).toBe(1);
  expect(await readFile(bad.path, 'utf8')).toContain('class="verdict broken"');
});

test('the command with which to verify again asks for the same days and grace', async () => {
  const { folder } = await archiveOfNovember();
  const { path } = await makeReport(folder, { grace: '26h' });
  expect(await readFile(path, 'utf8')).toMatch(
    /pgaudit-shipper verify \S+ --since 2025-11-01 --until 2025-11-30 --grace 26h</,
  );
});

test.each([
  [{ seals: ['/dev/null'] }, 'no seals from Cloud Logging found'],
  [{ tsaCa: ['/dev/null'] }, '/dev/null has no readable certificate in PEM'],
  [{ witness: 'file:/nowhere/at/all' }, 'the witness has no seal'],
])('%o is bad usage, as for verify', async (given, message) => {
  const { folder } = await archiveOfNovember();
  const { code, output } = await makeReport(folder, given);
  expect([code, output]).toEqual([2, expect.stringContaining(message)]);
});

test('log files that the archive was not made from are found', async () => {
  const { folder } = await archiveOfNovember();
  const log = join(folder, 'a.csv');
  await writeFile(log, 'no csvlog');
  const { path } = await makeReport(folder, { against: [log] });
  expect(await readFile(path, 'utf8')).toMatch(/<dt>Log files<\/dt>|class="verdict broken"/);
});

test('the block to sign names the last seal of each chain, and a hash that the printed command repeats', async () => {
  const { folder, archive, names, lastSeq, lastHash } = await archiveOfNovember();
  const { path } = await makeReport(folder);
  const html = await readFile(path, 'utf8');
  const [, sign = ''] = /<section id="sign">([\s\S]*?)<\/section>/.exec(html) ?? [];
  expect(sign).toContain(lastHash);
  expect(sign).toContain(`>${lastSeq}<`);
  expect(JSON.parse(await sealOf(archive, names.at(-1) ?? '')).seq).toBe(lastSeq);
  const [, own = ''] = /<code id="own">([0-9a-f]{64})<\/code>/.exec(sign) ?? [];
  const [, shown = ''] = /<code>(sed .*?)<\/code>/.exec(sign) ?? [];
  const command = shown
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'");
  const { stdout } = await run('sh', ['-c', command], { cwd: folder });
  expect(stdout).toBe(`${own}  -\n`);
});

test('--help names the same options of evidence as verify', () => {
  const program = new Command();
  addReport(program);
  const help = program.commands[0]?.helpInformation() ?? '';
  for (const option of [
    '--seals',
    '--against',
    '--tsa-ca',
    '--witness',
    '--public-key',
    '--language',
    '--timezone',
  ])
    expect(help).toContain(option);
});

test('without --timezone the days are those of TZ, else of Oslo', async () => {
  const { folder } = await archiveOfNovember();
  const before = process.env.TZ;
  try {
    process.env.TZ = 'Asia/Tokyo';
    expect(await readFile((await makeReport(folder)).path, 'utf8')).toContain('Asia/Tokyo');
    delete process.env.TZ;
    expect(await readFile((await makeReport(folder)).path, 'utf8')).toContain('Europe/Oslo');
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});
