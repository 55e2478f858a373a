/** An archive of many small objects, as a daemon of a quiet server writes it: one statement and the seal. */

import type { SealedSegment } from '../../test/support/sealed.js';
import { writeSealed } from '../../test/support/sealed.js';
import { write } from '../../test/support/reviewed.js';

const DAY = 24 * 60 * 60 * 1000;
const FIRST_DAY = Date.parse('2015-01-01T00:00:00.000Z');

/** Writes these objects, so many each day, and returns the time of the last seal. */
export async function writeSmallObjects(folder: string, objects: number, perDay: number): Promise<number> {
  const segments = Array.from({ length: objects }, (_, index) => segment(index, perDay));
  await writeSealed(folder, segments, { chain: '20150101T000000Z-0001', startedAt: new Date(FIRST_DAY).toISOString() });
  return Date.parse(segments.at(-1)?.sealedAt ?? '');
}

function segment(index: number, perDay: number): SealedSegment {
  const every = DAY / perDay;
  const start = FIRST_DAY + index * every;
  const [time, sealedAt] = [start + every / 2, start + every - 1000].map(at => new Date(at).toISOString());
  const date = new Date(start).toISOString().slice(0, 10);
  const events = [write(time ?? '', { user: 'Z990001', name: 'Kari Nordmann' })];
  return { date, events, until: [{ time: sealedAt ?? '' }], sealedAt: sealedAt ?? '' };
}
