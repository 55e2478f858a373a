/** Every command of the page's "Look at these" is one of search's, and finds what it stands beside. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { inProject } from '../../src/lib/paths.js';
import { openPage, startBrowser } from '../support/browser.js';
import { month, NIGHTLY } from '../support/month.js';
import { makeReport } from '../support/report.js';
import { november, OLA, role } from '../support/reviewed.js';
import { byDay, writeSealed } from '../support/sealed.js';
import { temporaryFolder } from '../support/temp.js';

const run = promisify(execFile);

interface Shown {
  readonly definition: string;
  /** By the words above it. */
  readonly groups: readonly {
    readonly why: string;
    readonly all: string;
    readonly rows: readonly string[];
  }[];
}

async function shownOn(path: string): Promise<Shown> {
  const browser = await startBrowser();
  try {
    const { page } = await openPage(browser);
    await page.goto(pathToFileURL(path).href);
    const definition = await page.locator('#look > p code').first().innerText();
    const groups = [];
    for (const group of await page.locator('#look .look').all()) {
      const why = await group.locator('h3').innerText();
      const all = await group.locator('h3 code').innerText();
      groups.push({
        why: why.replace(all, '').trim(),
        all,
        rows: await group.locator('li > code').allInnerTexts(),
      });
    }
    return { definition, groups };
  } finally {
    await browser.close();
  }
}

/** The lines that a command of the page prints into a pipe. */
async function found(definition: string, command: string): Promise<unknown[]> {
  const program = `pgaudit-shipper() { '${process.execPath}' '${inProject('dist/main.js')}' "$@"; }`;
  const shell = await run('bash', ['-c', `${program}\n${definition}\n${command}`], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return shell.stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line));
}

test('each row is found by its command, and as many as the page says by the one for all', async () => {
  const folder = await temporaryFolder();
  const others = november().filter(({ time }) => !time.startsWith('2025-11-08'));
  const [saturday] = month().filter(({ date }) => date === '2025-11-08');
  // Destroys no data, and is listed among roles and rights.
  const dropped = role('2025-11-14T22:20:00.000Z', OLA, 'DROP ROLE', 'DROP ROLE ola_privat');
  // Neither names pgAudit.
  const silenced = ['ALTER SYSTEM RESET ALL', "ALTER ROLE ola SET log_statement = 'none'"].map(sql => {
    const said = role('2025-11-13T10:00:00.000Z', OLA, sql.split(' ', 2).join(' '), sql);
    return { ...said, audit: { ...said.audit, sensitive: true as const } };
  });
  const segments = [
    ...byDay([...others, ...silenced, dropped]),
    ...(saturday === undefined ? [] : [saturday]),
  ];
  await writeSealed(
    join(folder, 'archive'),
    segments.toSorted((a, b) => (a.date < b.date ? -1 : 1)),
  );
  const { path } = await makeReport(folder);
  const { definition, groups } = await shownOn(path);
  expect(groups.length).toBeGreaterThan(9);
  for (const { rows } of groups)
    for (const row of rows) expect([row, (await found(definition, row)).length > 0]).toEqual([row, true]);
  const exact = [
    'on what is audited',
    'without WHERE',
    'TRUNCATE or DROP',
    'of roles and rights',
    'at night or on weekends',
    'scrubbed',
    'suspect',
  ];
  for (const { why, all } of groups.filter(one => exact.some(words => one.why.includes(words))))
    expect([why, (await found(definition, all)).length]).toEqual([why, Number.parseInt(why, 10)]);
  const bulk = groups.find(({ why }) => why.includes('bulk'));
  expect((await found(definition, bulk?.rows[0] ?? '')).length).toBe(NIGHTLY);
});
