/** A report of a month as large as real ones: what it shows on its first page, and how much paper it takes. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DESKTOP, openPage, overhang, PHONE, startBrowser } from '../support/browser.js';
import { DEFINITIONS, month, PLANTED, ROLES, STATEMENTS } from '../support/month.js';
import { type Made, makeReport } from '../support/report.js';
import { writeSealed } from '../support/sealed.js';
import { temporaryFolder } from '../support/temp.js';

/** A4 without its margins, in pixels of CSS. */
const PAPER = { viewport: { width: 688, height: 994 }, deviceScaleFactor: 1.5 };

let browser: Browser;
let made: Made;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
  await writeSealed(join(folder, 'archive'), month(), { chain: '20251101T000000Z-0001' });
  made = await makeReport(folder);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

/** Where pictures of it are kept, if anybody asks. */
const pictures = async (): Promise<string> => process.env.SCREENSHOTS ?? (await temporaryFolder());

async function open(options: BrowserContextOptions = DESKTOP): Promise<Page> {
  const { page } = await openPage(browser, options);
  await page.goto(pathToFileURL(made.path).href);
  return page;
}

test('on paper it has less than 20 pages', async () => {
  const page = await open();
  const path = join(await pictures(), 'report.pdf');
  const pdf = (await page.pdf({ preferCSSPageSize: true, path })).toString('latin1');
  const pages = pdf.match(/\/Type \/Page\b/g)?.length ?? 0;
  expect(pages).toBeGreaterThan(3);
  expect(pages).toBeLessThan(20);
});

test('it counts what was made', async () => {
  const page = await open();
  const figure = async (name: string): Promise<string> =>
    await page
      .locator('.figures li', { hasText: new RegExp(`^[\\d\\s]+${name}$`) })
      .locator('b')
      .innerText();
  const plain = async (name: string): Promise<number> =>
    Number((await figure(name)).replaceAll('\u202f', ''));
  expect(await plain('statements')).toBe(STATEMENTS);
  expect(await plain('DDL')).toBe(DEFINITIONS);
  expect(await plain('roles and rights')).toBe(ROLES);
});

test('roles and rights are complete, and repeated DDL is one line', async () => {
  const page = await open();
  expect(await page.locator('#roles li').count()).toBe(ROLES);
  expect(await page.locator('#ddl tbody tr').count()).toBe(3);
  expect(await page.locator('#ddl tbody').innerText()).toMatch(/CREATE INDEX … ×1\u202f\d{3}/);
});

test('the first page names what was planted: why, who, when, and the command that finds it', async () => {
  const page = await open();
  const look = page.locator('#look');
  const group = (why: string) => look.locator('.look', { has: page.locator('h3', { hasText: why }) });
  const planted = [
    ['on what is audited', PLANTED.silencing, 'Person Nummer 3'],
    ['without WHERE', PLANTED.deletion, 'tmp_dba'],
    ['TRUNCATE or DROP', PLANTED.truncate, 'Person Nummer 4'],
    ['with a program', PLANTED.program, 'Person Nummer 5'],
    ['with a file', PLANTED.file, 'Person Nummer 5'],
    ['of roles and rights', PLANTED.power, 'Person Nummer 3'],
  ] as const;
  for (const [why, sql, who] of planted) {
    const row = group(why).locator('li').first();
    expect(await row.innerText()).toContain(sql);
    expect(await row.innerText()).toContain(who);
    expect(await row.innerText()).toContain('8 Nov 2025 02:');
    expect(await row.locator('code').innerText()).toMatch(/^look --id prod\/\S+$/);
  }
  expect(await group('bulk change at night').innerText()).toMatch(/Person Nummer 8 .*lonn: 120 statements/s);
  expect(await group('used by several').innerText()).toContain('breakglass');
  expect(await group('no directory knows').innerText()).toContain('tmp_dba');
  expect(await look.innerText()).not.toContain(PLANTED.plan);
});

/** Pictures do not show where a test was run. */
const UNNAMED = `for (const one of document.querySelectorAll('header bdi, #look code'))
  one.textContent = one.textContent.replace(/file:\\S*archive/, 'gs://team-pgaudit-archive/fagsystem')`;

test('shows what it says on a desk, on a phone and on paper', async () => {
  const shots = await pictures();
  for (const [name, options] of Object.entries({ desk: DESKTOP, phone: PHONE, paper: PAPER })) {
    const page = await open(options);
    if (options === PAPER) await page.emulateMedia({ media: 'print' });
    await page.evaluate(UNNAMED);
    // Those of docs/proof.md: its first page on paper.
    await page.screenshot({ path: join(shots, `report-${name}.png`) });
    expect([name, await overhang(page)]).toEqual([name, 0]);
  }
});

/** Words of tables and figures that take more than one line, run in the page; what no column could hold may be broken. */
const BROKEN = `[...document.querySelectorAll('td, th, .figures li')].flatMap(cell => {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const broken = [];
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode())
    for (const { 0: word, index } of text.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (word.length < 25 && range.getClientRects().length > 1) broken.push(word);
    }
  return broken;
})`;

test('what a reader with ten minutes needs is on the first sheet of paper', async () => {
  const page = await open(PAPER);
  await page.emulateMedia({ media: 'print' });
  const bottom = `document.querySelector('#look').getBoundingClientRect().bottom`;
  expect(await page.evaluate<number>(bottom)).toBeLessThan(PAPER.viewport.height);
});

test('no word of a table is broken on paper, and the block to sign is whole', async () => {
  const page = await open(PAPER);
  await page.emulateMedia({ media: 'print' });
  expect(await page.evaluate<string[]>(BROKEN)).toEqual([]);
  const rule = `getComputedStyle(document.querySelector('#sign')).breakInside`;
  expect(await page.evaluate<string>(rule)).toBe('avoid');
});
