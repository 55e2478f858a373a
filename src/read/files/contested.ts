/** Finds files that the globs of several servers name. A log belongs to one server: such a file is read for none of them. */

import type { Listed } from './discover.js';

/** Paths of a source. */
export interface Claimed {
  /** Another source names them, too. */
  readonly contested: ReadonlySet<string>;
  /** This source names them no more, and another one does. */
  readonly left: ReadonlySet<string>;
}

export class Claims {
  /** By device and inode: the sources that named the file at their last look. */
  readonly #byFile = new Map<string, Set<string>>();
  /** The paths of the last look, by device and inode. */
  readonly #bySource = new Map<string, ReadonlyMap<string, string>>();

  /** Notes the files that a source's globs name now. */
  note(source: string, files: readonly Pick<Listed, 'path' | 'dev' | 'ino'>[]): Claimed {
    const now = new Map(files.map(file => [keyOf(file), file.path]));
    const left = new Set<string>();
    for (const [key, path] of this.#bySource.get(source) ?? []) {
      if (now.has(key)) continue;
      const others = this.#byFile.get(key);
      others?.delete(source);
      if (others?.size === 0) this.#byFile.delete(key);
      else left.add(path);
    }
    this.#bySource.set(source, now);
    const contested = new Set<string>();
    for (const file of files) {
      const sources = this.#byFile.get(keyOf(file)) ?? new Set();
      this.#byFile.set(keyOf(file), sources.add(source));
      if (sources.size > 1) contested.add(file.path);
    }
    return { contested, left };
  }
}

function keyOf({ dev, ino }: Pick<Listed, 'dev' | 'ino'>): string {
  return `${dev} ${ino}`;
}
