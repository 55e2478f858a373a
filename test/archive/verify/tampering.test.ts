/** What somebody can do to an archive, and what `verify` says of it (I10). */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openArchive } from '../../../src/archive/store/location.js';
import { verifyArchive } from '../../../src/archive/verify/verify.js';
import { eventOf, type Forgery, jsonOf, sealOf, withStatement } from '../../support/forgery.js';
import { type Finding, realArchive } from '../../support/real-archive.js';

const real = realArchive();
const { expectFound, verifyForged } = real;

/** Another text in the third object's first statement: line 2, event 18. */
const editStatement = (forgery: Forgery): void =>
  forgery.edit(2, 2, event => withStatement(event, 'UPDATE t SET a = 666'));

test('nobody was here: the archive is intact', async () => {
  const { result } = await verifyForged(() => undefined);
  expect(result).toMatchObject({ isIntact: true, failure: null, warnings: [] });
  expect(result.parts).toMatchObject([
    {
      objects: 4,
      events: { lifecycle: 8, seal: 4, statement: 20 },
      source: { files: 1, records: { read: 20, shipped: 20 } },
      chains: [{ firstSeq: 1, lastSeq: 32, reason: 'archive-empty' }],
    },
  ]);
});

describe('bytes', () => {
  test('each bit that flips in the compressed content is found, in its object', async () => {
    const { root, forgery } = await real.hold();
    const [path = '', body = Buffer.alloc(0)] = [...forgery.stored][1] ?? [];
    // Of the header's ten bytes the last six mean nothing: time, level and operating system. Nor do the bits that fill up
    // the compressed data's last byte, before a trailer of eight.
    for (let bit = 10 * 8; bit < body.length * 8; bit += 37) {
      if (bit >> 3 === body.length - 9) continue;
      const flipped = Buffer.from(body);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(join(root, path), flipped);
      const { failure } = await verifyArchive(openArchive(root));
      expect(failure, `bit ${bit}`).toMatchObject({ object: path });
    }
  });

  test('each changed byte of the content is found, wherever it is', async () => {
    const { root, forgery } = await real.hold();
    const object = forgery.object(3);
    const content = Buffer.from(jsonOf(object));
    for (let at = 0; at < content.length; at += 41) {
      const changed = Buffer.from(content);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(join(root, object.path), gzipSync(changed));
      const { failure } = await verifyArchive(openArchive(root));
      expect(failure, `byte ${at}`).toMatchObject({ object: object.path });
    }
  });

  test.each<[string, (body: Buffer) => Buffer, Omit<Finding, 'object'>]>([
    ['the end is cut off', body => body.subarray(0, -20), { code: 'gzip', what: /end too early/ }],
    ['only the last byte is cut off', body => body.subarray(0, -1), { code: 'gzip', what: /checksum|early/ }],
    ['nothing is left', () => Buffer.alloc(0), { code: 'gzip', what: /end too early/ }],
    ['it is not gzip', () => Buffer.from('{"v":1,"seq":1}\n'), { code: 'gzip', what: /not gzip/ }],
    ["gzip's checksum is another", flipAt(-6), { code: 'gzip', what: /compressed bytes are damaged/ }],
    ['garbage is behind it', body => Buffer.concat([body, Buffer.alloc(999)]), trailing()],
    ['an empty member is behind it', body => Buffer.concat([body, gzipSync('')]), trailing()],
    ['an empty member is before it', body => Buffer.concat([gzipSync(''), body]), trailing()],
    ['more lines are in a second member', body => Buffer.concat([body, gzipSync('{"v":1}\n')]), trailing()],
  ])('%s', async (_name, damage, finding) => {
    const forge = (forgery: Forgery): void => {
      const [, [, body = Buffer.alloc(0)] = []] = forgery.stored;
      forgery.object(1).body = damage(body);
    };
    await expectFound(forge, { ...finding, object: 1 });
  });

  test('compressed again, with a name in its header and at another level, it is the same content', async () => {
    const { result } = await verifyForged(forgery => {
      for (const object of forgery.objects) {
        const plain = gzipSync(jsonOf(object), { level: 9 });
        const header = Buffer.from([0x1f, 0x8b, 8, 8, 1, 2, 3, 4, 2, 3]);
        object.body = Buffer.concat([header, Buffer.from('events.ndjson\0'), plain.subarray(10)]);
      }
    });
    expect(result.isIntact).toBe(true);
  });
});

