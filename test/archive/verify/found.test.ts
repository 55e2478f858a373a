/** A daemon that finds its servers by itself, and expects none at the moment: its silence is not well (I12). */

import { expect, test } from 'vitest';
import type { NewEvent } from '../../../src/event/event.js';
import { archiveOf, verifyCovered as verify } from '../../support/covered.js';
import type { SealedSegment } from '../../support/sealed.js';

const PLACE = { instance: 'prod', node: 'pg-0' };
const LIFECYCLE = {
  action: 'started',
  version: '1.0.0',
  newChain: true,
  reason: 'archive-empty',
  servers: [],
} as const;

type Action = 'found' | 'retired';

/** Of a server that was found on the first day and let go later, or of the daemon itself. */
function life(action: Action | 'stopped', time: string): NewEvent {
  const lifecycle =
    action === 'stopped'
      ? ({ action, version: '1.0.0', retired: true } as const)
      : { action, version: '1.0.0' };
  return { kind: 'lifecycle', time, ...PLACE, lifecycle };
}

const seals = (date: string, events: readonly NewEvent[] = []): SealedSegment => ({
  ...{ date, events, sealedAt: `${date}T23:59:59.000Z` },
  until: [{ time: `${date}T23:59:59.000Z` }],
});
const comeAndGone = [life('found', '2025-11-01T00:00:01.000Z'), life('retired', '2025-11-01T12:00:00.000Z')];

async function found(...segments: readonly SealedSegment[]) {
  const { folder } = await archiveOf(segments, { lifecycle: LIFECYCLE });
  return await verify(folder);
}

const later = ['2025-11-02', '2025-11-03', '2025-11-04', '2025-11-05'];

test('while it seals, it would have found others: whole', async () => {
  const result = await found(seals('2025-11-01', comeAndGone), ...later.map(date => seals(date)));
  expect([result.verdict, result.doubts]).toEqual(['whole', []]);
});

test('since it sealed nothing any more, nobody knows whether there were any', async () => {
  const { verdict, doubts } = await found(seals('2025-11-01', comeAndGone), seals('2025-11-02'));
  expect([verdict, doubts]).toEqual([
    'incomplete',
    [expect.stringContaining('sealed nothing since 2025-11-02T23:59:59.000Z')],
  ]);
});

test('nothing more is expected of it once it was retired', async () => {
  const end = life('stopped', '2025-11-02T23:59:59.000Z');
  expect((await found(seals('2025-11-01', comeAndGone), seals('2025-11-02', [end]))).doubts).toEqual([]);
});

test('one that never found any proves nothing', async () => {
  const { verdict, doubts } = await found(
    ...['2025-11-01', ...later].map(date => ({ ...seals(date), until: [] })),
  );
  expect([verdict, doubts]).toEqual(['incomplete', [expect.stringContaining('covers no server')]]);
});
