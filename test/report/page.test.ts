/** The report in a browser: what people see, and what hostile texts cannot do. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReportArguments } from '../../src/commands/report/report.js';
import { DESKTOP, openPage, overhang, PHONE, startBrowser, type Watched } from '../support/browser.js';
import { HOSTILE } from '../support/hostile-text.js';
import { makeReport } from '../support/report.js';
import { BULK, ddl, november, write } from '../support/reviewed.js';
import { byDay, writeSealed } from '../support/sealed.js';
import { failureOf, suspectOf } from '../support/search.js';
import { temporaryFolder } from '../support/temp.js';

/** November holds a gap, and begins after its first day. */
const INCOMPLETE = 3;

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => await browser.close());

/** The width of A4 without its margins, in pixels of CSS. */
const PAPER: BrowserContextOptions = { viewport: { width: 688, height: 1000 } };

async function reportOfNovember(given: Partial<ReportArguments> = {}): Promise<string> {
  const folder = await temporaryFolder();
  await writeSealed(join(folder, 'archive'), byDay(november()));
  const { code, path } = await makeReport(folder, given);
  expect(code).toBe(INCOMPLETE);
  return path;
}

async function open(path: string, options: BrowserContextOptions = DESKTOP): Promise<Watched> {
  const watched = await openPage(browser, options);
  if (options === PAPER) await watched.page.emulateMedia({ media: 'print' });
  await watched.page.goto(pathToFileURL(path).href);
  return watched;
}

test('on a desk by day and by night, on a phone and on paper', async () => {
  const path = await reportOfNovember();
  const screenshots = await temporaryFolder();
  const looks = {
    desktop: DESKTOP,
    dark: { ...DESKTOP, colorScheme: 'dark' },
    phone: PHONE,
    paper: PAPER,
  } as const;
  for (const [name, options] of Object.entries(looks)) {
    const { page, complaints, requests } = await open(path, options);
    await page.screenshot({ path: join(screenshots, `${name}.png`) });
    expect([name, await overhang(page), complaints, requests]).toEqual([name, 0, [], []]);
    expect(await page.locator('.verdict').textContent()).toContain('The archive is incomplete');
    await page.context().close();
  }
});

test('plots have a bar for each day and a square for each hour, and say the same in words', async () => {
  const { page } = await open(await reportOfNovember());
  const panels = page.locator('#plots .panel');
  expect(await panels.count()).toBe(3);
  expect(await panels.first().locator('g.bar').count()).toBe(30);
  const busy = panels.first().locator('g.bar').nth(11).locator('title');
  expect(await busy.textContent()).toBe(`12 Nov 2025: writes ${BULK + 5}`);
  expect(await page.locator('#plot-days-text').textContent()).toContain(
    '253 statements in 30 days, of which 8 have none',
  );
  expect(await page.locator('#plots .week rect title').allTextContents()).toContain('Sun 04:00: 1');
  expect(await page.locator('#plots .outcomes li').allInnerTexts()).toEqual([
    expect.stringMatching(/^done.*\s252$/s),
    expect.stringMatching(/^failed.*\s1$/s),
    expect.stringMatching(/^undone.*\s0$/s),
    expect.stringMatching(/^not known.*\s0$/s),
  ]);
  expect(await page.locator('svg[role=img]:not([aria-labelledby])').count()).toBe(0);
});

test('it says who changed what, and what a review has to look into', async () => {
  const { page } = await open(await reportOfNovember());
  const text = async (id: string): Promise<string> => await page.locator(`#${id}`).innerText();
  expect(await page.locator('#bulk tbody tr').allInnerTexts()).toEqual([
    '12 Nov 2025\tOla Hansen Z990002\tkonto\t150\t',
  ]);
  expect(await page.locator('#ddl tbody tr').count()).toBe(2);
  expect(await page.locator('#ddl tbody tr').first().innerText()).toMatch(/^ALTER TABLE public\.vedtak/);
  expect(await text('ddl')).toContain('ALTER TABLE vedtak\n  ADD COLUMN begrunnelse text,');
  expect(await page.locator('#roles li').count()).toBe(2);
  expect(await text('roles')).toContain('GRANT ALL ON ALL TABLES');
  expect(await page.locator('#outside li').count()).toBe(3);
  expect(await text('outside')).toContain(
    '1 of 253 statements came outside them on working days, 2 on weekends',
  );
  expect(await text('failures')).toContain('23505 unique violation');
  expect(await text('suspects')).toContain('not really');
  expect(await text('gaps')).toContain('session 6b0201a1.9999, lines 7 to 9');
  expect(await text('unresolved')).toMatch(/tmp_dba\s+unresolved\s+1/s);
  expect(await text('redacted')).toMatch(/1 secret .*ALTER ROLE app PASSWORD <redacted>/s);
  expect(await page.locator('#sign').innerText()).toMatch(/Name.*Date.*Signature/s);
  expect(await page.locator('#writes li').count()).toBe(15);
});

test('hostile texts anywhere in an archive are only text', async () => {
  const folder = await temporaryFolder();
  const events = HOSTILE.flatMap((text, n) => {
    const time = `2025-11-05T10:${String(n).padStart(2, '0')}:00.000Z`;
    const who = { user: text, name: text, email: text, database: text };
    const one = write(time, who, { statement: text, objects: [text], command: text });
    const suspect = suspectOf(write(time, who), text);
    return [one, ddl(time, who, text, text), failureOf(write(time, who), text), suspect];
  });
  await writeSealed(join(folder, 'archive'), byDay(events));
  const { code, path } = await makeReport(folder);
  expect(code).toBe(INCOMPLETE);
  for (const options of [DESKTOP, PHONE, PAPER]) {
    const { page, complaints, requests } = await open(path, options);
    expect(await page.locator('script, iframe, img, form, base, link, object, embed, animate').count()).toBe(
      0,
    );
    expect(await page.locator('style').count()).toBe(1);
    expect(
      await page
        .locator('a:not([href^="#"]), [onload], [onerror], [onfocus], [onmouseover], [style]')
        .count(),
    ).toBe(0);
    expect(await page.evaluate('window.pwned')).toBe(undefined);
    expect(await page.locator('#ddl tbody tr').count()).toBe(new Set(HOSTILE).size);
    expect([await overhang(page), complaints, requests]).toEqual([0, [], []]);
  }
});

test('even a script that got into the page would not run', async () => {
  const path = await reportOfNovember();
  const html = await readFile(path, 'utf8');
  const { page, complaints } = await openPage(browser);
  await page.setContent(
    html.replace('</main>', '<script>window.pwned = 1</script><img src="https://evil.example/"></main>'),
  );
  const policy = await page.locator('meta[http-equiv]').getAttribute('content');
  expect(policy).toMatch(
    /^default-src 'none'; style-src 'sha256-[^ ]+'; base-uri 'none'; form-action 'none'$/,
  );
  expect(await page.evaluate('window.pwned')).toBe(undefined);
  expect(complaints.filter(text => text.includes('Content Security Policy')).length).toBe(2);
});

test('it prints on A4, and only its owner may read it', async () => {
  const path = await reportOfNovember();
  const { page } = await open(path);
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  const [, width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf) ?? [];
  expect([Math.round(Number(width)), Math.round(Number(height))]).toEqual([595, 842]);
  expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeLessThan(15);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
