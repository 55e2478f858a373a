/** What somebody can do to whole objects, to chains and to times, and what `verify` says of it (I10). */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openArchive } from '../../../src/archive/store/location.js';
import { verifyArchive } from '../../../src/archive/verify/verify.js';
import type { Fields, Forgery, HeldObject } from '../../support/forgery.js';
import { type Finding, realArchive } from '../../support/real-archive.js';

const real = realArchive();
const { expectFound, verifyForged } = real;

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

function moved(object: HeldObject, part: RegExp, to: string): HeldObject {
  return { ...object, path: object.path.replace(part, to) };
}

/** The day of the first object, and one this many days later. */
function dayOf(forgery: Forgery, later = 0): string {
  const [, day = ''] = /date=([^/]+)/.exec(forgery.object(0).path) ?? [];
  return new Date(Date.parse(day) + later * DAY).toISOString().slice(0, 10);
}

function toDay(forgery: Forgery, index: number, later: number): HeldObject {
  return moved(forgery.object(index), /date=[^/]+/, `date=${dayOf(forgery, later)}`);
}

describe('objects', () => {
  test.each<[string, (forgery: Forgery) => void, Finding]>([
    [
      'the first is removed',
      forgery => void forgery.objects.shift(),
      { code: 'beginning', what: /begins with event 9/, object: 0 },
    ],
    [
      'one in the middle is removed',
      forgery => void forgery.objects.splice(1, 1),
      { code: 'missing', what: /events 9 to 16 are missing/, object: 1, seq: 9 },
    ],
    [
      'two in the middle are removed',
      forgery => void forgery.objects.splice(1, 2),
      { code: 'missing', what: /events 9 to 24 are missing/, object: 1, seq: 9 },
    ],
    [
      'the numbers in a name are changed',
      forgery => forgery.objects.splice(1, 1, moved(forgery.object(1), /0016-/, '0017-')),
      { code: 'name', what: /ends with event 16, but its name says 17/, object: 1 },
    ],
    [
      'the hash in a name is changed',
      forgery =>
        forgery.objects.splice(1, 1, moved(forgery.object(1), /-[0-9a-f]{16}\./, `-${'0'.repeat(16)}.`)),
      { code: 'name', what: /SHA-256 is not the one/, object: 1 },
    ],
    [
      'the chain in a name is changed: it is missing from its own',
      forgery => forgery.objects.splice(1, 1, moved(forgery.object(1), /-[0-9a-f]{4}-0/, '-0000-0')),
      { code: 'beginning', what: /begins with event 9/, object: 1 },
    ],
    [
      'one is moved to a later day',
      forgery => forgery.objects.splice(1, 1, toDay(forgery, 1, 1)),
      { code: 'missing', what: /events 9 to 16 are missing/, object: 2 },
    ],
    [
      'the last is moved to two days later',
      forgery => forgery.objects.splice(3, 1, toDay(forgery, 3, 2)),
      { code: 'misplaced', what: /is stored under .*, but its events are of/, object: 3, line: 8 },
    ],
    [
      'the first is moved to an earlier day',
      forgery => forgery.objects.splice(0, 1, toDay(forgery, 0, -1)),
      { code: 'misplaced', what: /a day before its chain began/, object: 0 },
    ],
    [
      'one is copied to a later day',
      forgery => void forgery.objects.push(toDay(forgery, 1, 1)),
      { code: 'duplicate', what: /events 9 to 16 are in an earlier object already/, object: 4 },
    ],
    [
      'one is copied to an earlier day',
      forgery => void forgery.objects.unshift(toDay(forgery, 0, -1)),
      { code: 'misplaced', what: /a day before its chain began/, object: 0 },
    ],
    [
      'another is forged beside the genuine one',
      forgery => {
        const { path, lines } = forgery.object(2);
        forgery.objects.splice(2, 0, { path, lines: [...lines] });
        forgery.edit(2, 2, event => ({ ...event, database: 'other' }));
        forgery.relink({ from: 2, to: 3 });
        forgery.rename(2);
        forgery.objects.sort((a, b) => (a.path < b.path ? -1 : 1));
      },
      // Which of the two comes first is chance: the other is there already.
      { code: 'duplicate', what: /events 17 to 24 are in an earlier object already/, object: 3 },
    ],
    [
      'two are swapped: each has the name of the other',
      forgery => {
        const [a, b] = [forgery.object(1), forgery.object(2)];
        forgery.objects.splice(1, 2, { ...b, path: a.path }, { ...a, path: b.path });
      },
      { code: 'name', what: /begins with event 17, but its name says 9/, object: 1, line: 1 },
    ],
    [
      'all are moved to another instance',
      forgery => {
        forgery.objects = forgery.objects.map(object => moved(object, /instance=[^/]+/, 'instance=other'));
      },
      { code: 'misplaced', what: /an instance or node other than its folder/, object: 0, line: 1 },
    ],
    [
      'all are copied to another node',
      forgery => {
        forgery.objects.unshift(...forgery.objects.map(object => moved(object, /node=[^/]+/, 'node=0')));
      },
      { code: 'misplaced', what: /an instance or node other than its folder/, object: 0, line: 1 },
    ],
  ])('%s', (_name, forge, finding) => expectFound(forge, finding));

  test('the last is removed: nothing in the archive shows it, and that is said', async () => {
    const { result } = await verifyForged(forgery => void forgery.objects.pop());
    expect(result.isIntact).toBe(true);
    expect(result.limits).toContainEqual(expect.stringMatching(/objects were removed from the end/));
  });

  test('everything is removed', async () => {
    const { result } = await verifyForged(forgery => {
      forgery.objects = [];
    });
    expect(result.failure).toMatchObject({ code: 'empty', what: 'there is no archive here' });
  });

  test.each([
    ['in a day', 'instance=samples/node=test/date=2026-11-21/events.ndjson.gz'],
    ['in a day of its own', 'instance=samples/node=test/date=tomorrow/x.ndjson.gz'],
    ['in a node', 'instance=samples/node=test/notes.txt'],
    ['in an instance', 'instance=samples/readme.md'],
  ])('something else is put %s: a warning', async (_name, path) => {
    const { root } = await real.hold();
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), 'x');
    const result = await verifyArchive(openArchive(root));
    expect(result.isIntact).toBe(true);
    expect(result.warnings).toMatchObject([{ code: 'foreign' }]);
    expect(path).toContain(result.warnings[0]?.object);
  });
});

