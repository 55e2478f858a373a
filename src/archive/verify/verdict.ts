/** What an archive lacks of what is expected of it. */

import type { Audited } from './audited.js';
import type { PartCoverage, Uncovered } from './coverage.js';
import type { InstanceResult, MissingStretch, UnauditedStretch } from './result.js';
import { type Span, union, within, without } from './spans.js';

/** The period that was asked for, in milliseconds since the epoch. */
export interface Period {
  /** `null`: from the beginning of the archive. */
  readonly from: number | null;
  /** Servers that are expected from then on; others from their own beginning. `null`: all. */
  readonly begun?: readonly string[] | null;
  /** `null`: until now. */
  readonly to: number | null;
  readonly now: number;
  /**
   * Milliseconds before the end, or before now, that do not have to be covered; `null`: depends on the archive's
   * segments.
   */
  readonly grace: number | null;
}

/** What is known about one daemon's part and its servers. */
export interface KnownPart {
  readonly node: string;
  readonly coverage: KnownCoverage;
  /** By server. */
  readonly audited: ReadonlyMap<string, KnownAudited>;
}

export type KnownCoverage = Pick<
  PartCoverage,
  | ('sources' | 'startedAt' | 'retiredAt' | 'unknown' | 'longestSegment' | 'isBeginningLost')
  | ('isByTime' | 'sealedAt')
>;
export type KnownAudited = Pick<
  Audited,
  'stretches' | 'changes' | 'firstChange' | 'lastChange' | 'knownFrom' | 'unseen' | 'notRecorded' | 'end'
>;

/** Milliseconds between two seals if nothing happens. */
const QUIET = 60 * 60 * 1000;
const GRACE = 2 * QUIET;
/** Milliseconds that a last run may take, from its last look at the log to its end. */
const LAST_RUN = 5 * 60 * 1000;

/** Milliseconds before the end of the period that do not have to be covered. */
export function graceOf(parts: readonly KnownPart[], { grace }: Period): number {
  return grace ?? GRACE + Math.max(0, ...parts.map(({ coverage }) => coverage.longestSegment));
}

/** Every server that is expected of these parts in the period, by name. */
export function instancesOf(parts: readonly KnownPart[], period: Period): InstanceResult[] {
  const names = new Set(
    parts.flatMap(({ coverage, audited }) => [...coverage.sources.keys(), ...audited.keys()]),
  );
  const grace = graceOf(parts, period);
  return [...names].sort().flatMap(name => {
    const ofOne = parts.filter(({ coverage, audited }) => coverage.sources.has(name) || audited.has(name));
    const asked = askedOf(name, ofOne, period);
    return asked.from > asked.to ? [] : [instanceOf(name, ofOne, asked, { ...period, grace })];
  });
}

/**
 * Daemons that expect no server at the end, and that sealed nothing shortly before it: nobody knows whether a server came.
 * A daemon that expects one is silent where that server is.
 */
export function silentDaemons(parts: readonly KnownPart[], period: Period): string[] {
  const end = Math.min(period.to ?? period.now, period.now) - graceOf(parts, period);
  return parts
    .filter(({ coverage: { sources, retiredAt, sealedAt } }) => {
      const isOver = [...sources.values()].every(({ lives }) => (lives?.at(-1)?.to ?? null) !== null);
      return isOver && retiredAt === null && sealedAt < end;
    })
    .map(
      ({ node, coverage: { sealedAt } }) =>
        `node ${node}: its daemon, which finds its servers by itself, sealed nothing since ${timeOf(sealedAt) ?? 'the beginning'}, and was not retired (run --once --retire)`,
    );
}

/** The time in which a server is expected; it ends before it begins if that is later. */
function askedOf(instance: string, parts: readonly KnownPart[], period: Period): Span {
  const to = Math.min(period.to ?? period.now, period.now);
  const own = Math.min(...parts.map(part => beginningOf(part, instance) ?? to));
  return { from: beginOf(instance, own, period), to };
}

