/** A report on a month in which a day is not covered. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewEvent } from '../../src/event/event.js';
import { DESKTOP, openPage, startBrowser } from '../support/browser.js';
import { day, gapEvent } from '../support/covered.js';
import { makeReport } from '../support/report.js';
import { november } from '../support/reviewed.js';
import { type SealedSegment, writeSealed } from '../support/sealed.js';
import { temporaryFolder } from '../support/temp.js';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => await browser.close());

/** In Oslo. */
const MISSING = '2025-11-13';
const STRETCH = { after: '2025-11-12T23:00:00.000Z', before: '2025-11-13T22:59:59.000Z' };

/** From the last day of October to the first of December, read to the end of each day. */
function month(happened: (date: string) => readonly NewEvent[]): SealedSegment[] {
  return Array.from({ length: 32 }, (_, index) => {
    const date = new Date(Date.UTC(2025, 9, 31 + index)).toISOString().slice(0, 10);
    return { ...day(date), events: happened(date) };
  });
}

const ordinary = november().filter(({ kind, time }) => kind !== 'gap' && !time.startsWith(MISSING));
const events = (date: string): NewEvent[] => ordinary.filter(({ time }) => time.startsWith(date));

async function reportOf(segments: readonly SealedSegment[]) {
  const folder = await temporaryFolder();
  await writeSealed(join(folder, 'archive'), segments, { chain: '20251031T000000Z-0001' });
  const made = await makeReport(folder);
  const { page } = await openPage(browser, DESKTOP);
  await page.goto(pathToFileURL(made.path).href);
  return { ...made, page };
}

test('all of it covered: whole, in green, and nothing is red', async () => {
  const { code, page } = await reportOf(month(events));
  expect(code).toBe(0);
  expect(await page.locator('.verdict').innerText()).toContain('The archive is whole.');
  expect(await page.locator('.verdict').getAttribute('class')).toBe('verdict');
  expect(await page.locator('rect.missing').count()).toBe(0);
  expect(await page.locator('.verdict').innerText()).toContain('The log of prod is covered until');
});

test('a day that nobody read: incomplete, in amber, the stretch named, the day red on the plots', async () => {
  const gap = gapEvent({ reason: 'unwatched', ...STRETCH }, '2025-11-14T07:00:00.000Z');
  const { code, page } = await reportOf(
    month(date => (date === '2025-11-14' ? [...events(date), gap] : events(date))),
  );
  expect(code).toBe(3);
  const verdict = page.locator('.verdict');
  expect(await verdict.getAttribute('class')).toBe('verdict incomplete');
  expect(await verdict.locator('li').allInnerTexts()).toEqual([
    `prod/pg-0: ${STRETCH.after} to ${STRETCH.before}: gap (unwatched)`,
  ]);
  const bars = page.locator('#plots .panel').first().locator('g.bar');
  const red = await bars.evaluateAll(all =>
    all.flatMap((bar, index) => (bar.querySelector('rect.missing') ? [index + 1] : [])),
  );
  expect(red).toEqual([13]);
  expect(await page.locator('#persons svg.spark').first().locator('rect.missing').count()).toBe(1);
  expect(await page.locator('#days tbody tr', { hasText: '13 Nov 2025' }).innerText()).toContain(
    'not fully covered',
  );
  // The picture of docs/proof.md: the verdict, and the month.
  await page.locator('header > p, nav, .figures, #look').evaluateAll(others => {
    for (const other of others) other.remove();
  });
  const path = join(process.env.SCREENSHOTS ?? (await temporaryFolder()), 'report-incomplete.png');
  await page.screenshot({ path, clip: { x: 0, y: 0, width: 1200, height: 720 } });
});
