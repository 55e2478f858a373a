/** What lies in an archive besides objects, and what a verification cannot know. */

import type { ArchiveStore } from '../store.js';
import type { ArchivePart, Days } from '../walk.js';
import type { PartResult, Warnings } from './result.js';

/** Names that a day, a node and an instance have as folders. */
const DAY = /^date=(\d{4}-\d\d-\d\d)\/$/;
const NODE = /^node=[^/]+\/$/;

/** The days of a part that lie in the range; warns of what lies beside them. */
export async function listDays(
  store: ArchiveStore,
  { folder }: ArchivePart,
  { since, until }: Days,
  warnings: Warnings,
): Promise<string[]> {
  const days: string[] = [];
  for (const name of await store.list(folder)) {
    const [, day] = DAY.exec(name.slice(folder.length)) ?? [];
    if (day === undefined) warnForeign(warnings, name);
    else if ((since === null || day >= since) && (until === null || day <= until)) days.push(day);
  }
  return days;
}

/** Warns of what lies beside the nodes of an instance. */
export async function checkInstances(
  store: ArchiveStore,
  parts: readonly ArchivePart[],
  warnings: Warnings,
): Promise<void> {
  for (const folder of new Set(parts.map(part => part.folder.replace(/[^/]+\/$/, ''))))
    for (const name of await store.list(folder))
      if (!NODE.test(name.slice(folder.length))) warnForeign(warnings, name);
}

export function warnForeign(warnings: Warnings, object: string): void {
  // A local archive may keep the beginning of a write that a crash ended.
  if (/\/\.[^/]+\.ndjson\.gz\.tmp$/.test(object)) return;
  warnings.add('foreign', 'there are things in the archive that no shipper puts there', { object });
}

interface Given {
  readonly days: Days;
  readonly hasKeys: boolean;
  readonly hasSeals: boolean;
}

/** In sentences. `cut`: chains whose beginning lies before the range. */
export function limitsOf(parts: readonly PartResult[], cut: readonly string[], given: Given): string[] {
  const { days, hasKeys, hasSeals } = given;
  const limits: string[] = [];
  if (cut.length > 0)
    limits.push(
      `${cut.join(', ')} began before ${days.since}: whether it follows what is there is not checked`,
    );
  if (days.until !== null) limits.push(`what comes after ${days.until} is not checked`);
  const sum = (of: (seals: PartResult['seals']) => number): number =>
    parts.reduce((total, { seals }) => total + of(seals), 0);
  const [total, signed, checked] = [sum(one => one.total), sum(one => one.signed), sum(one => one.checked)];
  if (!hasKeys && signed > 0)
    limits.push(
      `${signed} of ${total} seals are signed; without --public-key the signatures are not checked`,
    );
  if (hasKeys && checked < total) limits.push(`for ${total - checked} of ${total} seals no key was given`);
  if (signed === 0 && !hasSeals)
    limits.push(
      'without signatures or --seals, an end of the chain that was rewritten as a whole is not found',
    );
  if (!hasSeals) limits.push('without --seals, objects that were removed from the end are not missed');
  return limits;
}
