/** Finds files that the globs of several servers name. A log belongs to one server: such a file is read for none of them. */

import type { Listed } from './discover.js';

export class Claims {
  /** By device and inode: the sources that named the file at their last look. */
  readonly #byFile = new Map<string, Set<string>>();
  readonly #bySource = new Map<string, ReadonlySet<string>>();

  /** Notes the files that a source's globs name now; returns the paths of those that another source names, too. */
  note(source: string, files: readonly Pick<Listed, 'path' | 'dev' | 'ino'>[]): ReadonlySet<string> {
    const now = new Set(files.map(keyOf));
    for (const key of this.#bySource.get(source) ?? [])
      if (!now.has(key)) this.#byFile.get(key)?.delete(source);
    this.#bySource.set(source, now);
    const contested = new Set<string>();
    for (const file of files) {
      const sources = this.#byFile.get(keyOf(file)) ?? new Set();
      this.#byFile.set(keyOf(file), sources.add(source));
      if (sources.size > 1) contested.add(file.path);
    }
    return contested;
  }
}

function keyOf({ dev, ino }: Pick<Listed, 'dev' | 'ino'>): string {
  return `${dev} ${ino}`;
}
