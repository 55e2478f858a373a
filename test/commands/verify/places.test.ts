/** `--instance`, `--node`, and addresses that point below the archive's prefix, for every command that reads archives. */

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day, days } from '../../support/covered.js';
import { writeSealed } from '../../support/sealed.js';
import { runCommand } from '../../support/shipper.js';
import { startStorageServer } from '../../support/storage-server.js';

const DAYS = ['--since', '2025-11-01', '--until', '2025-11-05'];
let archive = '';
const bodies = new Map<string, Buffer>();

beforeAll(async () => {
  archive = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
  for (const [instance, node] of [
    ['a', 'x'],
    ['a', 'y'],
    ['b', 'x'],
  ] as const) {
    const { names } = await writeSealed(
      archive,
      days().map(date => day(date)),
      { instance, node },
    );
    for (const name of names) bodies.set(`hold/${name}`, await readFile(join(archive, name)));
  }
});
afterAll(() => rm(archive, { recursive: true }));

const PLACES: [string, readonly string[], readonly string[]][] = [
  ['', [], ['a/x', 'a/y', 'b/x']],
  ['', ['--instance', 'a'], ['a/x', 'a/y']],
  ['', ['--node', 'x'], ['a/x', 'b/x']],
  ['', ['--instance', 'a', '--node', 'y'], ['a/y']],
  ['/instance=a', [], ['a/x', 'a/y']],
  ['/instance=a', ['--node', 'x'], ['a/x']],
  ['/instance=a/node=y', [], ['a/y']],
  ['/instance=a/node=y/', ['--instance', 'a'], ['a/y']],
];

describe.each(PLACES)('the archive%s %j', (below, options, places) => {
  test('verify', async () => {
    const { code, output } = await runCommand([
      'verify',
      `file:${archive}${below}`,
      '--json',
      ...options,
      ...DAYS,
    ]);
    const { verdict, parts, limits } = JSON.parse(output);
    expect([code, verdict]).toEqual([0, 'whole']);
    expect(
      parts.map(({ instance, node }: { instance: string; node: string }) => `${instance}/${node}`),
    ).toEqual(places);
    const isPart = places.length < 3;
    expect(limits.some((limit: string) => limit.startsWith('anything of the archive besides'))).toBe(isPart);
  });

  test('search', async () => {
    const { code, output } = await runCommand(['search', `file:${archive}${below}`, ...options]);
    const events = output
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(code).toBe(0);
    expect([...new Set(events.map(({ instance, node }) => `${instance}/${node}`))]).toEqual(places);
  });

  test('report', async () => {
    const page = join(archive, 'report.html');
    const asked = ['--since', '2025-11-02', '--until', '2025-11-03', '--out', page, ...options];
    expect((await runCommand(['report', `${archive}${below}`, ...asked])).code).toBe(0);
    const text = await readFile(page, 'utf8');
    await rm(page);
    const shown = text.replaceAll(/<[^>]*>/g, ' ').matchAll(/Instance\s+(\S+)\s*,\s*node\s+(\S+)/g);
    expect([...shown].map(([, instance, node]) => `${instance}/${node}`)).toEqual(places);
    // What it says to type works from anywhere.
    const [, path = ''] = /gunzip --stdout (\S+)/.exec(text) ?? [];
    expect(existsSync(path)).toBe(true);
  });
});

test('the same in Cloud Storage', async () => {
  const server = await startStorageServer();
  for (const [name, body] of bodies)
    server.objects.set(name, {
      name,
      body,
      contentType: 'application/gzip',
      crc32c: '',
      metadata: {},
      generation: 1,
    });
  const address = `gs://${server.bucket}/hold/instance=a/node=y`;
  const { output } = await runCommand(['search', address, '--endpoint', server.endpoint]);
  await server.close();
  expect(output.trim().split('\n')).toHaveLength(5);
  expect(
    new Set(
      output
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).node),
    ),
  ).toEqual(new Set(['y']));
});

test.each<[string, readonly string[], number, string]>([
  ['/instance=a', ['--instance', 'b'], 2, 'name different ones'],
  ['/instance=a/node=x/date=2025-11-01', [], 2, 'the day as --since and --until'],
])('%s with %j is refused', async (below, options, expected, why) => {
  for (const command of ['verify', 'search']) {
    const { code, output } = await runCommand([command, `${archive}${below}`, ...options]);
    expect(code).toBe(expected);
    expect(output).toContain(why);
  }
});

test('what is not in the archive is named', async () => {
  const verified = await runCommand(['verify', archive, '--instance', 'c']);
  expect(verified.code).toBe(1);
  expect(verified.output).toContain('there is no archive of instance c here');
  const searched = await runCommand(['search', archive, '--instance', 'a', '--node', 'z']);
  expect(searched.code).toBe(1);
  expect(searched.output).toContain('no objects of instance a, node z');
});
