/** All known contents, in the order in which they were written. */

import { dirname } from 'node:path';
import { inWritingOrder, type SourcePosition } from '../../event/position.js';
import { hasPassed } from '../../lib/clock.js';
import type { LogFormat } from '../../lib/log-format.js';
import { SETTLE } from './doubts.js';
import { Follower } from './follower.js';
import type { FollowerOptions } from './follower-state.js';
import { START } from './position.js';
import { FEW, type Surveyed } from './survey.js';

/**
 * Files that are gone are kept here up to this number, and for at least this long (milliseconds); the ledger keeps the
 * others.
 */
const GONE_REMEMBERED = 64;
const GONE_AT_LEAST = 60 * 60 * 1000;

interface FollowersOptions extends FollowerOptions {
  /** Nobody writes to the files any more. */
  readonly once: boolean;
  /** Paths that `source.files` does not name: they were given to `backfill`. */
  readonly backfilled?: ReadonlySet<string>;
}

export class Followers {
  readonly #options: FollowersOptions;
  readonly #byContent = new Map<string, Follower>();
  readonly #knownAtStart: ReadonlySet<string>;
  /** Files with only an incomplete line, by content, and since when. */
  #partial = new Map<string, number>();
  #inOrder: readonly Follower[] = [];
  /** Those that are not finished; the others cost nothing between two looks at all folders. */
  readonly #unfinished = new Set<Follower>();
  /** The same in order, with some at its beginning that are finished by now; `null` if others came. */
  #unfinishedInOrder: Follower[] | null = null;
  /** Since the last `takeChanges`: those with another position, and contents that were forgotten. */
  readonly #moved = new Set<Follower>();
  #gone: string[] = [];
  /** The newest content of each folder. */
  #newest: ReadonlyMap<string, Follower> = new Map();

  constructor(positions: readonly SourcePosition[], options: FollowersOptions, now: number) {
    this.#options = options;
    this.#knownAtStart = new Set(positions.map(({ contentId }) => contentId));
    for (const position of positions) this.#add(position, now);
    this.#sort();
  }