function instanceOf(
  instance: string,
  parts: readonly KnownPart[],
  asked: Span,
  period: Period & { readonly grace: number },
): InstanceResult {
  const end = asked.to;
  const wasFound = parts.every(({ coverage }) => (coverage.sources.get(instance)?.lives ?? null) !== null);
  const ofNodes = parts.flatMap(part => missingOf(instance, part, asked, period));
  const covered = union(parts.flatMap(({ coverage }) => coverage.sources.get(instance)?.covered ?? []));
  const ofAnyNode = parts.flatMap(({ coverage }) => expectedOf(coverage, instance, asked));
  // A server that comes and goes is expected only while it is there.
  const nobody = without(asked, [...ofAnyNode, ...covered, ...(wasFound ? [asked] : [])]).filter(
    span => !isOfGrace(span, end, latestOf(covered), period.grace),
  );
  const missing = [...ofNodes, ...nobody.map(span => ({ ...span, node: null, why: whyNobody(span, parts) }))];
  const audited = parts.flatMap(part => part.audited.get(instance) ?? []);
  for (const { coverage, audited: ofPart } of parts)
    ofPart.get(instance)?.end(Math.min(end, coverage.retiredAt ?? end));
  return {
    instance,
    nodes: parts.map(({ node }) => node),
    coveredUntil: timeOf(covered.at(-1)?.to),
    missing: missing.sort((a, b) => a.from - b.from).map(toMissing),
    notAudited: audited.flatMap(one => notAuditedIn(one, asked)),
    notRecorded: audited.flatMap(one => notRecordedIn(one, asked)),
    unaudited: unauditedOf(audited),
    isAuditKnown: audited.some(({ knownFrom }) => knownFrom !== null),
    notLookedAt: audited.flatMap(({ unseen }) => unseen.flatMap(span => textOf(within(span, asked)))),
  };
}

/** From when on a server is expected. What an earlier verification proved holds its beginning, if that was later. */
function beginOf(instance: string, own: number, { from, begun = null }: Period): number {
  if (from === null || begun === null) return from ?? own;
  return begun.includes(instance) ? Math.max(from, own) : own;
}

interface MissingSpan extends Uncovered {
  readonly node: string | null;
}

/** What one daemon did not cover, from its first chain until it was retired. */
function missingOf(
  instance: string,
  { node, coverage }: KnownPart,
  asked: Span,
  { grace }: { readonly grace: number },
): MissingSpan[] {
  const { covered = [], gaps = [], lives = null } = coverage.sources.get(instance) ?? {};
  const latest = latestOf(covered);
  const missing = expectedOf(coverage, instance, asked).flatMap(expected => {
    const isLast = expected.to === coverage.retiredAt || lives?.some(({ to }) => to === expected.to) === true;
    const atEnd = isLast ? Math.min(grace, LAST_RUN) : grace;
    const isForgiven = (one: Span): boolean =>
      isOfGrace(one, expected.to, latest, atEnd) ||
      // If older objects are no longer kept, the log may have been quiet from their end to the first event that is.
      (coverage.isBeginningLost && one.from <= expected.from && one.to <= expected.from + QUIET + LAST_RUN);
    return without(expected, [...covered, ...gaps]).filter(one => !isForgiven(one));
  });
  const uncovered = [
    ...coverage.unknown,
    // The gap's own times are the server's, whose clock may differ.
    ...gaps.map(gap =>
      within(gap, asked) === null && isIn(asked, gap.foundAt) ? at(gap.foundAt, gap.why) : gap,
    ),
    ...missing.map(one => ({ ...one, why: whyMissing(one, asked) })),
  ];
  return uncovered.flatMap(one => {
    const span = within(one, asked);
    if (span === null) return [];
    // The beginning is unknown.
    const from = one.from === Number.NEGATIVE_INFINITY ? one.from : span.from;
    return [{ from, to: span.to, why: one.why, node }];
  });
}

function latestOf(spans: readonly Span[]): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const { to } of spans) latest = Math.max(latest, to);
  return latest;
}