function flipAt(at: number): (body: Buffer) => Buffer {
  return body => {
    const flipped = Buffer.from(body);
    const index = flipped.length + at;
    flipped[index] = (flipped[index] ?? 0) ^ 1;
    return flipped;
  };
}

function trailing(): Omit<Finding, 'object'> {
  return { code: 'trailing', what: /more bytes follow/ };
}

describe('lines, with nothing or little recomputed', () => {
  test.each<[string, (forgery: Forgery) => void, Finding]>([
    [
      'a line is edited',
      editStatement,
      { code: 'link', what: /does not have the hash that the next line names/, object: 2, line: 2, seq: 18 },
    ],
    [
      'the last line before the seal is edited',
      forgery => forgery.edit(2, 7, event => ({ ...event, time: '2026-11-21T20:40:00.000Z' })),
      { code: 'link', what: /does not have the hash that the next line names/, object: 2, line: 7, seq: 23 },
    ],
    [
      'a line is removed',
      forgery => void forgery.object(1).lines.splice(3, 1),
      { code: 'order', what: /event 13 is in the place of event 12/, object: 1, line: 4 },
    ],
    [
      'the first line is removed',
      forgery => void forgery.object(1).lines.splice(0, 1),
      { code: 'name', what: /begins with event 10, but its name says 9/, object: 1, line: 1 },
    ],
    [
      'two lines are swapped',
      forgery => {
        const { lines } = forgery.object(1);
        lines.splice(2, 2, lines[3] ?? '', lines[2] ?? '');
      },
      { code: 'order', what: /event 12 is in the place of event 11/, object: 1, line: 3 },
    ],
    [
      'a line is inserted',
      forgery => void forgery.object(1).lines.splice(3, 0, forgery.object(2).lines[3] ?? ''),
      { code: 'order', what: /event 20 is in the place of event 12/, object: 1, line: 4 },
    ],
    [
      'a line is inserted with the number that',
      forgery => {
        const { lines } = forgery.object(1);
        lines.splice(3, 0, JSON.stringify({ ...eventOf(lines[2] ?? ''), seq: 12 }));
      },
      { code: 'link', what: /does not have the hash/, object: 1, line: 3 },
    ],
    [
      'a line is duplicated',
      forgery => void forgery.object(1).lines.splice(3, 0, forgery.object(1).lines[2] ?? ''),
      { code: 'order', what: /event 11 is in the place of event 12/, object: 1, line: 4 },
    ],
    [
      'an empty line is inserted',
      forgery => void forgery.object(1).lines.splice(3, 0, ''),
      { code: 'format', what: /not an event/, object: 1, line: 4 },
    ],
    [
      'a field is removed',
      forgery => forgery.edit(1, 4, ({ node: _, ...event }) => event),
      { code: 'format', what: /field node/, object: 1, line: 4 },
    ],
    [
      'a line is written with blanks, and says the same',
      forgery => {
        const { lines } = forgery.object(1);
        lines[3] = (lines[3] ?? '').replace('{"v":1,', '{"v": 1,');
      },
      { code: 'link', what: /does not have the hash/, object: 1, line: 4 },
    ],
    [
      'the seal is edited',
      forgery => forgery.edit(1, 8, event => sealOf(event, { reason: 'quiet' })),
      { code: 'name', what: /SHA-256/, object: 1 },
    ],
    [
      'the seal is removed',
      forgery => void forgery.object(1).lines.pop(),
      { code: 'seal', what: /does not end with its seal/, object: 1 },
    ],
    [
      'a second seal follows',
      forgery => void forgery.object(1).lines.push(forgery.object(1).lines.at(-1) ?? ''),
      { code: 'seal', what: /follows the seal/, object: 1, line: 9 },
    ],
    [
      'a seal is in the middle',
      forgery => void forgery.object(1).lines.splice(3, 0, forgery.object(1).lines.at(-1) ?? ''),
      { code: 'order', what: /event 16 is in the place of event 12/, object: 1, line: 4 },
    ],
    [
      'the last newline is cut off, and the name recomputed',
      forgery => {
        const object = forgery.object(3);
        object.body = gzipSync(object.lines.join('\n'));
      },
      { code: 'format', what: /has no newline/, object: 3 },
    ],
  ])('%s', (_name, forge, finding) => expectFound(forge, finding));
});

