/** The positions in all known files of all servers. What they cost does not depend on how many have not changed. */

import { inWritingOrder, type SourcePosition } from '../event/position.js';
import type { SealedPosition } from '../event/seal.js';
import { at } from '../lib/map.js';
import { marked, type SourceCheckpoint } from './sources.js';

/** What an entry changes of a server's positions. */
export interface PositionChange extends Pick<SourceCheckpoint, 'files' | 'gone'> {
  readonly source: string;
}

export type SourceFiles = ReadonlyMap<string, readonly SourcePosition[]>;

export class Positions {
  /** By server, then by content. */
  readonly #bySource = new Map<string, Map<string, SourcePosition>>();
  /** By server, contents whose positions changed since the last seal. */
  readonly #unsealed = new Map<string, Set<string>>();
  /** By server, the content that was written last, if known. */
  readonly #newest = new Map<string, SourcePosition>();

  /** @param unsealed of the files, those that changed since the last seal */
  constructor(files: SourceFiles, unsealed: SourceFiles = new Map()) {
    for (const [source, all] of files) this.change({ source, files: all });
    this.#unsealed.clear();
    for (const [source, some] of unsealed)
      this.#unsealed.set(source, new Set(some.map(({ contentId }) => contentId)));
  }

  change({ source, files, gone = [] }: PositionChange): void {
    const known = at(this.#bySource, source, () => new Map<string, SourcePosition>());
    const unsealed = at(this.#unsealed, source, () => new Set<string>());
    for (const file of files) {
      known.set(file.contentId, file);
      unsealed.add(file.contentId);
      const newest = this.#newest.get(source);
      if (newest === undefined || inWritingOrder(newest, file) <= 0) this.#newest.set(source, file);
    }
    for (const contentId of gone) {
      known.delete(contentId);
      unsealed.delete(contentId);
      if (this.#newest.get(source)?.contentId === contentId) this.#newest.delete(source);
    }
  }

  /** Servers whose positions are known, also those that are no longer configured: they may come back. */
  get sources(): string[] {
    return [...this.#bySource.keys()];
  }

  /** Nothing more will come of this server. */
  forget(source: string): void {
    this.#bySource.delete(source);
    this.#unsealed.delete(source);
    this.#newest.delete(source);
  }

  /** In the order in which they were written. */
  of(source: string): SourcePosition[] {
    return [...(this.#bySource.get(source)?.values() ?? [])].sort(inWritingOrder);
  }

  /** All, for a seal. */
  get all(): SealedPosition[] {
    return this.sources.flatMap(source => this.of(source).map(file => marked(source, file)));
  }

  /**
   * Those that changed since the last seal. The last one of each server is always its newest, as among all: it shows
   * where reading stopped.
   */
  get changed(): SealedPosition[] {
    return this.sources.flatMap(source => this.#changedOf(source).map(file => marked(source, file)));
  }

  /** A seal has those that changed. */
  sealed(): void {
    this.#unsealed.clear();
  }

  #changedOf(source: string): SourcePosition[] {
    const newest = this.#newest.get(source) ?? this.of(source).at(-1);
    if (newest === undefined) return [];
    this.#newest.set(source, newest);
    const known = this.#bySource.get(source);
    const ids = new Set([...(this.#unsealed.get(source) ?? []), newest.contentId]);
    return [...ids].flatMap(id => known?.get(id) ?? []).sort(inWritingOrder);
  }
}