  #noteMove(follower: Follower): void {
    this.#moved.add(follower);
    this.#wake(follower);
  }

  /** Those that are not finished, oldest first. */
  get unfinished(): readonly Follower[] {
    const list = this.#unfinishedInOrder ?? [...this.#unfinished].sort(inWritingOrder);
    this.#unfinishedInOrder = list;
    // They finish in order, mostly.
    while (list[0] !== undefined && !this.#unfinished.has(list[0])) list.shift();
    return list;
  }

  get areMany(): boolean {
    return this.#byContent.size > FEW;
  }

  /** Paths of finished files if there are many: what happens to them is left to looks at the folders. */
  get finishedPaths(): ReadonlySet<string> {
    if (!this.areMany) return new Set();
    const finished = this.#inOrder.filter(follower => !this.#unfinished.has(follower));
    return new Set(finished.flatMap(({ paths }) => [...paths.keys()]));
  }

  /** Returns whether it is finished: nobody asks it anything until it changes. */
  settle(follower: Follower): boolean {
    if (!follower.isFinished) return false;
    this.#unfinished.delete(follower);
    return true;
  }

  /** Positions that changed since the last call, and contents that were forgotten. */
  takeChanges(): { files: SourcePosition[]; gone: string[] } {
    const changes = { files: [...this.#moved].map(({ position }) => position), gone: this.#gone };
    this.#moved.clear();
    this.#gone = [];
    return changes;
  }

  #wake(follower: Follower): void {
    if (this.#unfinished.has(follower)) return;
    this.#unfinished.add(follower);
    this.#unfinishedInOrder = null;
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
    this.#noteMove(this.#add(position, now));
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
    for (const { contentId } of positions) {
      const follower = this.#byContent.get(contentId);
      if (follower === undefined) continue;
      this.#byContent.delete(contentId);
      this.#unfinished.delete(follower);
      this.#moved.delete(follower);
      this.#gone.push(contentId);
    }
    this.#unfinishedInOrder = null;
    this.#sort();
  }

  /** What `source.files` names: files that were given to `backfill` do not say what the server's log has now. */
  live(files: readonly Surveyed[]): Surveyed[] {
    return files.filter(({ path }) => this.#options.backfilled?.has(path) !== true);
  }

  /** In which reading the server's log stopped; `null` if nothing of it was read. */
  lastLive(among: (one: Follower) => boolean): Follower | null {
    return this.#inOrder.findLast(one => isLive(one) && among(one)) ?? null;
  }

  /** In which the server's log continues after this one; `null` if there is none yet. */
  liveSuccessorOf(follower: Follower): Follower | null {
    return this.successorOf(follower, isLive);
  }

  /**
   * The first listed content that was written after this one or, if the clock was set back, that was not known at the
   * start; `null` if there is none.
   */
  successorOf(follower: Follower, among: (one: Follower) => boolean = () => true): Follower | null {
    const at = this.#inOrder.indexOf(follower);
    const isListed = (one: Follower): boolean => one.isListed && among(one);
    const isNew = (one: Follower): boolean => isListed(one) && !this.#knownAtStart.has(one.contentId);
    return this.#inOrder.slice(at + 1).find(isListed) ?? this.#inOrder.find(isNew) ?? null;
  }

  get(contentId: string): Follower | undefined {
    return this.#byContent.get(contentId);
  }

  /** Whether its folder has a newer file: PostgreSQL writes to one at a time. */
  hasSuccessor(follower: Follower): boolean {
    return this.#newest.get(follower.home) !== follower;
  }

  /** A container's log may have been rotated within a record: the file before then ends with a part of it. */
  carryInto(follower: Follower): void {
    if (follower.position.offset > 0) return;
    const before = this.#inOrder[this.#inOrder.indexOf(follower) - 1];
    if (before?.home === follower.home && before.parts !== null) follower.carryOn(before);
  }

  /** Whether the rest of what it ends with may come in the next file, of which nothing was read yet. */
  mayCarry(follower: Follower): boolean {
    const next = this.successorOf(follower);
    return follower.parts !== null && next?.home === follower.home && next.position.offset === 0;
  }

  /** Whether a file with only an incomplete line may turn out to be torn. */
  get hasPartial(): boolean {
    return this.#partial.size > 0;
  }

  /** Gives followers what a look at some files found, which have the contents that they had. */
  grown(files: readonly Surveyed[], now: number): void {
    for (const file of files) {
      const follower =
        file.identity.kind === 'content' ? this.#byContent.get(file.identity.contentId) : undefined;
      if (follower === undefined) continue;
      follower.listed(new Map([...follower.paths, [file.path, file]]), now);
      this.#wake(follower);
    }
  }

  /** Gives each follower its present paths; returns new contents. */
  assign(files: readonly Surveyed[], isComplete: boolean, now: number): SourcePosition[] {
    const found: SourcePosition[] = [];
    const byContent = new Map<string, Map<string, Surveyed>>();
    const settled = this.#settlePartial(files, now);
    for (const file of files) {
      const { path, identity } = file;
      if (identity.kind !== 'content' && identity.kind !== 'partial') continue;
      const { contentId, firstTime, kind, format } = identity;
      const isBackfilled = this.#options.backfilled?.has(path) === true;
      if (!isBackfilled) this.#byContent.get(contentId)?.notBackfilled();
      if (!this.#byContent.has(contentId) && (kind === 'content' || settled.has(contentId)))
        found.push(this.#found(firstPosition(contentId, path, firstTime, format, isBackfilled), now));
      byContent.set(contentId, (byContent.get(contentId) ?? new Map()).set(path, file));
    }
    for (const follower of this.#byContent.values()) {
      const paths = byContent.get(follower.contentId) ?? new Map();
      if (isComplete) follower.listed(paths, now);
      else follower.seenAt(paths);
      if (!follower.isFinished) this.#wake(follower);
    }
    this.#sort();
    return found;
  }

  #found(position: SourcePosition, now: number): SourcePosition {
    this.#noteMove(this.#add(position, now));
    return position;
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

  #add(position: SourcePosition, now: number): Follower {
    const follower: Follower = new Follower(position, this.#options, () => this.#noteMove(follower), now);
    this.#byContent.set(position.contentId, follower);
    this.#wake(follower);
    return follower;
  }

  #sort(): void {
    this.#inOrder = [...this.#byContent.values()].sort(inWritingOrder);
    this.#newest = new Map(this.#inOrder.map(follower => [follower.home, follower]));
  }
}

function isLive({ position }: Follower): boolean {
  return position.backfilled !== true;
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

function firstPosition(
  contentId: string,
  path: string,
  firstTime: number | null,
  format: LogFormat,
  isBackfilled: boolean,
): SourcePosition {
  return {
    ...(format === 'csvlog' ? {} : { format }),
    ...(isBackfilled && { backfilled: true }),
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
