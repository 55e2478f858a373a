/** The stream, a start that continues from a snapshot, and a replay of the archive's lines raise the same. */

import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { watchedIn } from '../../src/daemon/detect/read.js';
import { seenBy } from '../../src/daemon/detect/sight.js';
import { DetectState } from '../../src/detect/state.js';
import { readWatched } from '../../src/detect/watched.js';
import type { NewEvent } from '../../src/event/event.js';
import { jsonOf } from '../../src/event/line.js';
import { RULES } from '../../src/event/names.js';
import { link, newChain } from '../../src/journal/chain.js';
import { Lines } from '../../src/lib/line-buffer.js';
import { createRelationParser } from '../../src/relations/relations.js';
import { detectorOf } from '../support/detect.js';
import { randomEvents } from '../support/random-events.js';
import { failureOf, statement, unauditedOf } from '../support/search.js';

const parser = createRelationParser({ forReview: true });
afterAll(() => parser.close());

/** All on, with low limits. */
const LOW = {
  ...Object.fromEntries(RULES.map(name => [name, 'on'])),
  bulk: { statements: 3, rows: 50, relations: 2, within: '1h' },
  failures: { count: 2, within: '1h' },
  'first-seen': { after: '1d' },
  watched: { users: ['1$'], relations: ['lonn'], again: '1h' },
  'outside-hours': { again: '2h' },
};

const texts = fc.constantFrom(
  'UPDATE t SET a = 1',
  'DELETE FROM t WHERE a',
  'EXPLAIN DELETE FROM t',
  'ALTER ROLE x SUPERUSER',
  "ALTER ROLE x SET pgaudit.log = '<redacted>'",
  "COPY t FROM PROGRAM 'x'",
  'not SQL, and a policy',
);
const done = fc
  .record({
    minutes: fc.nat(4 * 24 * 60),
    user: fc.constantFrom('Z1', 'Z2', 'Z3', ''),
    text: texts,
    class: fc.constantFrom('WRITE' as const, 'ROLE' as const, 'DDL' as const),
    command: fc.constantFrom('UPDATE', 'DELETE', 'TRUNCATE TABLE', 'DROP TABLE'),
    objects: fc.constantFrom(['hr.lonn'], ['a'], ['b', 'c']),
    rows: fc.option(fc.nat(40)),
    status: fc.constantFrom('resolved' as const, 'unresolved' as const, 'claimed' as const),
    kind: fc.constantFrom('statement', 'failure', 'unaudited'),
  })
  .map(({ minutes, user, text, class: name, command, objects, rows, status, kind }): NewEvent => {
    const time = new Date(Date.UTC(2025, 10, 3) + minutes * 60_000).toISOString();
    const made = statement({ time, user, audit: { class: name, command, objects, rows, statement: text } });
    const one = { ...made, actor: { ...made.actor, status } };
    if (kind === 'failure') return failureOf(one);
    return kind === 'unaudited' ? unauditedOf(one) : one;
  });
const streams = fc.array(fc.oneof({ weight: 9, arbitrary: done }, randomEvents), { maxLength: 60 });

/** Its lines in a chain, without newlines. */
function linesOf(events: readonly NewEvent[]): Buffer[] {
  let chain = newChain(0);
  return events.map(event => {
    const lines = new Lines();
    chain = link(chain, jsonOf(event), lines).after;
    return Buffer.concat(lines.chunks).subarray(0, -1);
  });
}

test('whatever the events, and wherever a start comes in between', async () => {
  let total = 0;
  await fc.assert(
    fc.asyncProperty(streams, fc.nat(60), async (events, at) => {
      const lines = linesOf(events);
      const [stream, replayed] = [detectorOf(LOW), detectorOf(LOW)];
      let restarted = detectorOf(LOW);
      for (const [index, event] of events.entries()) {
        if (index === at) {
          const state = DetectState.parse(restarted.saved);
          if (state === null) throw new Error('the saved state cannot be read');
          restarted = detectorOf(LOW, {}, state);
        }
        const archived = readWatched(lines[index] ?? Buffer.of());
        const [seen, again] = [await seenBy(event, parser), archived && (await seenBy(archived, parser))];
        const id = archived?.id ?? '';
        const raised = seen === null ? [] : stream.take(seen, id);
        total += raised.length;
        expect(again === null ? [] : replayed.take(again, id)).toEqual(raised);
        expect(seen === null ? [] : restarted.take(seen, id)).toEqual(raised);
      }
      expect(replayed.saved).toBe(stream.saved);
      expect(restarted.saved).toBe(stream.saved);
    }),
    { numRuns: 300 },
  );
  expect(total).toBeGreaterThan(1000);
});

test('a large record is the same to the stream, which has tokens of its texts, and to who reads its line', async () => {
  const source = { file: 'a.csv', fileId: 'f', offset: 0, length: 17 * 1024 ** 2 };
  const text = `DELETE FROM t -- ${'x'.repeat(source.length)}`;
  const large = statement({
    audit: { command: 'DELETE', statement: text, parameters: [text.slice(0, 999)] },
  });
  const [line = Buffer.of()] = linesOf([{ ...large, source }]);
  const event = await watchedIn(line);
  expect(event?.audit?.statement?.length).toBeLessThan(200);
  const token = { ...large, source, audit: { ...large.audit, statement: 'a token', parameters: null } };
  const [seen, again] = [await seenBy(token, parser), event && (await seenBy(event, parser))];
  expect(again?.statement).toEqual(seen?.statement);
  expect(again === null ? [] : detectorOf(LOW).take(again, 'i')).toEqual(
    seen && detectorOf(LOW).take(seen, 'i'),
  );
});
