/** All known contents, in the order in which they were written. */

import { dirname } from 'node:path';
import type { SourcePosition } from '../../event/position.js';
import { hasPassed } from '../../lib/clock.js';
import { SETTLE } from './doubts.js';
import { Follower, type FollowerOptions } from './follower.js';
import { START } from './position.js';
import type { Surveyed } from './survey.js';

/**
 * Files that are gone are kept here up to this number, and for at least this long (milliseconds); the ledger keeps the
 * others.
 */
const GONE_REMEMBERED = 64;
const GONE_AT_LEAST = 60 * 60 * 1000;

interface FollowersOptions extends FollowerOptions {
  /** Nobody writes to the files any more. */
  readonly once: boolean;
}

export class Followers {
  readonly #options: FollowersOptions;
  readonly #byContent = new Map<string, Follower>();
  readonly #knownAtStart: ReadonlySet<string>;
  /** Files with only an incomplete line, by content, and since when. */
  #partial = new Map<string, number>();
  #inOrder: readonly Follower[] = [];
  /** The newest content of each folder. */
  #newest: ReadonlyMap<string, Follower> = new Map();

  constructor(positions: readonly SourcePosition[], options: FollowersOptions, now: number) {
    this.#options = options;
    this.#knownAtStart = new Set(positions.map(({ contentId }) => contentId));
    for (const position of positions) this.#add(position, now);
    this.#sort();
  }

  /** Oldest first, by the time of the first record. */
  get inOrder(): readonly Follower[] {
    return this.#inOrder;
  }

  has(contentId: string): boolean {
    return this.#byContent.has(contentId);
  }

  /** Continues a content that the ledger kept. */
  remember(position: SourcePosition, now: number): void {
    this.#add(position, now);
  }

  /** Contents that are gone for so long that only the ledger needs them. */
  longGone(now: number): SourcePosition[] {
    const gone = this.#inOrder.filter(follower => follower.goneFor(now) > 0);
    return gone
      .slice(0, Math.max(0, gone.length - GONE_REMEMBERED))
      .filter(follower => follower.goneFor(now) > GONE_AT_LEAST)
      .map(follower => follower.position);
  }

  forget(positions: readonly SourcePosition[]): void {
    for (const { contentId } of positions) this.#byContent.delete(contentId);
    this.#sort();
  }

  /**
   * The first listed content that was written after this one or, if the clock was set back, that was not known at the
   * start; `null` if there is none.
   */
  successorOf(follower: Follower): Follower | null {
    const at = this.#inOrder.indexOf(follower);
    const isNew = ({ isListed, contentId }: Follower): boolean =>
      isListed && !this.#knownAtStart.has(contentId);
    const later = this.#inOrder.slice(at + 1).find(({ isListed }) => isListed);
    return later ?? this.#inOrder.find(isNew) ?? null;
  }

  get(contentId: string): Follower | undefined {
    return this.#byContent.get(contentId);
  }

  /** Whether its folder has a newer file: PostgreSQL writes to one at a time. */
  hasSuccessor(follower: Follower): boolean {
    return this.#newest.get(follower.home) !== follower;
  }

  /** Whether a file with only an incomplete line may turn out to be torn. */
  get hasPartial(): boolean {
    return this.#partial.size > 0;
  }

  /** Gives each follower its present paths; returns new contents. */
  assign(files: readonly Surveyed[], isComplete: boolean, now: number): SourcePosition[] {
    const found: SourcePosition[] = [];
    const byContent = new Map<string, Map<string, Surveyed>>();
    const settled = this.#settlePartial(files, now);
    for (const file of files) {
      const { path, identity } = file;
      if (identity.kind !== 'content' && identity.kind !== 'partial') continue;
      const { contentId, firstTime, kind } = identity;
      if (!this.#byContent.has(contentId) && (kind === 'content' || settled.has(contentId)))
        found.push(this.#add(firstPosition(contentId, path, firstTime), now));
      byContent.set(contentId, (byContent.get(contentId) ?? new Map()).set(path, file));
    }
    for (const follower of this.#byContent.values()) {
      const paths = byContent.get(follower.contentId) ?? new Map();
      if (isComplete) follower.listed(paths, now);
      else follower.seenAt(paths);
    }
    this.#sort();
    return found;
  }

  /** Such a file is read, as torn, once a newer file is beside it and it no longer changes. */
  #settlePartial(files: readonly Surveyed[], now: number): Set<string> {
    const before = this.#partial;
    this.#partial = new Map();
    const settled = new Set<string>();
    const writes = lastWrites(files);
    for (const { path, modified, identity } of files) {
      if (identity.kind !== 'partial' || this.#byContent.has(identity.contentId)) continue;
      // With equal times neither is newer, unless nobody writes to them any more.
      const isNewer = (other: Surveyed): boolean => {
        const time = dirname(other.path) === dirname(path) ? writes.get(other) : undefined;
        return time !== undefined && (time > modified || (this.#options.once && time === modified));
      };
      if (!files.some(isNewer)) continue;
      const since = before.get(identity.contentId) ?? now;
      if (hasPassed(since, now, SETTLE)) settled.add(identity.contentId);
      else this.#partial.set(identity.contentId, since);
    }
    return settled;
  }

  #add(position: SourcePosition, now: number): SourcePosition {
    this.#byContent.set(position.contentId, new Follower(position, this.#options, now));
    return position;
  }

  #sort(): void {
    this.#inOrder = [...this.#byContent.values()].sort(
      (a, b) =>
        (a.firstTime ?? Number.NEGATIVE_INFINITY) - (b.firstTime ?? Number.NEGATIVE_INFINITY) ||
        compare(a.path, b.path),
    );
    this.#newest = new Map(this.#inOrder.map(follower => [follower.home, follower]));
  }
}

/** When the contents of files were last written; a later copy does not count. */
function lastWrites(files: readonly Surveyed[]): ReadonlyMap<Surveyed, number> {
  const copies = Map.groupBy(files, ({ identity }) =>
    identity.kind === 'content' ? identity.contentId : '',
  );
  copies.delete('');
  return new Map(
    [...copies.values()].flatMap(same => {
      const first = Math.min(...same.map(({ modified }) => modified));
      return same.map((file): [Surveyed, number] => [file, first]);
    }),
  );
}

function firstPosition(contentId: string, path: string, firstTime: number | null): SourcePosition {
  return {
    fileId: contentId,
    contentId,
    path,
    firstTime,
    lastTime: '',
    columns: 0,
    size: 0,
    ...START,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
