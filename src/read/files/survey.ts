/** Finds the content of each path that the globs name now. */

import type { FileHandle } from 'node:fs/promises';
import { codeOf } from '../../lib/errors.js';
import type { SourceFault } from '../record.js';
import { discover, type Listed } from './discover.js';
import type { Identity } from './identify.js';
import { openFile } from './open-file.js';

export interface Surveyed extends Listed {
  readonly identity: Identity;
}

const NOT_A_FILE: Identity = { kind: 'unsupported', reason: 'not-a-file' };

/** Looks again and again; a file that seems unchanged is not opened again. */
export class Survey {
  readonly #patterns: readonly string[];
  readonly #identify: (file: FileHandle) => Promise<Identity>;
  #before: ReadonlyMap<string, Surveyed> = new Map();

  constructor(patterns: readonly string[], identify: (file: FileHandle) => Promise<Identity>) {
    this.#patterns = patterns;
    this.#identify = identify;
  }

  /** It never throws: what cannot be read is a fault. */
  async take(): Promise<{ files: Surveyed[]; faults: SourceFault[]; unmatched: readonly string[] }> {
    const listing = await discover(this.#patterns);
    const faults = [...listing.faults];
    const files: Surveyed[] = [];
    for (const file of listing.files) {
      try {
        files.push({ ...file, identity: await this.#identityOf(file) });
      } catch (error) {
        faults.push({ path: file.path, code: codeOf(error) });
      }
    }
    this.#before = new Map(files.map(file => [file.path, file]));
    return { files, faults, unmatched: listing.unmatched };
  }

  async #identityOf(file: Listed): Promise<Identity> {
    if (!file.isFile) return NOT_A_FILE;
    const before = this.#before.get(file.path);
    if (before !== undefined && isUnchanged(before, file)) return before.identity;
    const handle = await openFile(file.path);
    if (handle === null) return NOT_A_FILE;
    try {
      return await this.#identify(handle);
    } finally {
      await handle.close();
    }
  }
}

function isUnchanged(a: Listed, b: Listed): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.modified === b.modified;
}
