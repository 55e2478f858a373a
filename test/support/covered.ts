/** Days of a server that are covered to their last second. */

import { openArchive } from '../../src/archive/store/location.js';
import type { VerifyResult } from '../../src/archive/verify/result.js';
import { type VerifyOptions, verifyArchive } from '../../src/archive/verify/verify.js';
import type { NewEvent } from '../../src/event/event.js';
import { write } from './reviewed.js';
import { type SealedChain, type SealedSegment, writeSealed } from './sealed.js';
import { temporaryFolder } from './temp.js';

const NOW = Date.parse('2025-11-06T00:00:00.000Z');

/** With a write at ten. */
export function day(date: string, events: readonly NewEvent[] = []): SealedSegment {
  const newEvents = [write(`${date}T10:00:00.000Z`, { user: 'Z990001', name: 'Kari Nordmann' }), ...events];
  return { date, events: newEvents, ...closed(`${date}T23:59:59.000Z`) };
}

function closed(time: string): Pick<SealedSegment, 'until' | 'sealedAt'> {
  return { until: [{ time }], sealedAt: time };
}

/** `2025-11-01` to `2025-11-05`, or as many days as requested. */
export function days(count = 5): string[] {
  return Array.from({ length: count }, (_, index) => `2025-11-${String(index + 1).padStart(2, '0')}`);
}

export function gapEvent(gap: object, time: string): NewEvent {
  const source = { file: 'a.csv', fileId: 'f', offset: 0, length: 0 };
  const place = { instance: 'prod', node: 'pg-0' };
  return { kind: 'gap', time, receivedAt: time, ...place, gap: { reason: 'torn', ...gap }, source };
}

export async function archiveOf(segments: readonly SealedSegment[], chain: Partial<SealedChain> = {}) {
  const folder = await temporaryFolder();
  return { folder, ...(await writeSealed(folder, segments, chain)) };
}

/** At the end of `days()`. */
export async function verifyCovered(folder: string, options: VerifyOptions = {}): Promise<VerifyResult> {
  const given = { ...options, period: { now: NOW, ...options.period } };
  return await verifyArchive(openArchive(folder), given);
}

/** The stretches that are missing, as `from to why`. */
export function missing({ instances }: VerifyResult): string[] {
  return instances.flatMap(one => one.missing.map(({ from, to, why }) => `${from} ${to} ${why}`));
}
