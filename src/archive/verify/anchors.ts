/** Seals known from elsewhere: Cloud Logging or a witness, out of reach of whoever can write to the archive. */

import { hash } from 'node:crypto';
import { z } from 'zod';
import { envelopeSchema } from '../../event/event.js';
import type { Days } from '../store/walk.js';
import type { Chain } from './chain.js';
import { dayOf } from './clock.js';
import type { ReadEvent } from './read-event.js';
import { Broken, plainChain, type Warnings } from './result.js';

const sealLine = envelopeSchema.extend({
  kind: z.literal('seal'),
  time: z.iso.datetime(),
  seal: z.object({ reason: z.string() }),
});

interface Anchor {
  readonly chain: string;
  readonly seq: number;
  readonly previousHash: string;
  /** SHA-256 over the whole seal, in any order of its fields. */
  readonly digest: string;
  /** When it was written, in milliseconds since the epoch. */
  readonly at: number;
  readonly reason: string;
}

/** Who may have seals, as it is named in sentences. */
export const CLOUD_LOGGING = 'Cloud Logging';
export const WITNESS = 'the witness';

interface Place {
  readonly instance: string;
  readonly node: string;
}

export class Anchors {
  /** Where the seals are known from, as it is named in sentences: `Cloud Logging`, `the witness`. */
  readonly from: string;
  /** By instance and node, and by chain, seq and digest: entries may come in any order, and more than once. */
  readonly #parts = new Map<string, Place & { readonly seals: Map<string, Anchor> }>();

  constructor(from: string) {
    this.from = from;
  }

  /** Takes an event as parsed JSON; returns false if it is not a seal. */
  add(event: unknown): boolean {
    const parsed = sealLine.safeParse(event);
    if (!parsed.success) return false;
    const { chain, seq, previousHash, time, instance, node, seal } = parsed.data;
    const part = this.#parts.get(keyOf({ instance, node })) ?? { instance, node, seals: new Map() };
    this.#parts.set(keyOf(part), part);
    const { reason } = seal;
    const anchor = { chain, seq, previousHash, digest: digestOf(event), at: Date.parse(time), reason };
    part.seals.set(`${chain}/${seq}/${anchor.digest}`, anchor);
    return true;
  }

  /** SHA-256 (hex) over all seals. */
  get digest(): string {
    const all = [...this.#parts].flatMap(([part, { seals }]) =>
      [...seals.keys()].map(seal => `${part} ${seal}`),
    );
    return hash('sha256', JSON.stringify(all.sort()), 'hex');
  }

