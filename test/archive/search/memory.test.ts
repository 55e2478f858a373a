/** A search of many objects takes no more memory than one of few. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { EVERYTHING } from '../../../src/archive/search/query.js';
import { search } from '../../../src/archive/search/search.js';
import { formatObjectName, parseObjectName } from '../../../src/lib/object-name.js';
import { statement, storeOf, writeArchive } from '../../support/search.js';

const OBJECTS = 240;
const EVENTS = 1000;
const MiB = 1024 * 1024;

setFlagsFromString('--expose-gc');

/** Bytes of JavaScript's heap, without garbage: when that is collected depends on the machine. */
function memory(): number {
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test.each([
  ['all events', {}],
  ['failed statements', { isFailed: true }],
])('%s of a quarter of a gigabyte of JSON', async (_what, some) => {
  const events = Array.from({ length: EVENTS }, () => statement({ audit: { statement: 'x'.repeat(300) } }));
  const [object] = await writeArchive(null, [{ date: '2026-11-21', events }]);
  const name = parseObjectName(object?.name ?? '');
  if (object === undefined || name === null) throw new Error('there is no object');
  const place = { prefix: '', instance: 'prod', node: 'pg-0' };
  const objects = Array.from({ length: OBJECTS }, (_, index) => {
    const firstSeq = 1 + index * name.lastSeq;
    const named = formatObjectName(place, { ...name, firstSeq, lastSeq: firstSeq + name.lastSeq - 1 });
    return { name: named, body: object.body };
  });
  const query = { ...EVERYTHING, ...some };
  // Like the command, it keeps nothing of what was found.
  const start = memory();
  // What objects that are on their way take comes and goes; what is kept of each is in the least, too.
  let [count, most, early, late] = [0, 0, Infinity, Infinity];
  const watch = {
    damaged: (_path: string, what: string) => expect.fail(what),
    reached: () => {
      count += 1;
      if (count % 10 !== 0) return;
      const now = memory();
      most = Math.max(most, now);
      if (count <= OBJECTS / 2) early = Math.min(early, now);
      else late = Math.min(late, now);
    },
  };
  let found = 0;
  for await (const _found of search({ store: storeOf(objects), prefix: '' }, query, { watch, ahead: 8 }))
    found += 1;
  expect(found).toBe(query.isFailed ? 0 : OBJECTS * (EVENTS + 1));
  expect(most - start).toBeLessThan(48 * MiB);
  expect(late - early).toBeLessThan(4 * MiB);
});
