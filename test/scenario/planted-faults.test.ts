/**
 * What the journal's promises depend on, taken away from the real code: each time a crash must show that it is missing.
 * The same faults are planted into the model of the protocol (`test/protocol`). Without them everything must be green.
 */

import { describe, expect, test } from 'vitest';
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

/** The start is refused because something that a sink still needs is gone. */
const REFUSED = /is missing|does not end as/;
/** What was delivered is no longer known, or what is archived or logged at the end is wrong. */
const DIFFERS = /^AssertionError|is ahead of the journal/;

async function failureOf(exploring: Promise<void>): Promise<string> {
  return await exploring.then(() => 'nothing is wrong', String);
}

describe('a crash shows that something is missing', () => {
  const faults: [string, Plant, (at: number) => WholeLife][] = [
    ["the sync of the journal's lines (I4)", { onFs: withoutSync(/\/state\/journal\/[^/]+$/) }, powerCut],
    ["the sync of the journal's folder (I4)", { onFs: withoutSync(/\/state\/journal$/) }, powerCut],
    ['each sync of the state folder (I4)', { onFs: withoutSync(/\/state$/) }, powerCut],
    ['that sinks see nothing before the commit (I4)', { onFs: publishEarly }, killed],
    ['that a segment is kept until both sinks have it (I5)', { onStages: releaseAfterOne }, killed],
  ];

  test.each(faults)('%s', async (_name, plant, crash) => {
    const failure = await failureOf(liveForEach(points, at => ({ ...plant, ...crash(at) })));
    expect(failure).toMatch(new RegExp(`${REFUSED.source}|${DIFFERS.source}`));
  });
});

describe('a kill between a rename in the state folder and its sync, and a power cut in the next life', () => {
  const DELIVERED = { renamed: /checkpoint\.json$/, cutAfter: /^open .*\/cursor-\w+\.json\.tmp$/ };
  const REMOVED = { renamed: /cursor-\w+\.json$/, cutAfter: /^rm .*\/state\/journal\// };
  /** Each seed leaves another part of what is not synced. */
  const explore = (crash: typeof REMOVED, seeds: number, plant: Plant = {}): Promise<void> => {
    const points = range(1, seeds).flatMap(seed => range(1, 12).map(rename => ({ rename, seed })));
    return liveForEach(points, ({ rename, seed }) => ({
      ...plant,
      onCall: killedThenCut(rename, crash),
      choose: choices(seed),
    }));
  };

  test('break nothing', async () => {
    await explore(DELIVERED, 2);
    await explore(REMOVED, 2);
  });

  const withoutStartSync: Plant = { onFs: withoutSync(/\/state$/, 'mkdir') };

  test('bring back a checkpoint from before a delivery, without the sync at the start (I4, I6)', async () =>
    expect(await failureOf(explore(DELIVERED, 10, withoutStartSync))).toMatch(DIFFERS));

  test('bring back a cursor that needs what was removed, without the sync at the start (I1)', async () =>
    expect(await failureOf(explore(REMOVED, 10, withoutStartSync))).toMatch(REFUSED));
});

/** Killed after the nth rename of such a file, before its sync; the power is lost at the first call after `cutAfter`. */
function killedThenCut(nth: number, { renamed, cutAfter }: { renamed: RegExp; cutAfter: RegExp }) {
  let renames = 0;
  let next: 'kill' | 'wait' | 'cut' | 'nothing' = 'kill';
  return (_count: number, { name, path }: Call, fs: FaultyFs): void => {
    if (next === 'kill' && renames === nth) {
      next = 'wait';
      fs.kill();
    } else if (next === 'wait' && cutAfter.test(`${name} ${path}`)) next = 'cut';
    else if (next === 'cut') {
      next = 'nothing';
      fs.kill(true);
    } else if (name === 'rename' && renamed.test(path)) renames += 1;
  };
}
