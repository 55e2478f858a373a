/** Finds the content of each path that the globs name now. */

import type { FileHandle } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { hasPassed } from '../../lib/clock.js';
import { codeOf } from '../../lib/errors.js';
import type { SourceFault } from '../record.js';
import { discover, type Listed, type Listing, listedAs, listedAt } from './discover.js';
import type { Identity } from './identify.js';
import { openFile } from './open-file.js';

export interface Surveyed extends Listed {
  readonly identity: Identity;
}

const NOT_A_FILE: Identity = { kind: 'unsupported', reason: 'not-a-file' };

/** Up to so many files, each look is at all of them. */
export const FEW = 64;
/** Milliseconds after which all files are looked at, whatever their folders say: some file systems do not tell. */
const AGAIN = 60_000;
/** Milliseconds in which a folder may change twice and look as if it had once: times may be coarse. */
const COARSE = 3000;

/** Looks again and again; a file that seems unchanged is not opened again. */
export class Survey {
  readonly #patterns: readonly string[];
  readonly #identify: (file: FileHandle) => Promise<Identity>;
  #before = new Map<string, Surveyed>();
  /** What the folders looked like just before the last look at all files, and when that began. */
  #folders: ReadonlyMap<string, string> | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Files that are not a log, or not yet: the newest of them. */
  #others: readonly string[] = [];

  constructor(patterns: readonly string[], identify: (file: FileHandle) => Promise<Identity>) {
    this.#patterns = patterns;
    this.#identify = identify;
  }

  /** It never throws: what cannot be read is a fault. */
  async take(
    now: number,
  ): Promise<{ files: Surveyed[]; faults: SourceFault[]; unmatched: readonly string[] }> {
    const listing = await discover(this.#patterns);
    const faults = [...listing.faults];
    const files: Surveyed[] = [];
    for (const file of listing.files) {
      try {
        files.push(await this.#surveyed(file));
      } catch (error) {
        faults.push({ path: file.path, code: codeOf(error) });
      }
    }
    this.#before = new Map(files.map(file => [file.path, file]));
    this.#others = newest(files.filter(({ identity }) => identity.kind !== 'content')).map(
      ({ path }) => path,
    );
    this.#lookedAt = now;
    const isLasting = files.length > FEW && faults.length === 0;
    this.#folders = isLasting ? await settledFolders(listing, now) : null;
    return { files, faults, unmatched: listing.unmatched };
  }

  /**
   * Looks at these files, and at those that may become a log, if there are many, and nothing appeared, disappeared or
   * was renamed since the last look at all. Returns those that changed; `null` if it takes a look at all.
   */
  async takePart(paths: Iterable<string>, now: number): Promise<Surveyed[] | null> {
    if (this.#folders === null || hasPassed(this.#lookedAt, now, AGAIN)) return null;
    for (const [path, state] of this.#folders) if ((await stateOf(path)) !== state) return null;
    const changed: Surveyed[] = [];
    for (const path of new Set([...paths, ...this.#others])) {
      const before = this.#before.get(path);
      const file = await this.#again(path);
      if (before === undefined || file === null || !isSameFile(before, file)) return null;
      if (!isUnchanged(before, file)) changed.push(file);
    }
    for (const file of changed) this.#before.set(file.path, file);
    return changed;
  }

  async #again(path: string): Promise<Surveyed | null> {
    try {
      return await this.#surveyed(await listedAt(path));
    } catch {
      // A look at all finds out what is wrong with it.
      return null;
    }
  }

  /** Another file may have the name by now: its size and its content are of the same file. */
  async #surveyed(file: Listed): Promise<Surveyed> {
    if (!file.isFile) return { ...file, identity: NOT_A_FILE };
    const before = this.#before.get(file.path);
    if (before !== undefined && isUnchanged(before, file)) return { ...file, identity: before.identity };
    const handle = await openFile(file.path);
    if (handle === null) return { ...file, identity: NOT_A_FILE };
    try {
      const opened = listedAs(file.path, await handle.stat());
      return { ...opened, identity: await this.#identify(handle) };
    } finally {
      await handle.close();
    }
  }
}

function isUnchanged(a: Listed, b: Listed): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.modified === b.modified;
}

/** It has the content that it had, and perhaps more of it. */
function isSameFile(a: Surveyed, b: Surveyed): boolean {
  const [one, other] = [a, b].map(({ identity }) => ('contentId' in identity ? identity.contentId : null));
  return a.ino === b.ino && a.dev === b.dev && a.identity.kind === b.identity.kind && one === other;
}

function newest(files: readonly Surveyed[]): readonly Surveyed[] {
  return files.toSorted((a, b) => b.modified - a.modified).slice(0, FEW);
}

/**
 * The state of each folder; `null` if one may change, or did since the listing, so that its time does not show it.
 */
async function settledFolders(
  { folders }: Listing,
  lookedAt: number,
): Promise<ReadonlyMap<string, string> | null> {
  const states = new Map<string, string>();
  for (const path of folders) {
    const state = await stateOf(path);
    const modified = Number(state?.split(' ')[2]);
    if (state === null || !hasPassed(modified, lookedAt, COARSE)) return null;
    states.set(path, state);
  }
  return states;
}

/** Differs once an entry appeared, disappeared or was renamed; `null` if it cannot be seen. */
async function stateOf(folder: string): Promise<string | null> {
  try {
    const { dev, ino, mtimeMs } = await stat(folder);
    return `${dev} ${ino} ${mtimeMs}`;
  } catch {
    // A look at all files reports what is wrong with it.
    return null;
  }
}
