/** The status page as somebody sees it who was just woken up. */

import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ProblemSample, StatusSample } from '../../../src/daemon/http/sample.js';
import { Status } from '../../../src/daemon/http/status.js';
import { DESKTOP, openPage, overhang, PHONE, startBrowser, type Watched } from '../../support/browser.js';
import { HOSTILE } from '../../support/hostile-text.js';
import { temporaryFolder } from '../../support/temp.js';

const SUBJECT = { instance: 'fagsystem-prod', node: 'pg-0', version: '1.2.3' };
const HASH = '4b1f'.repeat(16);

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => await browser.close());

function sampleAt(minute: number, more: Partial<StatusSample> = {}): StatusSample {
  return {
    now: Date.UTC(2026, 10, 21, 12, minute),
    uptime: minute * 60_000,
    problems: [],
    source: { bytes: 123_456_789, files: 7 },
    sources: [],
    journal: { chain: '20261121T203958Z-9f2c', lastSeq: 123_456, bytes: 5_000_000, maxBytes: 10 * 1024 ** 3 },
    sinks: {
      logging: {
        events: 3,
        bytes: 2100,
        seconds: 0.2,
        usualSeconds: 60,
        to: 'projects/team-prod/logs/pgaudit',
      },
      archive: {
        events: 812,
        bytes: 600_000,
        seconds: 300,
        usualSeconds: 960,
        to: 'gs://team-pgaudit-archive/fagsystem',
      },
    },
    records: [
      { outcome: 'shipped', reason: 'statement', count: 812 },
      { outcome: 'dropped', reason: 'service-user', count: 1_204_331 },
    ],
    identities: { resolved: 800, unresolved: 12 },
    unknownUsers: 2,
    suspects: 0,
    gaps: 0,
    rejectedEntries: 0,
    seal: { at: Date.UTC(2026, 10, 21, 11, 58), hash: HASH, lastSeq: 123_400 },
    ...more,
  };
}

function problem(part: string, what: string, code = 'log-unreadable', hinders = true): ProblemSample {
  return { code, since: '2026-11-21T11:00:00.000Z', what, fix: 'do this', part, hinders };
}

/** An hour with an outage of Cloud Logging in it. */
function anHour(): Status {
  const status = new Status(SUBJECT);
  for (let minute = 0; minute <= 70; minute++) {
    const { sinks, ...rest } = sampleAt(minute);
    const outage = minute > 30 && minute < 45 ? (minute - 30) * 60 : 0.3;
    status.sample({ ...rest, sinks: { ...sinks, logging: { ...sinks.logging, seconds: outage } } });
  }
  return status;
}

