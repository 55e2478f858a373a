/** The rooms of the house: which may import which (docs/ARCHITECTURE.md has the drawing). */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** In the order of the data's way. Each may import the types of those above it; `daemon/` joins their code. */
const STAGES = [
  'config',
  'read',
  'audit',
  'session',
  'decide',
  'identity',
  'redact',
  'relations',
  'detect',
  'database',
  'journal',
  'deliver',
  'archive',
  'report',
];
/** These join the stages. */
const JOINERS = ['daemon', 'commands'];
/** Every room may use these, and they use none but each other: `event` may use `lib`. */
const SHARED = ['lib', 'event'];

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));

interface Import {
  readonly file: string;
  readonly room: string;
  readonly isType: boolean;
}

function roomOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : path;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [
    ...text.matchAll(/^(?:import|export)( type)? (?:[^;']*?from )?'(\.[^']+)'|import\(\s*'(\.[^']+)'\s*\)/gm),
  ].map(([, type, target = '', dynamic = '']) => ({
    file: join(dirname(file), target || dynamic).replace(/\.js$/, '.ts'),
    room: roomOf(join(dirname(file), target || dynamic)),
    isType: type !== undefined,
  }));
}

/** What a file of this room must not import. */
function isForbidden(own: string, { room, isType }: Import): boolean {
  if (room === own || JOINERS.includes(own)) return false;
  if (SHARED.includes(own)) return own === 'lib' || room !== 'lib';
  if (SHARED.includes(room)) return false;
  return !isType || !STAGES.includes(room) || STAGES.indexOf(room) > STAGES.indexOf(own);
}

test('src holds two files and rooms that are named here', () => {
  const entries = readdirSync(SRC);
  expect(entries.filter(name => name.endsWith('.ts')).sort()).toEqual(['cli.ts', 'main.ts']);
  const rooms = entries.filter(name => !name.endsWith('.ts'));
  expect(rooms.sort()).toEqual([...STAGES, ...JOINERS, ...SHARED].sort());
});

test.each(files.filter(file => file.includes('/')))('%s imports what its room may', file => {
  expect(importsOf(file).filter(one => isForbidden(roomOf(file), one))).toEqual([]);
});

test('no file imports itself, by way of others', () => {
  const targets = new Map(files.map(file => [file, importsOf(file).map(({ file: target }) => target)]));
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (done.has(file) || path.includes(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test.each(files)('%s is short enough to read', file => {
  expect(readFileSync(join(SRC, file), 'utf8').split('\n').length).toBeLessThanOrEqual(400);
});

test('no file of the scanner or of the tests is longer than 400 lines', () => {
  const tooLong = ['.', '../scan'].flatMap(folder => {
    const root = fileURLToPath(new URL(folder, import.meta.url));
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .filter(name => readFileSync(join(root, name), 'utf8').split('\n').length > 400);
  });
  expect(tooLong).toEqual([]);
});
