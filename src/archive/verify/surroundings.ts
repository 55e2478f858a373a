/** What is in an archive besides objects, and what a verification cannot know. */

import type { ArchiveStore } from '../store/store.js';
import { type ArchivePart, type Days, named, type OnlyDaemons } from '../store/walk.js';
import type { InstanceResult, PartResult, Warnings } from './result.js';

/** The folder name of a day. */
const DAY = /^date=(\d{4}-\d\d-\d\d)\/$/;

/** The days of a part within the range; warns about anything beside them. */
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

export function warnForeign(warnings: Warnings, object: string): void {
  // A crash may leave a half-written file in a local archive.
  if (/\/\.[^/]+\.ndjson\.gz\.tmp$/.test(object)) return;
  warnings.add('foreign', 'the archive contains files or folders that the shipper does not write', {
    object,
  });
}

interface Given {
  readonly days: Days;
  readonly only: OnlyDaemons;
  readonly hasKeys: boolean;
  readonly hasSeals: boolean;
  readonly hasAuthorities: boolean;
}

/** Chains, by what cannot be known about them. */
export interface Unproved {
  /** Chains for which it is unknown what their first object in the range follows, with its time. */
  readonly cut: readonly string[];
  /** Chains for which it is unknown whether their end, after Cloud Logging's last seal, is genuine. */
  readonly behind: readonly string[];
  /** Seals older or newer than all of their chain in Cloud Logging's export, with their times. */
  readonly notCompared: readonly string[];
  /** Seals after the last time stamp of their chain. */
  readonly unstamped: readonly string[];
}

/** In sentences. */
export function limitsOf(
  parts: readonly PartResult[],
  unproved: readonly Unproved[],
  { days, only, hasKeys, hasSeals, hasAuthorities }: Given,
): string[] {
  const [cut, behind] = [unproved.flatMap(one => one.cut), unproved.flatMap(one => one.behind)];
  const limits: string[] = [];
  if (only.instance !== null || only.node !== null)
    limits.push(`anything of the archive besides ${named(only)}, which was asked for`);
  if (cut.length > 0)
    limits.push(
      `whether ${cut.join(', ')} continues what came before ${days.since ?? 'the days that were read'}`,
    );
  if (days.until !== null) limits.push(`what comes after ${days.until}`);
  limits.push(...signatureLimits(parts, hasKeys), ...stampLimits(parts, unproved, hasAuthorities));
  if (!hasSeals) {
    if (parts.every(({ seals }) => seals.signed === 0))
      limits.push(
        'whether everything from some event on was rewritten: neither signatures nor --seals prove that it was not',
      );
    limits.push(
      'whether objects were removed from the end, or everything of a daemon or server: give --seals or --witness',
    );
  }
  const notCompared = unproved.flatMap(one => one.notCompared);
  if (notCompared.length > 0)
    limits.push(`not compared, since --seals or --witness has none of that time: ${notCompared.join('; ')}`);
  if (behind.length > 0)
    limits.push(
      `what follows the last seal of ${behind.join(', ')} in --seals or --witness: only its own hashes prove it`,
    );
  return limits;
}

/** Stretches of one server, and chains, that are named one by one. */
const MOST_NAMED = 20;

export function auditLimits(
  instances: readonly InstanceResult[],
  parts: readonly { readonly coverage: { readonly isByTime: boolean } }[],
): string[] {
  const unknown = instances.filter(({ isAuditKnown }) => !isAuditKnown).map(({ instance }) => instance);
  const limits: string[] = [];
  for (const { instance, notLookedAt } of instances)
    for (const { from, to } of notLookedAt.slice(0, MOST_NAMED))
      limits.push(`the audit state of ${instance} from ${from} to ${to}: nobody looked at who was audited`);
  if (unknown.length > 0)
    limits.push(
      `the audit state of ${unknown.join(', ')}: nobody looked at who is audited, since no database is configured or it could not be read`,
    );
  if (parts.some(({ coverage }) => coverage.isByTime))
    limits.push(
      'whether seals of version 0.1 cover everything until their time: they do not say until when the log was read',
    );
  return limits;
}

/** Nobody said that these roles are applications: if a rule does not match whom it should, they are persons. */
export function filterLimits(parts: readonly Pick<PartResult, 'source'>[]): string[] {
  const dropped = parts.reduce((sum, { source }) => sum + (source.records.dropped['other-user'] ?? 0), 0);
  if (dropped === 0) return [];
  return [
    `what login roles that no rule of the filter names may have changed: ${dropped} of their records were dropped (otherUsers)`,
  ];
}

function signatureLimits(parts: readonly PartResult[], hasKeys: boolean): string[] {
  const sum = (of: (seals: PartResult['seals']) => number): number =>
    parts.reduce((total, { seals }) => total + of(seals), 0);
  const [total, signed, checked] = [sum(one => one.total), sum(one => one.signed), sum(one => one.checked)];
  if (!hasKeys && signed > 0)
    return [`whether the signatures of ${signed} of ${total} seals are good: give --public-key`];
  return hasKeys && checked < total
    ? [`whether ${total - checked} of ${total} seals are genuine: no key was given for them`]
    : [];
}

function stampLimits(
  parts: readonly PartResult[],
  unproved: readonly Unproved[],
  hasAuthorities: boolean,
): string[] {
  const stamped = parts.reduce((total, { seals }) => total + seals.stamped, 0);
  if (stamped === 0)
    return hasAuthorities
      ? ['when anything was written, but by its own clock: there are no time stamps']
      : [];
  const limits = hasAuthorities ? [] : [`whose the ${stamped} time stamps are: give --tsa-ca`];
  const unstamped = unproved.flatMap(one => one.unstamped);
  if (unstamped.length === 0) return limits;
  const more = unstamped.length > MOST_NAMED ? ` and of ${unstamped.length - MOST_NAMED} more chains` : '';
  const named = unstamped.slice(0, MOST_NAMED).join('; ');
  return [
    ...limits,
    `when the seals after the last time stamp were written, but by their own clock: ${named}${more}`,
  ];
}