/** From when on a part reports about a server; its first look may have found earlier losses. */
function beginningOf({ coverage }: KnownPart, instance: string): number | null {
  const { gaps = [], lives = null } = coverage.sources.get(instance) ?? {};
  const [first] = lives ?? [];
  const begun =
    first === undefined ? coverage.startedAt : Math.max(first.from, coverage.startedAt ?? first.from);
  return gaps.reduce<number | null>((least, { from }) => Math.min(least ?? from, from), begun);
}

function isIn({ from, to }: Span, time: number): boolean {
  return time >= from && time <= to;
}

function at(time: number, why: string): Uncovered {
  return { from: time, to: time, why };
}

/** From a daemon's first chain until it was retired, as far as the server was there. */
function expectedOf({ startedAt, retiredAt, sources }: KnownCoverage, instance: string, asked: Span): Span[] {
  const lives = sources.get(instance)?.lives ?? [{ from: Number.NEGATIVE_INFINITY, to: null }];
  return lives.flatMap(life => {
    const from = Math.max(asked.from, startedAt ?? asked.from, life.from);
    const to = Math.min(asked.to, retiredAt ?? asked.to, life.to ?? asked.to);
    return from < to ? [{ from, to }] : [];
  });
}

/** The end of the period does not have to be covered yet, if the time shortly before it is. */
function isOfGrace({ from, to }: Span, end: number, latest: number, grace: number): boolean {
  return to >= end && from >= end - grace && latest >= end - grace;
}

function whyMissing(one: Span, expected: Span): string {
  return one.to >= expected.to ? 'no later seal covers it' : 'no seal covers it';
}

function whyNobody({ to }: Span, parts: readonly KnownPart[]): string {
  const starts = parts.map(({ coverage }) => coverage.startedAt ?? Number.POSITIVE_INFINITY);
  return to <= Math.min(...starts)
    ? 'the archive has nothing from it: if older objects were removed after their retention, set --since to the first day that is kept'
    : 'the daemon was retired, and no other daemon covers it';
}

function notAuditedIn({ stretches }: KnownAudited, asked: Span): UnauditedStretch[] {
  return stretches.flatMap(stretch => {
    const span = within(stretch, asked);
    const { count, names } = stretch;
    return span === null ? [] : [{ from: iso(span.from), to: iso(span.to), count, names }];
  });
}

function notRecordedIn({ notRecorded }: KnownAudited, asked: Span): InstanceResult['notRecorded'] {
  return notRecorded.flatMap(stretch => {
    const span = within(stretch, asked);
    const { table, why } = stretch;
    return span === null ? [] : [{ from: iso(span.from), to: iso(span.to), table, why }];
  });
}

function unauditedOf(audited: readonly KnownAudited[]): InstanceResult['unaudited'] {
  const found = audited.filter(({ changes }) => changes > 0);
  return {
    count: found.reduce((sum, { changes }) => sum + changes, 0),
    first: timeOf(Math.min(...found.map(({ firstChange }) => firstChange ?? Number.POSITIVE_INFINITY))),
    last: timeOf(Math.max(...found.map(({ lastChange }) => lastChange ?? Number.NEGATIVE_INFINITY))),
  };
}

function textOf(span: Span | null): { from: string; to: string }[] {
  return span === null ? [] : [{ from: iso(span.from), to: iso(span.to) }];
}

function toMissing({ from, to, why, node }: MissingSpan): MissingStretch {
  return { node, from: timeOf(from), to: iso(to), why };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function timeOf(time: number | undefined): string | null {
  return time === undefined || !Number.isFinite(time) ? null : iso(time);
}

/** Nothing is missing, everybody was audited, and every table under watch was recorded, as far as is known. */
export function isWholeInstance({ missing, notAudited, notRecorded, unaudited }: InstanceResult): boolean {
  const gaps = missing.length + notAudited.length + notRecorded.length;
  return gaps === 0 && unaudited.count === 0;
}
