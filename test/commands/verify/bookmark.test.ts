/** `verify --bookmark`: the file, and what a run that continues from it prints. */

import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withStatement } from '../../support/forgery.js';
import { realArchive } from '../../support/real-archive.js';
import { runCommand } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

const real = realArchive();

/** The whole archive was verified, and left this file. */
async function proved() {
  const { root, forgery } = await real.hold();
  const folder = await temporaryFolder();
  const file = join(folder, 'bookmark.json');
  const verify = (...options: readonly string[]) =>
    runCommand(['verify', root, '--bookmark', file, ...options]);
  expect((await verify()).code).toBe(0);
  return { root, forgery, folder, file, verify };
}

test('the file holds no more than names and hashes, only its owner reads it, and nothing else is left', async () => {
  const { file, folder } = await proved();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['bookmark.json']);
  expect(await readFile(file, 'utf8')).not.toContain('UPDATE');
});

test('the next run says what it took from it, in text and as JSON', async () => {
  const { file, verify } = await proved();
  const { parts } = JSON.parse(await readFile(file, 'utf8'));
  const { chain, seq, hash } = parts[0].chains[0];
  const text = await verify();
  expect(text.code).toBe(0);
  expect(text.output).toMatch(
    /^bookmark +not read: what the run of \S+Z proved, from the beginning to \S+Z$/m,
  );
  expect(text.output).toContain(`samples/test: up to seal ${chain}/${seq}, ${hash}`);
  const { taken } = JSON.parse((await verify('--json')).output);
  expect(taken.seals).toEqual([{ instance: 'samples', node: 'test', chain, seq, hash }]);
});

test('an archive that was changed since then is broken, and the bookmark stays', async () => {
  const { root, forgery, file, verify } = await proved();
  const before = await readFile(file, 'utf8');
  forgery.edit(1, 3, event => withStatement(event, 'UPDATE secret SET a = 666'));
  forgery.rebuild();
  await forgery.save(root);
  const { code, output } = await verify();
  expect(code).toBe(1);
  expect(output).toMatch(/^broken/m);
  expect(await readFile(file, 'utf8')).toBe(before);
});

test.each<[string, (text: string) => string]>([
  ['is not JSON', () => 'x'],
  ['is of a later version', text => text.replace('"v":1', '"v":2')],
  ['names a hash that is none', text => text.replace(/"hash":"[^"]+"/, '"hash":"x"')],
])('a file that %s is refused, and left as it is', async (_what, change) => {
  const { file, verify } = await proved();
  const changed = change(await readFile(file, 'utf8'));
  await writeFile(file, changed);
  const { code, output } = await verify();
  expect(code).toBe(2);
  expect(output).toContain('another file to begin anew');
  expect(await readFile(file, 'utf8')).toBe(changed);
});

test('other options than before are refused', async () => {
  const { folder, verify } = await proved();
  const key = join(folder, 'key.pem');
  const { publicKey } = generateKeyPairSync('ed25519');
  await writeFile(key, publicKey.export({ type: 'spki', format: 'pem' }));
  for (const [options, why] of [
    [['--public-key', key], 'made without --public-key'],
    [['--node', 'test'], 'made for other daemons'],
    [['--since', '2026-01-01'], 'leave out --since'],
    [['--until', '2020-01-01'], 'proved more than --until asks for'],
  ] as const) {
    const { code, output } = await verify(...options);
    expect(code).toBe(2);
    expect(output).toContain(why);
  }
});

test('a file that cannot be written is an error, not a verdict', async () => {
  const { root } = await real.hold();
  const { code, output } = await runCommand([
    'verify',
    root,
    '--bookmark',
    join(root, 'none', 'bookmark.json'),
  ]);
  expect(code).toBe(1);
  expect(output).toContain('cannot be written (ENOENT)');
});
