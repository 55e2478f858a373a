/**
 * What an earlier verification proved, so that the next one reads only what came since. It names seals by their hash: a
 * chain that leads to such a seal holds everything before it unchanged.
 */

import { createHash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { DeepReadonly } from '../../lib/deep-readonly.js';
import type { ArchivePart, Days, OnlyDaemons } from '../store/walk.js';
import type { VerifyResult } from './result.js';
import type { PublicKey } from './signature.js';

const day = z.iso.date();

const provedChainSchema = z.object({
  chain: z.string(),
  /** Its last event that was read: a seal. */
  seq: z.int().positive(),
  /** SHA-256 (hex) of that line. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** UTC day under which its object is stored. */
  day,
});
export type ProvedChain = DeepReadonly<z.infer<typeof provedChainSchema>>;

export const bookmarkSchema = z.object({
  v: z.literal(1),
  /** When the verification ended. */
  madeAt: z.iso.datetime(),
  /** The first UTC day that was ever verified; `null`: all since the beginning. */
  since: day.nullable(),
  /** Everything that was expected until then was covered. */
  until: z.iso.datetime(),
  /** Which daemons were asked for. */
  only: z.object({ instance: z.string().nullable(), node: z.string().nullable() }),
  /** With which keys signatures were checked. */
  keys: z.array(z.string()),
  /** The servers that were expected, by name. */
  instances: z.array(z.string()),
  parts: z.array(
    z.object({ instance: z.string(), node: z.string(), chains: z.array(provedChainSchema).min(1) }),
  ),
});
export type Bookmark = DeepReadonly<z.infer<typeof bookmarkSchema>>;

/** What a verification was asked for, which must be the same for one that continues it. */
export interface BookmarkTerms {
  readonly only: OnlyDaemons;
  readonly keys: readonly PublicKey[];
}

/** How a key is named in a bookmark: its fingerprint, and from where on it counts. */
export function nameOfKey({ key, chain, seq }: PublicKey): string {
  return `${fingerprintOf(key)}@${chain ?? ''}/${seq}`;
}

function fingerprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Why a verification on these terms cannot continue from the bookmark; `null` if it can. */
export function misfitOf({ only, keys }: Bookmark, terms: BookmarkTerms): string | null {
  if (only.instance !== terms.only.instance || only.node !== terms.only.node)
    return 'it was made for other daemons (--instance, --node, or the address)';
  const given = terms.keys.map(nameOfKey);
  if (keys.length === 0 && given.length > 0) return 'it was made without --public-key';
  return keys.every(key => given.includes(key)) ? null : 'it was made with another --public-key';
}

/** The chains of a part that the bookmark knows; none if there is no bookmark. */
export function chainsOf(
  bookmark: Bookmark | null,
  part: Pick<ArchivePart, 'instance' | 'node'>,
): readonly ProvedChain[] {
  const known = bookmark?.parts.find(
    ({ instance, node }) => instance === part.instance && node === part.node,
  );
  return known?.chains ?? [];
}

/** The days of a part that must be read: from that of its newest seal in the bookmark on. */
export function daysSince(proved: readonly ProvedChain[], days: Days): Days {
  const newest = proved
    .map(chain => chain.day)
    .sort()
    .at(-1);
  return newest === undefined ? days : { ...days, since: newest };
}

/** A part that was proved, and of which the archive has nothing; `null` if there is none. */
export function goneFrom(
  bookmark: Bookmark | null,
  found: readonly Pick<ArchivePart, 'instance' | 'node'>[],
): { readonly instance: string; readonly node: string } | null {
  const isHere = ({ instance, node }: { instance: string; node: string }): boolean =>
    found.some(part => part.instance === instance && part.node === node);
  return bookmark?.parts.find(part => !isHere(part)) ?? null;
}

/** The bookmark after this verification; `null` if its verdict is not whole: then there is nothing to continue from. */
export function nextBookmark(
  { verdict, parts, instances, period }: VerifyResult,
  { only, keys }: BookmarkTerms,
  before: Bookmark | null,
  since: string | null,
): Bookmark | null {
  if (verdict !== 'whole') return null;
  const proved = parts.map(({ instance, node, chains }) => {
    const read = chains.map(({ chain, lastSeq, lastHash, lastDay }) => ({
      ...{ chain, seq: lastSeq, hash: lastHash, day: lastDay },
    }));
    const older = chainsOf(before, { instance, node }).filter(
      one => !read.some(({ chain }) => chain === one.chain),
    );
    return { instance, node, chains: [...older, ...read] };
  });
  return {
    v: 1,
    madeAt: new Date().toISOString(),
    since: before === null ? since : before.since,
    until: new Date(Date.parse(period.to) - period.grace).toISOString(),
    only,
    keys: keys.map(nameOfKey),
    instances: [...new Set([...(before?.instances ?? []), ...instances.map(({ instance }) => instance)])],
    parts: proved.filter(({ chains }) => chains.length > 0),
  };
}
