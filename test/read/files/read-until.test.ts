import { describe, expect, test } from 'vitest';
import type { Identity } from '../../../src/read/files/identify.js';
import { ReadUntil } from '../../../src/read/files/read-until.js';
import type { Surveyed } from '../../../src/read/files/survey.js';

function file(path: string, identity: Identity, { size = 100, modified = 1 } = {}): Surveyed {
  return { path, identity, size, modified, isFile: true, dev: 1, ino: 1 };
}

const content = (contentId: string): Identity => ({
  kind: 'content',
  contentId,
  firstTime: 0,
  format: 'csvlog',
});
const OTHER: Identity = { kind: 'unsupported', reason: 'format' };
const UNKNOWN = (): undefined => undefined;
const LOG = file('/log/a.csv', content('a'));

/** Everything is read after a look at these files. */
function timeAfter(files: readonly Surveyed[]): number | null {
  const until = new ReadUntil();
  until.looked(files, 1000);
  until.read(() => 1_000_000, UNKNOWN);
  return until.time;
}

test('a look counts once everything that it saw is read', () => {
  const until = new ReadUntil();
  const offsets = new Map([
    ['a', 100],
    ['b', 40],
  ]);
  const read = (): void => until.read(contentId => offsets.get(contentId) ?? null, UNKNOWN);
  until.looked([LOG, file('/log/b.csv', content('b'))], 1000);
  read();
  expect(until.time).toBeNull();
  offsets.set('b', 99);
  read();
  expect(until.time).toBeNull();
  offsets.set('b', 100);
  read();
  expect(until.time).toBe(1000);
});

test('however much is written meanwhile: a goal stays until it is reached, or for half a minute', () => {
  const until = new ReadUntil();
  until.looked([LOG], 1000);
  until.looked([file('/log/a.csv', content('a'), { size: 1e9 })], 3000);
  until.read(() => 100, UNKNOWN);
  expect(until.time).toBe(1000);
  until.looked([file('/log/a.csv', content('a'), { size: 1e9 })], 4000);
  until.looked([file('/log/a.csv', content('a'), { size: 50 })], 34_000);
  until.read(() => 100, UNKNOWN);
  expect(until.time).toBe(34_000);
});

test('copies of one content count as the longest of them', () => {
  const until = new ReadUntil();
  until.looked([LOG, file('/log/a.csv.1', content('a'), { size: 200 })], 1000);
  until.read(() => 150, UNKNOWN);
  expect(until.time).toBeNull();
});

describe('the log is not read', () => {
  test.each<[string, Surveyed[]]>([
    ['if there is none', []],
    ['if there are only other files', [file('/log/a.log', OTHER)]],
    ['if a newer file is in another format', [LOG, file('/log/b.json', OTHER, { modified: 2 })]],
    ['if a file waits for its time zone', [LOG, file('/log/0.csv', { kind: 'unsupported', reason: 'zone' })]],
    [
      'if the first line of a file is incomplete',
      [LOG, file('/log/b.csv', { kind: 'partial', contentId: 'b', firstTime: null, format: 'csvlog' })],
    ],
  ])('%s', (_, files) => expect(timeAfter(files)).toBeNull());
});

test('if reading shows that the newest file is in another format, nothing more is known', () => {
  const until = new ReadUntil();
  until.looked([LOG, file('/log/b.csv', content('b'), { modified: 2 })], 1000);
  until.read(
    () => 100,
    path => (path === '/log/b.csv' ? 'columns' : undefined),
  );
  expect(until.time).toBeNull();
});

describe('it is', () => {
  test.each<[string, Surveyed[]]>([
    ['if an older file is in another format', [LOG, file('/log/0.json', OTHER, { modified: 0 })]],
    ["beside the collector's own log", [LOG, file('/log/a.log', OTHER, { modified: 2 })]],
    [
      'beside files that are compressed',
      [LOG, file('/log/0.csv.gz', { kind: 'unsupported', reason: 'compressed' }, { modified: 2 })],
    ],
    ['beside an empty file', [LOG, file('/log/b.csv', { kind: 'empty' }, { modified: 2 })]],
  ])('%s', (_, files) => expect(timeAfter(files)).toBe(1000));
});

test('a record of another format that is written at the same time must have been read, too (I12)', () => {
  const until = new ReadUntil();
  const beside = { time: 900, session: '6b0201a1.552d' };
  const read = (knows: boolean): void =>
    until.read(
      () => 1_000_000,
      UNKNOWN,
      one => knows && one === beside,
    );
  until.looked([LOG], 1000, beside);
  read(false);
  expect(until.time).toBeNull();
  until.looked([LOG], 2000, beside);
  read(true);
  expect(until.time).toBe(2000);
});
