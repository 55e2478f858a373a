/** The page in both languages, for everybody who reads it. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LANGUAGES } from '../../src/report/words/words.js';
import { DESKTOP, openPage, overhang, PHONE, startBrowser } from '../support/browser.js';
import { makeReport } from '../support/report.js';
import { november } from '../support/reviewed.js';
import { byDay, writeSealed } from '../support/sealed.js';
import { temporaryFolder } from '../support/temp.js';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => await browser.close());

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

async function reportIn(language: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeSealed(join(folder, 'archive'), byDay(november()));
  return (await makeReport(folder, { language })).path;
}

interface Axe {
  readonly violations: { readonly id: string; readonly nodes: { readonly html: string }[] }[];
  readonly passes: readonly unknown[];
}

test.each(['en', 'nb'])('in %s axe-core finds nothing that keeps anybody from reading it', async language => {
  const path = await reportIn(language);
  const looks = { desk: DESKTOP, phone: PHONE, dark: { ...DESKTOP, colorScheme: 'dark' } } as const;
  for (const [name, options] of Object.entries(looks)) {
    // The page's policy lets no script in, so this reader of it comes around the policy.
    const { page } = await openPage(browser, { ...options, bypassCSP: true });
    await page.goto(pathToFileURL(path).href);
    await page.addScriptTag({ path: AXE });
    const { violations, passes } = await page.evaluate<Axe>('axe.run()');
    expect(passes.length).toBeGreaterThan(10);
    expect([name, violations.map(({ id, nodes }) => [id, nodes[0]?.html])]).toEqual([name, []]);
    expect([name, await overhang(page)]).toEqual([name, 0]);
  }
});

test('Norwegian has Norwegian words, dates and times', async () => {
  const html = await readFile(await reportIn('nb'), 'utf8');
  expect(html).toContain('<html lang="nb">');
  expect(html).toContain('Arkivet er ufullstendig.');
  expect(html).toContain('12.11.2025');
  expect(html).toContain('14.11.2025 kl. 23:15:00');
  const english = Object.values(LANGUAGES.en.page.sections).filter(
    name => !Object.values<string>(LANGUAGES.nb.page.sections).includes(name),
  );
  for (const name of english) expect(html).not.toContain(`>${name}<`);
});

test('no sentence is left in English', () => {
  const textsOf = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.values(value).flatMap(textsOf)
        : [];
  const english = new Set(textsOf(LANGUAGES.en));
  const same = textsOf(LANGUAGES.nb).filter(text => english.has(text) && text.includes(' '));
  expect(same).toEqual([]);
});
