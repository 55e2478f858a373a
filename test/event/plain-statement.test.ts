/** What is read off a statement's bytes is what parsing the line gives, or nothing: also for lines that somebody forged. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAny as parseFound, readEvent as readFound } from '../../src/archive/search/found-event.js';
import {
  readAny as parseVerified,
  type ReadEvent,
  readEvent as readVerified,
} from '../../src/archive/verify/read-event.js';
import { jsonOf } from '../../src/event/line.js';
import { statementReader } from '../../src/event/plain-statement.js';
import { link, newChain } from '../../src/journal/chain.js';
import { Lines } from '../../src/lib/line-buffer.js';
import { randomEvents } from '../support/random-events.js';

const statements = randomEvents.filter(({ kind }) => kind === 'statement');
const lines = fc.oneof({ weight: 9, arbitrary: statements }, randomEvents).map(event => {
  const written = new Lines();
  link(newChain(0), jsonOf(event), written);
  return Buffer.concat(written.chunks).subarray(0, -1);
});

/** Bytes that mean something to JSON, to the layout or to UTF-8. */
const piece = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    ',',
    '}',
    '{',
    '[',
    ']',
    ':',
    '0',
    '-',
    '.',
    'e1',
    'null',
    '\n',
    '\0',
    '\t',
    ' ',
    '\u2028',
  ),
  fc.constantFrom(
    '"line":7,',
    ',"id":"x"',
    '"seq":2,',
    '"class":"DDL",',
    ',"objects":["x"]',
    '\\u00',
    '\\/',
    '\\x',
  ),
  fc.constantFrom(
    '2026-02-30T00:00:00.000Z',
    '2026-02-28T24:00:00.000Z',
    '2026-02-28T23:59:60.000Z',
    '1e400',
  ),
  fc.uint8Array({ minLength: 1, maxLength: 3 }).map(bytes => Buffer.from(bytes).toString('latin1')),
);
const edits = fc.array(
  fc.record({ at: fc.nat(), isAfterSign: fc.boolean(), cut: fc.constantFrom(0, 0, 0, 1, 2), piece }),
  { maxLength: 2 },
);

/** Lines, most of them with bytes replaced. */
const forged = fc.tuple(lines, edits).map(([line, changes]) =>
  changes.reduce((before, { at, isAfterSign, cut, piece: inserted }) => {
    const signs = [...before.toString('latin1').matchAll(/[":]/g)].map(({ index }) => index + 1);
    const place = (isAfterSign ? signs[at % signs.length] : null) ?? at % before.length;
    const rest = before.subarray(place + cut);
    return Buffer.concat([before.subarray(0, place), Buffer.from(inserted, 'latin1'), rest]);
  }, line),
);

/** Every field by its name: those of a class are not all its own. */
function fieldsOf(event: ReadEvent): unknown {
  const { v, chain, seq, previousHash, kind, id, time, receivedAt, instance, node, session, source } = event;
  const { gap, population, config, lifecycle, signature, at, receivedAtMs, lacks, whole } = event;
  const envelope = {
    v,
    chain,
    seq,
    previousHash,
    kind,
    id,
    time,
    receivedAt,
    instance,
    node,
    session,
    source,
  };
  return { ...envelope, gap, population, config, lifecycle, signature, at, receivedAtMs, lacks, whole };
}

function outcomeOf<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}

const isPlain = statementReader();

/** Checks lines of any kind until enough of them were plain ones. */
function eachForged(check: (line: Buffer) => void): void {
  let plain = 0;
  fc.assert(
    fc.property(forged, line => {
      if (isPlain(line) !== null) plain += 1;
      check(line);
    }),
    { numRuns: 20_000 },
  );
  expect(plain).toBeGreaterThan(2000);
}

test('for verify', () => {
  eachForged(line => {
    const read = outcomeOf(() => fieldsOf(readVerified(line)));
    expect(read).toEqual(outcomeOf(() => fieldsOf(parseVerified(line))));
  });
});

test('for search', () => {
  eachForged(line => {
    const [read, parsed] = [readFound(line), parseFound(line)];
    if (read === null || parsed === null) return expect(read).toBe(parsed);
    const { kind, time, database, actor, audit, session } = read;
    expect({ kind, time, database, actor, session }).toEqual({
      ...{ kind: parsed.kind, time: parsed.time, database: parsed.database, actor: parsed.actor },
      session: parsed.session,
    });
    for (const name of ['class', 'command', 'objectName', 'statement', 'parameters', 'objects'] as const)
      expect(audit?.[name]).toEqual(parsed.audit?.[name]);
  });
});

test('a long line is not read like this: an expression takes memory for each escape', () => {
  const line = (length: number): Buffer => {
    const written = new Lines();
    const [event] = fc.sample(statements, 1);
    if (event?.kind !== 'statement') throw new Error('there is no statement');
    const audit = { ...event.audit, statement: '"'.repeat(length) };
    link(newChain(0), jsonOf({ ...event, audit }), written);
    return Buffer.concat(written.chunks).subarray(0, -1);
  };
  expect(isPlain(line(20_000))).not.toBeNull();
  expect(isPlain(line(40_000))).toBeNull();
  expect(readFound(line(10_000_000))?.audit?.statement).toHaveLength(10_000_000);
});
