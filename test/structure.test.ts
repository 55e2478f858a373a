/** The rooms of the house: a stage imports shared helpers, never a sibling stage. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const STAGES = [
  'tail',
  'parse',
  'filter',
  'identity',
  'database',
  'redact',
  'objects',
  'journal',
  'deliver',
  'archive',
  'http',
  'config',
];

/** Rooms that every stage may use. */
const SHARED = ['', 'google', 'sql'];

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));

/** The rooms that a file imports from; the room of a file in src itself is ''. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const targets = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, target = '']) =>
    join(dirname(file), target),
  );
  return targets.map(target => (target.includes('/') ? (target.split('/')[0] ?? '') : ''));
}

test.each(files.filter(file => STAGES.includes(file.split('/')[0] ?? '')))(
  '%s imports no sibling stage',
  file => {
    const [own] = file.split('/');
    expect(importsOf(file).filter(room => !SHARED.includes(room) && room !== own)).toEqual([]);
  },
);

test.each(files)('%s is short enough to read', file => {
  expect(readFileSync(join(SRC, file), 'utf8').split('\n').length).toBeLessThanOrEqual(400);
});

test('no file of the tests is longer than 400 lines', () => {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const long = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .filter(name => readFileSync(join(root, name), 'utf8').split('\n').length > 400);
  expect(long.map(name => relative('.', name))).toEqual([]);
});
