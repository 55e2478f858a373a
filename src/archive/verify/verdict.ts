/** What an archive lacks of what is expected of it (§8a of the design). */

import type { Audited } from './audited.js';
import type { PartCoverage, Uncovered } from './coverage.js';
import type { InstanceResult, MissingStretch, UnauditedStretch } from './result.js';
import { type Span, union, within, without } from './spans.js';

/** The time that was asked for, in milliseconds since the epoch. */
export interface Period {
  /** `null`: from the beginning of the archive. */
  readonly from: number | null;
  /** `null`: until now. */
  readonly to: number | null;
  readonly now: number;
  /** Milliseconds before the end, or before now, that need not be covered; `null`: as the archive's segments ask for. */
  readonly grace: number | null;
}

/** What is known of one daemon's part, and of its servers. */
export interface KnownPart {
  readonly node: string;
  readonly coverage: PartCoverage;
  /** By server. */
  readonly audited: ReadonlyMap<string, Audited>;
}

/** A quiet server is sealed by the hour. */
const GRACE = 2 * 60 * 60 * 1000;
/** What a last run may take, from its last look at the log to its end. */
const LAST_RUN = 5 * 60 * 1000;

/** Every server of these parts, by name. */
export function instancesOf(parts: readonly KnownPart[], period: Period): InstanceResult[] {
  const names = new Set(
    parts.flatMap(({ coverage, audited }) => [...coverage.sources.keys(), ...audited.keys()]),
  );
  const grace = period.grace ?? GRACE + Math.max(0, ...parts.map(({ coverage }) => coverage.longestSegment));
  return [...names].sort().map(name => {
    const ofOne = parts.filter(({ coverage, audited }) => coverage.sources.has(name) || audited.has(name));
    return instanceOf(name, ofOne, { ...period, grace });
  });
}

function instanceOf(
  instance: string,
  parts: readonly KnownPart[],
  period: Period & { readonly grace: number },
): InstanceResult {
  const end = Math.min(period.to ?? period.now, period.now);
  const begin = period.from ?? Math.min(...parts.map(part => beginningOf(part, instance) ?? end));
  const asked = { from: begin, to: end };
  const ofNodes = parts.flatMap(part => missingOf(instance, part, asked, period));
  const covered = union(parts.flatMap(({ coverage }) => coverage.sources.get(instance)?.covered ?? []));
  const ofAnyNode = parts.flatMap(({ coverage }) => expectedOf(coverage, asked) ?? []);
  const nobody = without(asked, [...ofAnyNode, ...covered]).filter(
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
    unaudited: unauditedOf(audited),
    isAuditKnown: audited.some(({ knownFrom }) => knownFrom !== null),
    notLookedAt: audited.flatMap(({ unseen }) => unseen.flatMap(span => textOf(within(span, asked)))),
  };
}

interface MissingSpan extends Uncovered {
  readonly node: string | null;
}

/** What one daemon did not cover of the time from its first chain until it was retired. */
function missingOf(
  instance: string,
  { node, coverage }: KnownPart,
  asked: Span,
  { grace }: { readonly grace: number },
): MissingSpan[] {
  const { covered = [], gaps = [] } = coverage.sources.get(instance) ?? {};
  const expected = expectedOf(coverage, asked);
  const holes = expected === null ? [] : without(expected, [...covered, ...gaps]);
  const atEnd = expected?.to === coverage.retiredAt ? Math.min(grace, LAST_RUN) : grace;
  const latest = latestOf(covered);
  const isForgiven = (hole: Span): boolean =>
    expected === null ||
    isOfGrace(hole, expected.to, latest, atEnd) ||
    // Where older objects are not kept, the first one that is tells of a time after the last one that is not.
    (coverage.isBeginningLost && hole.from <= expected.from && hole.to <= expected.from + grace);
  const uncovered = [
    ...coverage.unknown,
    // Its own times are the server's, whose clock may be another.
    ...gaps.map(gap =>
      within(gap, asked) === null && isIn(asked, gap.foundAt) ? at(gap.foundAt, gap.why) : gap,
    ),
    ...holes.filter(hole => !isForgiven(hole)).map(hole => ({ ...hole, why: whyHole(hole, asked) })),
  ];
  return uncovered.flatMap(one => {
    const span = within(one, asked);
    if (span === null) return [];
    // Nobody knows since when.
    const from = one.from === Number.NEGATIVE_INFINITY ? one.from : span.from;
    return [{ from, to: span.to, why: one.why, node }];
  });
}

function latestOf(spans: readonly Span[]): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const { to } of spans) latest = Math.max(latest, to);
  return latest;
}

/** From when on a part tells of a server; its first look may have found losses of earlier times. */
function beginningOf({ coverage }: KnownPart, instance: string): number | null {
  const gaps = coverage.sources.get(instance)?.gaps ?? [];
  return gaps.reduce<number | null>((first, { from }) => Math.min(first ?? from, from), coverage.startedAt);
}

function isIn({ from, to }: Span, time: number): boolean {
  return time >= from && time <= to;
}

function at(time: number, why: string): Uncovered {
  return { from: time, to: time, why };
}

/** From a daemon's first chain until it was retired; `null` where that has nothing of what is asked for. */
function expectedOf({ startedAt, retiredAt }: PartCoverage, asked: Span): Span | null {
  const from = Math.max(asked.from, startedAt ?? asked.from);
  const to = Math.min(asked.to, retiredAt ?? asked.to);
  return from < to ? { from, to } : null;
}

/** The end of what is expected need not be covered yet, where something of late is. */
function isOfGrace({ from, to }: Span, end: number, latest: number, grace: number): boolean {
  return to >= end && from >= end - grace && latest >= end - grace;
}

function whyHole(hole: Span, expected: Span): string {
  return hole.to >= expected.to
    ? 'nothing that covers it was sealed since'
    : 'nothing that covers it was sealed';
}

function whyNobody({ to }: Span, parts: readonly KnownPart[]): string {
  const starts = parts.map(({ coverage }) => coverage.startedAt ?? Number.POSITIVE_INFINITY);
  return to <= Math.min(...starts)
    ? 'nothing of it is in the archive: where older objects were removed after their retention, give --since the first day that is kept'
    : 'the daemon was retired, and no other one covers it';
}

function notAuditedIn({ stretches }: Audited, asked: Span): UnauditedStretch[] {
  return stretches.flatMap(stretch => {
    const span = within(stretch, asked);
    const { count, names } = stretch;
    return span === null ? [] : [{ from: iso(span.from), to: iso(span.to), count, names }];
  });
}

function unauditedOf(audited: readonly Audited[]): InstanceResult['unaudited'] {
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

/** Nothing is missing, and everybody was audited as far as is known. */
export function isWholeInstance({ missing, notAudited, unaudited }: InstanceResult): boolean {
  return missing.length === 0 && notAudited.length === 0 && unaudited.count === 0;
}