describe('chains', () => {
  /** The objects from `index` on, as a chain of its own that begins then. */
  function newChain(forgery: Forgery, index: number, change: (event: Fields) => Fields): void {
    const [, old = ''] = /(\d{8}T\d{6}Z-[0-9a-f]{4})/.exec(forgery.object(0).path) ?? [];
    const name = old.replace(/Z-[0-9a-f]{4}/, 'Z-ffff');
    const objects = forgery.objects.slice(index).map(({ path, lines }) => ({
      path: path.replace(old, name),
      lines: lines.map(line => line.replaceAll(old, name)),
    }));
    const rest = Object.assign(Object.create(forgery), { objects });
    rest.edit(0, 1, change);
    rest.rebuild();
    forgery.objects.splice(index, objects.length, ...objects);
  }

  test('one is started again silently', () =>
    expectFound(forgery => newChain(forgery, 2, event => event), {
      code: 'announcement',
      what: /does not begin with an event that announces it as new/,
      object: 2,
      line: 1,
    }));

  test('one is started again with an announcement, and does not read the log from its start', () =>
    expectFound(
      forgery =>
        newChain(forgery, 2, event => ({
          ...event,
          lifecycle: { ...Object(event.lifecycle), newChain: true, reason: 'archive-unreadable' },
        })),
      { code: 'coverage', what: /no seal covers some bytes/, object: 2, line: 8 },
    ));
});

describe('times', () => {
  const shifted = (event: Fields, by: number): Fields => {
    const shift = (text: unknown): string => new Date(Date.parse(String(text)) + by).toISOString();
    return { ...event, receivedAt: shift(event.receivedAt) };
  };

  test.each([
    ['an hour later', HOUR, /received after the seal/],
    ['an hour earlier', -HOUR, /received before the seal that precedes them/],
  ])('an event is received %s, and everything recomputed: a warning', async (_name, by, what) => {
    const { result } = await verifyForged(forgery => {
      forgery.edit(1, 3, event => shifted(event, by));
      forgery.rebuild();
    });
    expect(result.isIntact).toBe(true);
    expect(result.warnings).toMatchObject([{ code: 'clock', what: expect.stringMatching(what) }]);
  });

  test('an event is read a week before it was written: a warning', async () => {
    const { result } = await verifyForged(forgery => {
      forgery.edit(1, 3, event => ({
        ...event,
        time: new Date(Date.parse(String(event.receivedAt)) + 7 * DAY).toISOString(),
      }));
      forgery.rebuild();
    });
    expect(result.warnings).toMatchObject([
      { code: 'clock', what: expect.stringMatching(/before they were written/) },
    ]);
  });

  test('an object is three days older than its day, as where a clock was set back: a warning', async () => {
    const { result } = await verifyForged(forgery => {
      const earlier = (text: string): string => new Date(Date.parse(text) - 3 * DAY).toISOString();
      const object = forgery.object(3);
      object.lines = object.lines.map(line =>
        line.replaceAll(/"(time|receivedAt)":"([^"]+)"/g, (_, name, time) => `"${name}":"${earlier(time)}"`),
      );
      forgery.rebuild(3);
    });
    expect(result.isIntact).toBe(true);
    expect(result.warnings.map(({ what }) => what)).toEqual([
      expect.stringMatching(/received before the seal that precedes them/),
      expect.stringMatching(/under a day other than that of its first event/),
    ]);
  });
});