describe('hashes are recomputed in the object', () => {
  test.each<[string, (forgery: Forgery) => void, Finding]>([
    [
      'its name is kept',
      forgery => {
        editStatement(forgery);
        forgery.relink({ from: 2, to: 3 });
      },
      { code: 'name', what: /SHA-256 is not the one in the object's name/, object: 2 },
    ],
    [
      'its name is recomputed: the next object does not follow it',
      forgery => {
        editStatement(forgery);
        forgery.relink({ from: 2, to: 3 });
        forgery.rename(2);
      },
      { code: 'link', what: /does not follow the one before/, object: 3, line: 1 },
    ],
    [
      'a second seal is put in the middle',
      forgery => {
        const { lines } = forgery.object(3);
        lines.splice(4, 0, lines.at(-1) ?? '');
        forgery.rebuild(3);
      },
      { code: 'counts', what: /counts of events do not match/, object: 3, line: 5 },
    ],
  ])('%s', (_name, forge, finding) => expectFound(forge, finding));
});

describe('everything is recomputed, and does not add up', () => {
  const rebuilt = (change: (forgery: Forgery) => void) => (forgery: Forgery) => {
    change(forgery);
    forgery.rebuild();
  };
  test.each<[string, (forgery: Forgery) => void, Finding]>([
    [
      'an event is removed',
      forgery => void forgery.object(1).lines.splice(3, 1),
      { code: 'counts', what: /counts of events do not match/, object: 1, line: 7 },
    ],
    [
      'an event is made another kind',
      forgery => forgery.edit(1, 4, event => ({ ...event, kind: 'failure', failure: {} })),
      { code: 'counts', what: /counts of events do not match/, object: 1, line: 8 },
    ],
    [
      'an event is removed, and the counts of events with it',
      forgery => {
        forgery.object(1).lines.splice(3, 1);
        forgery.edit(1, 7, event => sealOf(event, { events: { lifecycle: 2, statement: 4 } }));
      },
      { code: 'counts', what: /counts of shipped or rejected records/, object: 1, line: 7 },
    ],
    [
      'an event is duplicated over another',
      forgery => forgery.object(1).lines.splice(3, 1, forgery.object(1).lines[2] ?? ''),
      { code: 'source', what: /comes after one whose record is later/, object: 1, line: 4 },
    ],
    [
      'two events are swapped',
      forgery => {
        const { lines } = forgery.object(1);
        lines.splice(2, 2, lines[3] ?? '', lines[2] ?? '');
      },
      { code: 'source', what: /comes after one whose record is later/, object: 1, line: 4 },
    ],
    [
      'an event is taken from another object',
      forgery => forgery.object(1).lines.splice(3, 1, forgery.object(3).lines[3] ?? ''),
      { code: 'source', what: /comes after one whose record is later/, object: 1, line: 5 },
    ],
    [
      'the last event is taken from another object',
      forgery => forgery.object(1).lines.splice(5, 1, forgery.object(3).lines[3] ?? ''),
      { code: 'coverage', what: /that the seal does not cover/, object: 1, line: 8 },
    ],
    [
      'an id is edited',
      forgery => forgery.edit(1, 4, event => ({ ...event, id: 'samples/6b0201a1.552d/999' })),
      { code: 'id', what: /does not match its session/, object: 1, line: 4 },
    ],
    [
      'the session is edited',
      forgery =>
        forgery.edit(1, 4, event => ({ ...event, session: { ...Object(event.session), line: 999 } })),
      { code: 'id', what: /does not match its session/, object: 1, line: 4 },
    ],
    [
      'an event is of another instance',
      forgery => forgery.edit(1, 4, event => ({ ...event, instance: 'other' })),
      { code: 'id', what: /does not match its session/, object: 1, line: 4 },
    ],
    [
      'an event is of another instance, and so is its id',
      forgery =>
        forgery.edit(1, 4, event => ({
          ...event,
          instance: 'other',
          id: String(event.id).replace(/^[^/]+/, 'other'),
        })),
      { code: 'coverage', what: /that the seal does not cover/, object: 1, line: 8 },
    ],
    [
      'a time is invalid',
      forgery => forgery.edit(1, 4, event => ({ ...event, time: '2026-02-30T00:00:00.000Z' })),
      { code: 'time', what: /not in UTC/, object: 1, line: 4 },
    ],
    [
      'the records of the seal are edited',
      forgery => forgery.edit(1, 8, event => sealOf(event, { records: { ...recordsOf(event), read: 6 } })),
      { code: 'counts', what: /does not account for every record/, object: 1, line: 8 },
    ],
    [
      'records are dropped that were never read',
      forgery =>
        forgery.edit(1, 8, event =>
          sealOf(event, { records: { ...recordsOf(event), read: 6, dropped: { user: 1 } } }),
        ),
      { code: 'counts', what: /not the sum of those of its files/, object: 1, line: 8 },
    ],
    [
      'the coverage begins later',
      forgery => forgery.edit(1, 8, event => sealOf(event, { coverage: coverageOf(event, { by: 1 }) })),
      {
        code: 'coverage',
        what: /no seal covers some bytes|that the seal does not cover/,
        object: 1,
        line: 8,
      },
    ],
    [
      'the coverage is left out',
      forgery =>
        forgery.edit(1, 8, event => sealOf(event, { coverage: [], records: { ...NONE, shipped: 0 } })),
      { code: 'counts', what: /counts of shipped or rejected records/, object: 1, line: 8 },
    ],
    [
      'reading continues elsewhere than it ended',
      forgery =>
        forgery.edit(1, 8, event => sealOf(event, { files: [{ ...Object(filesOf(event)[0]), offset: 9 }] })),
      { code: 'coverage', what: /not where the covered bytes end/, object: 1, line: 8 },
    ],
    [
      'an object is left out',
      forgery => void forgery.objects.splice(2, 1),
      { code: 'coverage', what: /no seal covers some bytes/, object: 2, line: 8 },
    ],
    [
      'an object is there twice',
      forgery => {
        const { path, lines } = forgery.object(1);
        forgery.objects.splice(2, 0, { path, lines: [...lines] });
      },
      { code: 'coverage', what: /two seals cover the same bytes/, object: 2, line: 8 },
    ],
    [
      'the chain begins with its second object',
      forgery => void forgery.objects.splice(0, 1),
      { code: 'announcement', what: /does not begin with an event that announces/, object: 0, line: 1 },
    ],
  ])('%s', (_name, change, finding) => expectFound(rebuilt(change), finding));
});

const NONE = { read: 0, shipped: 0, dropped: {}, rejected: {} };

function sealIn(event: Record<string, unknown>): Record<string, unknown> {
  return Object(event.seal);
}

function recordsOf(event: Record<string, unknown>): Record<string, unknown> {
  return Object(sealIn(event).records);
}

function filesOf(event: Record<string, unknown>): unknown[] {
  return Object(sealIn(event).files);
}

function coverageOf(event: Record<string, unknown>, { by }: { by: number }): unknown[] {
  const all: { from: number }[] = Object(sealIn(event).coverage);
  return all.map(one => ({ ...one, from: one.from + by }));
}
