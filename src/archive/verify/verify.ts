/** Proves that an archive is whole and unchanged, or finds the first fault (I10). */

import type { X509Certificate } from 'node:crypto';
import { ShipperError } from '../../lib/errors.js';
import { ahead } from '../store/ahead.js';
import type { ArchiveLocation } from '../store/location.js';
import { patientStore } from '../store/patient.js';
import {
  ALL_DAEMONS,
  ALL_DAYS,
  type ArchivePart,
  type Days,
  listParts,
  MOST_LISTED,
  named,
  type OnlyDaemons,
} from '../store/walk.js';
import type { Anchors } from './anchors.js';
import { type Bookmark, chainsOf, daysSince, goneFrom } from './bookmark.js';
import { conclude, type Findings } from './conclude.js';
import type { LogFiles } from './log-files.js';
import { PartCheck } from './part.js';
import { type Progress, Shares } from './progress.js';
import {
  Broken,
  type Failure,
  type PartResult,
  type Taken,
  type VerifyResult,
  type Warning,
  Warnings,
} from './result.js';
import { type Shard, shardOf } from './shard.js';
import type { PublicKey } from './signature.js';
import type { Span } from './spans.js';
import { limitsOf, listDays, type Unproved, warnForeign } from './surroundings.js';
import type { KnownPart, Period } from './verdict.js';

