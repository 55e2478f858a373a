/** Headless Chromium, in which tests see pages as people do. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** The same programs that scripts/setup.js looks for. */
const NAMES = ['chromium', 'google-chrome', 'google-chrome-stable'];

/** Throws if there is none: a page that was not displayed is not tested. */
export async function startBrowser(): Promise<Browser> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = NAMES.flatMap(name => folders.map(folder => join(folder, name)));
  const executablePath = paths.find(existsSync);
  if (executablePath === undefined)
    throw new Error(
      `there is no Chromium (${NAMES.join(', ')}): \`node scripts/setup.js\` installs it where it can`,
    );
  // Chromium's sandbox does not work for root; what is opened here is our own.
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export const DESKTOP: BrowserContextOptions = { viewport: { width: 1200, height: 900 } };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 375, height: 812 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

export interface Watched {
  readonly page: Page;
  /** Messages of the console that are errors or warnings, and errors of scripts. */
  readonly complaints: string[];
  /** What the page requested, except itself. */
  readonly requests: string[];
}

/** An empty page; it is closed when the test ends. */
export async function openPage(browser: Browser, options: BrowserContextOptions = DESKTOP): Promise<Watched> {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('dialog', dialog => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', request => {
    if (!request.isNavigationRequest()) requests.push(request.url());
  });
  return { page, complaints, requests };
}

/** How many pixels the page is wider than the screen. */
export async function overhang(page: Page): Promise<number> {
  return await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
}