/** Serves it as the daemon does. Returns the address, and what stops it. */
async function serve(status: Status): Promise<{ url: string; stop: () => void }> {
  const server = createServer((request, response) => {
    const { html, csp } = status.page();
    const isPage = request.url === '/';
    response.writeHead(isPage ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': csp,
    });
    response.end(isPage ? html : '');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(stop);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/`, stop };
}

/** Pictures go where SCREENSHOTS says: those of docs/operations.md come from here. */
async function look(status: Status, options: BrowserContextOptions, name: string): Promise<Watched> {
  const watched = await openPage(browser, options);
  const { url } = await serve(status);
  await watched.page.goto(url);
  const folder = process.env.SCREENSHOTS ?? (await temporaryFolder());
  await watched.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  return watched;
}

test.each([
  ['light', DESKTOP],
  ['dark', { ...DESKTOP, colorScheme: 'dark' }],
  ['phone', PHONE],
] as const)('ready, %s', async (name, options) => {
  const { page, complaints, requests } = await look(anHour(), options, name);
  expect(await page.locator('.verdict').textContent()).toContain('Ready');
  expect(await page.title()).toBe('✓ fagsystem-prod: pgaudit-shipper');
  expect(await page.locator('figure g.bar').count()).toBe(120);
  expect(await page.locator('#lag-logging-text').textContent()).toBe('Now 0.3 s, at most 14 min.');
  expect(await page.getByText(HASH).count()).toBe(1);
  expect(await overhang(page)).toBe(0);
  expect(complaints).toEqual([]);
  expect(requests).toEqual([]);
});

test.each([
  ['light', DESKTOP],
  ['dark', { ...DESKTOP, colorScheme: 'dark' }],
] as const)('not ready, %s: the page says what to do', async (name, options) => {
  const status = anHour();
  const problems = [
    problem('source', '/var/log/postgresql/a.csv', 'log-unreadable'),
    problem('journal size', 'state.maxSize is reached', 'journal-full'),
  ];
  status.sample(sampleAt(71, { problems, suspects: 3 }));
  const { page, complaints } = await look(status, options, `not-ready-${name}`);
  expect(await page.locator('.verdict li').allTextContents()).toEqual([
    'source: /var/log/postgresql/a.csv: do this (log-unreadable since 2026-11-21 11:00:00 UTC)',
    'journal size: state.maxSize is reached: do this (journal-full since 2026-11-21 11:00:00 UTC)',
  ]);
  expect(await page.title()).toContain('✗');
  expect(await page.locator('.card.bad h2').allTextContents()).toEqual(['Source', 'Journal']);
  expect(await page.locator('tr.look').allTextContents()).toContain('suspects3');
  expect(complaints).toEqual([]);
});

test('a problem of others leaves it running, and not green', async () => {
  const status = anHour();
  const problems = [problem('audit', '2 of 9 persons are not audited', 'not-audited', false)];
  status.sample(sampleAt(71, { problems }));
  const { page, complaints } = await look(status, DESKTOP, 'problem');
  expect(await page.locator('.verdict.good').count()).toBe(0);
  expect(await page.locator('.verdict.bad strong').textContent()).toBe('Running, with problems.');
  expect(await page.locator('.verdict li').textContent()).toContain(
    '2 of 9 persons are not audited: do this',
  );
  expect(await page.title()).toBe('! fagsystem-prod: pgaudit-shipper');
  expect(JSON.parse(status.toJson())).toMatchObject({ isReady: true, problems });
  expect(complaints).toEqual([]);
});

test('hostile text in a problem is only text', async () => {
  const status = new Status(SUBJECT);
  status.sample(sampleAt(1, { problems: HOSTILE.map(text => problem('source', `/log/${text}`)) }));
  const { page, complaints, requests } = await look(status, PHONE, 'hostile');
  expect(await page.locator('.verdict li').count()).toBe(HOSTILE.length);
  expect(await page.locator('script').count()).toBe(1);
  expect(await page.locator('main img, iframe, form, base, [onload], [onerror], [onfocus]').count()).toBe(0);
  expect(await page.evaluate('window.pwned')).toBe(undefined);
  expect(await overhang(page)).toBe(0);
  expect([complaints, requests]).toEqual([[], []]);
});

test('the page refreshes itself, and says if there is no answer', async () => {
  const status = anHour();
  const { url, stop } = await serve(status);
  const { page } = await openPage(browser);
  await page.clock.install();
  await page.goto(url);
  status.sample(sampleAt(72, { problems: [problem('journal', 'cannot be written: the disk is full')] }));
  await page.clock.fastForward(5000);
  await page.locator('.verdict.bad').waitFor();
  expect(await page.title()).toContain('✗');
  stop();
  await page.clock.fastForward(5000);
  await page.getByText('No answer since').waitFor();
  expect(await page.title()).toBe('✗ no answer');
});

test('the policy lets nothing run but the one script', () => {
  const { csp, html } = anHour().page();
  expect(csp).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'; connect-src 'self'/,
  );
  expect(html).not.toMatch(/ on[a-z]+=| style=|https?:/);
});

test('programs get the same', () => {
  const json = JSON.parse(anHour().toJson());
  expect(json).toMatchObject({
    ...SUBJECT,
    isReady: true,
    uptimeSeconds: 4200,
    unknownUsers: 2,
    seal: { hash: HASH },
  });
  expect(json.lag.length).toBe(60);
  expect(json.lag.at(-1)).toEqual({ minutesAgo: 0, logging: 0.3, archive: 300 });
  const fields =
    'gaps identities instance isReady journal lag node problems records rejectedEntries seal sinks source sources';
  expect(Object.keys(json).sort().join(' ')).toBe(
    `${fields} suspects time unknownUsers uptimeSeconds version`,
  );
});

test('several servers: which of them cannot be read, and how much of each is unread', () => {
  const status = new Status({ instance: 'host', node: 'n', version: '1' });
  const sources = [
    { instance: 'orders', unread: 2048, isRead: true },
    { instance: 'billing', unread: 0, isRead: false },
  ];
  status.sample(sampleAt(1, { sources, problems: [problem('source billing', 'waits for its database')] }));
  const { html } = status.page();
  expect(html).toContain('<p>orders: 2.0 KiB not read yet</p><p>billing: cannot be read</p>');
  expect(html).toContain('<b>source billing</b>: waits for its database');
  expect(JSON.parse(status.toJson()).sources).toEqual(sources);
});

test('before the first look it is starting', () => {
  const status = new Status(SUBJECT);
  expect(status.page().html).toContain('Starting.');
  expect(JSON.parse(status.toJson())).toEqual({ ...SUBJECT, isReady: false });
});

test('it looks on request, and keeps the last result if a look fails', async () => {
  const status = new Status(SUBJECT);
  const seqOf = (): unknown => JSON.parse(status.toJson()).journal?.lastSeq;
  await status.refresh();
  expect(seqOf()).toBe(undefined);
  status.watch(async () => sampleAt(1));
  await status.refresh();
  expect(seqOf()).toBe(123_456);
  status.watch(() => Promise.reject(new Error('gone')));
  await status.refresh();
  expect(seqOf()).toBe(123_456);
});

test('the largest lag of each minute is kept for an hour', () => {
  const status = new Status(SUBJECT);
  const { sinks } = sampleAt(0);
  for (const seconds of [1, 50, 2])
    status.sample(sampleAt(3, { sinks: { ...sinks, logging: { ...sinks.logging, seconds } } }));
  const lagOf = (): { minutesAgo: number; logging: number }[] => JSON.parse(status.toJson()).lag;
  expect(lagOf()).toMatchObject([{ minutesAgo: 0, logging: 50 }]);
  status.sample(sampleAt(62));
  expect(lagOf()).toMatchObject([{ minutesAgo: 59, logging: 50 }, { minutesAgo: 0 }]);
  status.sample(sampleAt(63));
  expect(lagOf()).toMatchObject([{ minutesAgo: 1 }, { minutesAgo: 0 }]);
});

test('a page stays small, however often it looked', () => {
  const status = anHour();
  for (let n = 0; n < 10_000; n++) status.sample(sampleAt(80 + n));
  expect(status.page().html.length).toBeLessThan(64 * 1024);
});