  /** The instances and nodes that have seals. */
  get places(): Place[] {
    return [...this.#parts.values()].map(({ instance, node }) => ({ instance, node }));
  }

  /** @param since the first day that is read; `null`: all are */
  of(place: Place, warnings: Warnings, since: string | null): PartAnchors {
    const seals = [...(this.#parts.get(keyOf(place))?.seals.values() ?? [])];
    return new PartAnchors(seals, this.from, warnings, since);
  }
}

/** The seals of one instance and node, which the archive must contain in their order. */
export class PartAnchors {
  /** By chain, in their order; a seal is removed when it was checked. */
  readonly #ahead: Map<string, Anchor[]>;
  /** For each chain, the last seal that Cloud Logging has, too: it proves everything before it. */
  readonly #proved = new Map<string, number>();
  readonly #warnings: Warnings;
  /** For each chain, the numbers of the seals that Cloud Logging has, in order. */
  readonly #seqs: ReadonlyMap<string, readonly number[]>;
  /** Seals of the archive that are missing in Cloud Logging, between two that are there. */
  readonly #unknown: { readonly chain: string; readonly seq: number }[] = [];
  /** By chain, the times of seals before the first or after the last that Cloud Logging has. */
  readonly outside = new Map<
    string,
    { readonly chain: string; seals: number; readonly first: string; last: string }
  >();

  readonly from: string;

  readonly #since: string | null;
  /** Chains with a seal of the days that are read, before their first object. */
  readonly #begun = new Set<string>();

  constructor(anchors: readonly Anchor[], from: string, warnings: Warnings, since: string | null) {
    this.from = from;
    this.#since = since;
    // From the last to the first: the next one is taken from the end.
    const sorted = anchors.toSorted((a, b) => compare(b.chain, a.chain) || b.seq - a.seq);
    this.#ahead = Map.groupBy(sorted, anchor => anchor.chain);
    this.#seqs = new Map(
      [...this.#ahead].map(([chain, ofChain]) => [chain, ofChain.map(({ seq }) => seq).reverse()]),
    );
    this.#warnings = warnings;
  }

  /** Returns whether Cloud Logging has this seal of the archive. Throws Broken if it has a different one. */
  check(seal: Pick<ReadEvent, 'seq' | 'previousHash' | 'whole' | 'time'>, chain: Chain): boolean {
    const digest = digestOf(seal.whole);
    const isSame = (anchor: Anchor): boolean => anchor.seq === seal.seq && anchor.digest === digest;
    const known = [...this.#takeUntil(seal.seq, chain)];
    const isKnown = known.some(isSame);
    if (isKnown) this.#proved.set(chain.name, seal.seq);
    for (const anchor of known) {
      if (isSame(anchor) || this.#isReplaced(anchor, chain)) continue;
      if (anchor.seq < chain.firstSeq && !this.#isOfDays(anchor)) continue;
      throw anchor.seq === seal.seq
        ? differing(anchor, seal, this.from)
        : missingSeal(anchor, chain, this.from);
    }
    if (!isKnown) this.#notKnown(seal, chain);
    return isKnown;
  }

  /** Cloud Logging gets seals in order: one missing between two others was removed there, or is not the daemon's. */
  #notKnown({ seq, time }: Pick<ReadEvent, 'seq' | 'time'>, { name }: Chain): void {
    const seqs = this.#seqs.get(name) ?? [];
    const [oldest = seq, newest = seq] = [seqs[0], seqs.at(-1)];
    if (seq > oldest && seq < newest) {
      if (this.#unknown.length < MOST_UNKNOWN) this.#unknown.push({ chain: name, seq });
      return;
    }
    const key = `${name} ${seq < oldest ? 'before' : 'behind'}`;
    const known = this.outside.get(key) ?? { chain: name, seals: 0, first: time, last: time };
    this.outside.set(key, { ...known, seals: known.seals + 1, last: time });
  }

  /**
   * Whether the segment of a seal before the chain's first object must be in the days that are read, as it was opened in
   * them: after a seal of the same days, or so that nothing but its age or silence closed it.
   */
  #isOfDays({ chain, at, reason }: Anchor): boolean {
    if (dayOf(at) < (this.#since ?? '')) return false;
    const isAfterOne = this.#begun.has(chain);
    this.#begun.add(chain);
    return ['quiet', 'age'].includes(reason) || (isAfterOne && reason !== 'date');
  }

  *#takeUntil(seq: number, { name }: Chain): Generator<Anchor> {
    const ahead = this.#ahead.get(name) ?? [];
    for (let next = ahead.at(-1); next !== undefined && next.seq <= seq; next = ahead.at(-1)) {
      ahead.pop();
      yield next;
    }
  }

  /** Throws Broken if the archive, as far as it was read, ends before Cloud Logging's last seal, or has other seals. */
  end(chains: ReadonlyMap<string, Chain>, days: Days): void {
    for (const { chain: name, seq } of this.#unknown) {
      const chain = chains.get(name);
      const next = this.#seqs.get(name)?.find(known => known > seq) ?? seq;
      if (chain?.wasTakenUpBetween(seq, next) === true) continue;
      // A witness may have been away: the later seal that it has proves what came before.
      if (this.from !== WITNESS) throw notInExport(seq, this.from);
      this.#warnings.add('seals', AWAY, { seq });
    }
    for (const [name, ahead] of [...this.#ahead].reverse()) {
      const chain = chains.get(name);
      for (const anchor of ahead.toReversed())
        if (isExpected(anchor, chain, days) && !this.#isReplaced(anchor, chain))
          throw missingSeal(anchor, chain, this.from);
    }
  }

  /** Events that were delivered to Cloud Logging alone when the state was lost are read again, and get other seals. */
  #isReplaced(anchor: Anchor, chain: Chain | undefined): boolean {
    const isReplaced = chain?.wasTakenUp(anchor, this.#proved.get(anchor.chain) ?? 0) === true;
    if (isReplaced) this.#warnings.add('seals', replacedIn(this.from), { seq: anchor.seq });
    return isReplaced;
  }

  /** Whether a chain of the archive continues after the last seal that Cloud Logging has. */
  isBehind({ name, lastSeq }: Chain): boolean {
    return (this.#proved.get(name) ?? 0) < lastSeq;
  }
}

/** Kept until the end: only then is it known whether the chain was taken up after them. */
const MOST_UNKNOWN = 10_000;

const AWAY = 'the witness lacks seals between others that it has, and that prove them: it was away';

function notInExport(seq: number, from: string): Broken {
  return new Broken(
    'anchor',
    `event ${seq} is a seal in the archive; ${from} has older and newer seals, but not this one`,
    {
      seq,
    },
  );
}

function replacedIn(from: string): string {
  return `seals in ${from} belong to an end of the chain that was lost with the state, before the chain was taken up again`;
}

/** Whether a seal after the last one in the archive must be within the range of days, according to its time. */
function isExpected({ at }: Anchor, chain: Chain | undefined, { since, until }: Days): boolean {
  const day = dayOf(at);
  if (until !== null && day > until) return false;
  // A segment that was opened the day before may be outside the range.
  return since === null || (chain === undefined ? day > since : day >= since);
}

function differing(anchor: Anchor, seal: { readonly previousHash: string }, from: string): Broken {
  const isElsewhere = anchor.previousHash !== seal.previousHash;
  const what = isElsewhere ? 'follows a different event than' : 'differs from';
  return new Broken('anchor', `the seal ${what} the same seal in ${from}`);
}

function missingSeal({ chain, seq }: Anchor, found: Chain | undefined, from: string): Broken {
  if (found === undefined)
    return new Broken(
      'tail',
      `${from} has seals of chain ${plainChain(chain)}, which is not in the archive`,
      {
        seq,
      },
    );
  if (seq < found.firstSeq)
    return new Broken('missing', `event ${seq} is a seal of these days in ${from}, and not in the archive`, {
      seq,
    });
  if (seq <= found.lastSeq)
    return new Broken('anchor', `event ${seq} is a seal in ${from}, but not in the archive`, { seq });
  return new Broken('tail', `the chain ends with event ${found.lastSeq}, but ${from} has its seal ${seq}`, {
    seq,
  });
}

function keyOf({ instance, node }: Place): string {
  return JSON.stringify([instance, node]);
}

function digestOf(value: unknown): string {
  return hash('sha256', JSON.stringify(sorted(value)), 'hex');
}

/** Cloud Logging does not keep the order of fields. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => compare(a, b))
    .map(([name, inner]) => [name, sorted(inner)]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
