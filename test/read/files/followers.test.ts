/** Which contents are known, in which order they are read, and when one is dropped (I1, I9). */

import { describe, expect, test } from 'vitest';
import { timeReader } from '../../../src/audit/time.js';
import { Followers } from '../../../src/read/files/followers.js';
import type { Identity } from '../../../src/read/files/identify.js';
import type { Surveyed } from '../../../src/read/files/survey.js';

const HOUR = 60 * 60 * 1000;
/** Milliseconds after which what looks torn is torn. */
const SETTLE = 3000;

test('that were known before a restart are known, in their order', () => {
  const before = create();
  before.assign([content('/log/a', 2), content('/log/b', 1)], true, 0);
  const positions = before.inOrder.map(one => one.position).reverse();
  const options = { maxRecordSize: 1 << 20, times: timeReader(undefined), once: false };
  const after = new Followers(positions, options, 0);
  expect(after.inOrder.map(({ path }) => path)).toEqual(['/log/b', '/log/a']);
  expect(after.assign([content('/log/a', 2)], true, 1)).toEqual([]);
});

function create(once = false): Followers {
  return new Followers([], { maxRecordSize: 1 << 20, times: timeReader(undefined), once }, 0);
}

function file(path: string, identity: Identity, modified = 0): Surveyed {
  return { path, isFile: true, dev: 1, ino: 1, size: 1000, modified, identity };
}

function content(path: string, firstTime: number | null, modified = 0): Surveyed {
  return file(path, { kind: 'content', contentId: path, firstTime, format: 'csvlog' }, modified);
}

function partial(path: string, contentId: string, modified = 0): Surveyed {
  return file(path, { kind: 'partial', contentId, firstTime: null, format: 'csvlog' }, modified);
}

test('are read from the oldest to the newest by their first records, then by path', () => {
  const followers = create();
  const files = [content('/log/c', 2), content('/log/b', 2), content('/log/d', 1), content('/log/e', null)];
  expect(followers.assign(files, true, 0).map(({ path }) => path)).toEqual(files.map(({ path }) => path));
  expect(followers.inOrder.map(({ path }) => path)).toEqual(['/log/e', '/log/d', '/log/b', '/log/c']);
  expect(followers.assign(files, true, 1)).toEqual([]);
});

test('have a successor if their folder has a newer one', () => {
  const followers = create();
  followers.assign([content('/log/a', 1), content('/log/b', 2), content('/other/c', 3)], true, 0);
  expect(followers.inOrder.map(one => followers.hasSuccessor(one))).toEqual([true, false, false]);
});

test('are one, however many files have it, wherever they are found', () => {
  const followers = create();
  const copy: Surveyed = { ...content('/log/a', 1), path: '/log/b', size: 2000 };
  expect(followers.assign([content('/log/a', 1), copy], true, 0)).toHaveLength(1);
  const [one] = followers.inOrder;
  expect([one?.path, one?.unread]).toEqual(['/log/a', 2000]);
  followers.assign([copy], true, 1);
  expect(one?.path).toBe('/log/b');
});

test('an empty file, or one that is not a log, is not a content', () => {
  const followers = create();
  const files = [
    file('/log/a', { kind: 'empty' }),
    file('/log/b', { kind: 'unsupported', reason: 'format' }),
  ];
  expect(followers.assign(files, true, 0)).toEqual([]);
  expect(followers.inOrder).toEqual([]);
});

describe('that are gone', () => {
  const path = (n: number): string => `/log/${String(n).padStart(3, '0')}`;

  test('are dropped after an hour, the oldest of more than 64', () => {
    const followers = create();
    const files = Array.from({ length: 70 }, (_, n) => content(path(n), n));
    followers.assign([...files, content('/log/there', 100)], true, 0);
    followers.assign([content('/log/there', 100)], true, 1000);
    expect(followers.longGone(1000 + HOUR)).toEqual([]);
    const gone = followers.longGone(1001 + HOUR);
    expect(gone.map(({ contentId }) => contentId)).toEqual([0, 1, 2, 3, 4, 5].map(path));
    followers.forget(gone);
    expect([followers.has(path(5)), followers.has(path(6))]).toEqual([false, true]);
    expect(followers.inOrder).toHaveLength(65);
    expect(followers.longGone(9 * HOUR)).toEqual([]);
  });

  test('continue where they were when they come back', () => {
    const followers = create();
    followers.assign([content('/log/a', 1)], true, 0);
    const [position] = followers.inOrder.map(one => one.position);
    if (position === undefined) throw new Error('it is not known');
    followers.forget([position]);
    followers.remember({ ...position, offset: 500 }, 1);
    expect(followers.assign([content('/log/a', 1)], true, 1)).toEqual([]);
    expect(followers.inOrder[0]?.position.offset).toBe(500);
  });

  test('are not gone if a look did not see everything', () => {
    const followers = create();
    followers.assign([content('/log/a', 1)], true, 0);
    followers.assign([], false, 1000);
    expect(followers.inOrder.map(one => one.goneFor(2000))).toEqual([0]);
    followers.assign([], true, 3000);
    expect(followers.inOrder.map(one => one.goneFor(5000))).toEqual([2000]);
  });
});

describe('one incomplete line', () => {
  const settles = (followers: Followers, before: readonly Surveyed[], after = before): boolean => {
    followers.assign(before, true, 0);
    followers.assign(after, true, SETTLE - 1);
    const early = followers.inOrder.some(({ contentId }) => contentId.startsWith('half'));
    followers.assign(after, true, SETTLE);
    if (early) throw new Error('it was not waited for');
    return followers.inOrder.some(({ contentId }) => contentId.startsWith('half'));
  };
  const half = partial('/log/a', 'half', 1);

  test('is read as torn if there is a newer file beside it, and it does not change', () => {
    expect(settles(create(), [half, content('/log/b', 1, 2)])).toBe(true);
    expect(
      settles(
        create(),
        [half, content('/log/b', 1, 2)],
        [partial('/log/a', 'half more', 1), content('/log/b', 1, 2)],
      ),
    ).toBe(false);
  });

  test.each<[string, readonly Surveyed[]]>([
    ['alone', [half]],
    ['beside an older file', [half, content('/log/b', 1, 0)]],
    ['beside one of the same moment', [half, content('/log/b', 1, 1)]],
    ['beside a newer file of another folder', [half, content('/other/b', 1, 2)]],
    ['beside another that is not whole', [half, partial('/log/b', 'other', 2)]],
    [
      'beside a later copy of an older file',
      [half, content('/log/b', 1, 0), { ...content('/log/b', 1, 2), path: '/log/c' }],
    ],
  ])('is waited for %s', (_name, files) => {
    expect(settles(create(), files)).toBe(false);
  });

  test('is read as torn beside one of the same time, if nothing is written any more', () => {
    expect(settles(create(true), [half, content('/log/b', 1, 1)])).toBe(true);
  });

  test('is still waited for beside an older file, or another incomplete one', () => {
    expect(settles(create(true), [half, content('/log/b', 1, 0)])).toBe(false);
    expect(settles(create(true), [half, partial('/log/b', 'other', 2)])).toBe(false);
  });

  test('is waited for by a run that ends when all is read, as long as it may be torn', () => {
    const followers = create();
    followers.assign([half], true, 0);
    expect(followers.hasPartial).toBe(false);
    followers.assign([half, content('/log/b', 1, 2)], true, 0);
    expect(followers.hasPartial).toBe(true);
    followers.assign([half, content('/log/b', 1, 2)], true, SETTLE);
    expect(followers.hasPartial).toBe(false);
  });
});