export interface VerifyOptions {
  /** Only these are verified; the result says what cannot be known at their edges. */
  readonly days?: Days;
  /** With keys, every seal for which a key counts must be signed with it. */
  readonly keys?: readonly PublicKey[];
  /** With certificates, each time stamp must be of one of these authorities, or of one that they certified. */
  readonly authorities?: readonly X509Certificate[];
  /** Seals exported from Cloud Logging: each must be in the archive. */
  readonly seals?: Anchors | null;
  /** The seals that a witness has: each must be in the archive. */
  readonly witness?: Anchors | null;
  /** Log files that still exist: events must match them. */
  readonly logFiles?: LogFiles | null;
  /** The time that must be covered; by default, the days. */
  readonly period?: Partial<Period>;
  /** What an earlier verification proved; `null`: everything is read. */
  readonly bookmark?: Bookmark | null;
  /** `null`: all daemons that are asked for. */
  readonly shard?: Shard | null;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Reads the whole archive, or some days of it, in memory that does not grow with it. Throws a ShipperError if something
 * cannot be read: that proves neither integrity nor tampering.
 */
export async function verifyArchive(
  location: ArchiveLocation,
  options: VerifyOptions = {},
  onProgress?: (progress: Progress) => void,
): Promise<VerifyResult> {
  return conclude(await examineArchive(location, options, onProgress));
}

/** The same without the verdict. */
export async function examineArchive(
  { store, prefix, only = ALL_DAEMONS }: ArchiveLocation,
  {
    days = ALL_DAYS,
    keys = [],
    authorities = [],
    seals = null,
    witness = null,
    logFiles = null,
    period: asked = {},
    bookmark = null,
    shard = null,
  }: VerifyOptions = {},
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<Findings> {
  const patient = patientStore(store);
  const period = { ...periodOf(days, bookmark), ...asked };
  requireTime(period);
  const warnings = new Warnings();
  const isMine = (place: Place): boolean =>
    isAsked(place, only) && (shard === null || shardOf(place, shard.count) === shard.index);
  // What lies beside the parts belongs to no shard: the first one says it.
  const onForeign = (name: string): void => {
    if (shard === null || shard.index === 0) warnForeign(warnings, name);
  };
  const found = (await listParts(patient, prefix, only, onForeign)).filter(isMine);
  const shares = new Shares(onProgress);
  const ofPart = (part: ArchivePart) => {
    const proved = chainsOf(bookmark, part);
    return { proved, days: daysSince(proved, days) };
  };
  const listed = ahead(found, MOST_LISTED, part => listDays(patient, part, ofPart(part).days, warnings));
  for (const { folder } of found) shares.expect(folder, (await listed.next()).value ?? []);
  const anchors = [seals, witness].filter(one => one !== null);
  const parts: PartResult[] = [];
  const onChain = oneChainFor(keys);
  const unproved: Unproved[] = [];
  const known: KnownPart[] = [];
  for (const part of found) {
    const check = new PartCheck(
      patient,
      part,
      { ...ofPart(part), keys, authorities, anchors, logFiles, asked: askedOf(period), onChain },
      warnings,
    );
    parts.push(await check.run(shares));
    unproved.push(check.unproved);
    known.push(check.known);
  }
  const failure =
    parts.find(part => part.failure !== null)?.failure ??
    (shard === null && parts.length === 0 ? nothingOf(only) : null) ??
    elsewhere(parts, anchors, isMine) ??
    goneParts(bookmark, found);
  const given = {
    days,
    only,
    hasKeys: keys.length > 0,
    hasSeals: anchors.length > 0,
    hasAuthorities: authorities.length > 0,
  };
  const doubts = [...doubtsOf(warnings.all), ...futureSeals(known, period.now)];
  const limits = limitsOf(parts, unproved, given);
  return {
    parts,
    known,
    failure,
    doubts,
    warnings: warnings.all,
    limits,
    period,
    taken: takenFrom(bookmark),
  };
}

/** What the bookmark covers does not have to be covered again. */
function periodOf({ since, until }: Days, bookmark: Bookmark | null): Period {
  const begin = bookmark?.until ?? since;
  return {
    from: begin === null ? null : Date.parse(begin),
    begun: bookmark?.instances ?? null,
    to: until === null ? null : Date.parse(until) + DAY,
    now: Date.now(),
    grace: null,
  };
}

function requireTime({ from, to, now }: Period): void {
  if (from !== null && from >= Math.min(to ?? now, now))
    throw new ShipperError('usage', 'the period ends before it begins, or has not begun yet');
}

function takenFrom(bookmark: Bookmark | null): Taken | null {
  if (bookmark === null) return null;
  const { madeAt, since, until } = bookmark;
  const seals = bookmark.parts.flatMap(({ instance, node, chains }) =>
    chains.map(({ chain, seq, hash }) => ({ instance, node, chain, seq, hash })),
  );
  return { madeAt, since, until, seals };
}

function goneParts(bookmark: Bookmark | null, found: readonly ArchivePart[]): Failure | null {
  const gone = goneFrom(bookmark, found);
  if (gone === null) return null;
  return new Broken(
    'bookmark',
    `the archive has nothing of ${named(gone)}, which the bookmark proved`,
  ).toFailure();
}

function askedOf({ from, to }: Period): Span {
  return { from: from ?? Number.NEGATIVE_INFINITY, to: to ?? Number.POSITIVE_INFINITY };
}

/** A key that counts from a seq on must name its chain if there are several: each chain counts its own events. */
function oneChainFor(keys: readonly PublicKey[]): (chain: string) => void {
  const isAmbiguous = keys.some(({ chain, seq }) => chain === null && seq > 1);
  const met = new Set<string>();
  return chain => {
    met.add(chain);
    if (isAmbiguous && met.size > 1)
      throw new ShipperError(
        'usage',
        `there are several chains: give --public-key FILE@CHAIN/SEQ (${[...met].join(', ')})`,
      );
  };
}

/** Milliseconds by which clocks may differ. */
const TOLERANCE = 5 * 60 * 1000;

/** A clock that was ahead covers time that has not come yet. */
function futureSeals(parts: readonly KnownPart[], now: number): string[] {
  return parts
    .filter(({ coverage }) => coverage.sealedAt > now + TOLERANCE)
    .map(
      ({ node, coverage }) =>
        `node ${node}: the time of a seal, ${new Date(coverage.sealedAt).toISOString()}, is in the future: a clock was ahead`,
    );
}

/** Nobody knows whether a foreign file beside the objects was one of them. */
function doubtsOf(warnings: readonly Warning[]): string[] {
  return warnings
    .filter(({ code }) => code === 'foreign')
    .map(({ what, object }) => (object === null ? what : `${what}, such as ${object}`));
}

interface Place {
  readonly instance: string;
  readonly node: string;
}

function isAsked({ instance, node }: Place, only: OnlyDaemons): boolean {
  return (only.instance ?? instance) === instance && (only.node ?? node) === node;
}

/** What is wrong with the archive as a whole, even if everything in it is intact. */
function elsewhere(
  parts: readonly PartResult[],
  anchors: readonly Anchors[],
  isMine: (place: Place) => boolean,
): Failure | null {
  const isHere = (place: Place): boolean =>
    parts.some(({ instance, node }) => instance === place.instance && node === place.node);
  const knows = anchors.find(one => one.places.some(place => isMine(place) && !isHere(place)));
  return knows === undefined
    ? null
    : new Broken(
        'tail',
        `${knows.from} has seals of an instance and node that are not in the archive`,
      ).toFailure();
}

function nothingOf(only: OnlyDaemons): Failure {
  const what = named(only);
  return new Broken('empty', `there is no archive ${what === '' ? 'here' : `of ${what} here`}`).toFailure();
}
