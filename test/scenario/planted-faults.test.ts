/**
 * What the journal's promises rest on, taken away from the real code: each time a crash must show that it is missing.
 * The same faults are planted into the model of the protocol (`test/protocol`). Without them all of it must be green.
 */

import { describe, expect, test } from 'vitest';
import { StateError } from '../../src/errors.js';
import { choices } from '../support/choices.js';
import type { FaultyFs } from '../support/faulty-fs.js';
import { range } from '../support/log.js';
import { publishEarly, releaseAfterOne, withoutSync } from '../support/plants.js';
import { type Call, liveForEach, liveWhole, type Plant, type WholeLife } from '../support/whole-life.js';

const calls = await liveWhole({});
/** Neighbouring steps show the same. */
const points = range(1, Math.floor(calls / 3)).map(third => third * 3);

const killed = (at: number): WholeLife => ({ onCall: (count, _call, fs) => count === at && fs.kill() });
const powerCut = (at: number): WholeLife => ({ onCall: (count, _call, fs) => count === at && fs.kill(true) });

/** The start is refused, or what is archived or logged in the end is not what it must be; not where the test itself fails. */
async function expectViolation(exploring: Promise<void>): Promise<void> {
  const found: unknown = await exploring.then(
    () => 'nothing is wrong',
    (error: unknown) => error,
  );
  if (found instanceof StateError) return;
  expect(found).toHaveProperty('name', 'AssertionError');
}

describe('a crash shows that something is missing', { timeout: 300_000 }, () => {
  const faults: [string, Plant, (at: number) => WholeLife][] = [
    ["the sync of the journal's lines (I4)", { onFs: withoutSync(/\/state\/journal\/[^/]+$/) }, powerCut],
    ["the sync of the journal's folder (I4)", { onFs: withoutSync(/\/state\/journal$/) }, powerCut],
    ['each sync of the state folder (I4)', { onFs: withoutSync(/\/state$/) }, powerCut],
    ['that sinks see nothing before the commit (I4)', { onFs: publishEarly }, killed],
    ['that a segment is kept until both sinks have it (I5)', { onStages: releaseAfterOne }, killed],
  ];

  test.each(faults)('%s', (_name, plant, crash) =>
    expectViolation(liveForEach(points, at => ({ ...plant, ...crash(at) }))),
  );
});

describe('a kill between a rename in the state folder and its sync, and a power cut in the next life', {
  timeout: 300_000,
}, () => {
  const LOGGED = /^datasync .*\/logging\//;
  const REMOVED = /^rm .*\/state\/journal\//;
  const syncs = range(1, 32);

  test.each([LOGGED, REMOVED])('break nothing, also right after %s', after =>
    liveForEach(syncs, sync => ({ ...killedThenCut(sync, after), choose: choices(sync) })),
  );

  const withoutStartSync: Plant = { onFs: withoutSync(/\/state$/, 'mkdir') };

  test('would bring back a checkpoint that does not know what was delivered, without the sync at the start (I4, I6)', () =>
    expectViolation(liveForEach(syncs, sync => ({ ...withoutStartSync, ...killedThenCut(sync, LOGGED) }))));

  test('would bring back a cursor that needs what was removed, without the sync at the start (I1)', () =>
    expectViolation(
      liveForEach(
        syncs.flatMap(sync => range(1, 8).map(seed => ({ sync, seed }))),
        ({ sync, seed }) => ({ ...withoutStartSync, ...killedThenCut(sync, REMOVED), choose: choices(seed) }),
      ),
    ));
});

/** Killed before the nth sync of the state folder; then the power is lost at the first call after such a one. */
function killedThenCut(nth: number, after: RegExp): WholeLife {
  let left = nth;
  let next: 'kill' | 'wait' | 'cut' | 'nothing' = 'kill';
  const onCall = (_count: number, { name, path }: Call, fs: FaultyFs): void => {
    if (next === 'kill' && name === 'sync' && path.endsWith('/state') && --left === 0) {
      next = 'wait';
      fs.kill();
    } else if (next === 'wait' && after.test(`${name} ${path}`)) next = 'cut';
    else if (next === 'cut') {
      next = 'nothing';
      fs.kill(true);
    }
  };
  return { onCall };
}
