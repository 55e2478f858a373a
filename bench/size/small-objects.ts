/** An archive of many small objects, as a daemon of a quiet server writes it: one statement and the seal. */

import { write } from '../../test/support/reviewed.js';
import { type SealedSegment, writeSealed } from '../../test/support/sealed.js';

const DAY = 24 * 60 * 60 * 1000;

export interface SmallObjects {
  readonly days: number;
  readonly perDay: number;
  /** Milliseconds since the epoch; the first object begins that many days before. */
  readonly end: number;
}

/** Writes the objects of one daemon, and returns their names in order. */
export async function writeSmallObjects(folder: string, { days, perDay, end }: SmallObjects): Promise<string[]> {
  const every = DAY / perDay;
  // No object is open at midnight.
  const start = Math.floor(end / every) * every - days * DAY;
  const segments = Array.from({ length: days * perDay }, (_, index) => segment(start + index * every, every));
  const startedAt = new Date(start).toISOString();
  const chain = `${startedAt.replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}-0001`;
  return (await writeSealed(folder, segments, { chain, startedAt })).names;
}

function segment(start: number, length: number): SealedSegment {
  const time = new Date(start + length / 2).toISOString();
  const sealedAt = new Date(start + length - 1000).toISOString();
  const events = [write(time, { user: 'Z990001', name: 'Kari Nordmann' })];
  return { date: new Date(start).toISOString().slice(0, 10), events, until: [{ time: sealedAt }], sealedAt };
}
