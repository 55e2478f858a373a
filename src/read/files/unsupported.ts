/** Files that are not read because they are not csvlog, or are not known to be: each is reported once. */

import type { SourceFault, UnsupportedReason } from '../record.js';
import { isAnyReadable, newestInOtherFormat } from './formats.js';
import type { Surveyed } from './survey.js';

export class Unsupported {
  readonly #report: (path: string, reason: UnsupportedReason) => void;
  readonly #reasons = new Map<string, UnsupportedReason>();

  constructor(report: (path: string, reason: UnsupportedReason) => void) {
    this.#report = report;
  }

  note(path: string, reason: UnsupportedReason): void {
    if (this.#reasons.get(path) === reason) return;
    this.#reasons.set(path, reason);
    this.#report(path, reason);
  }

  readonly reasonOf = (path: string): UnsupportedReason | undefined => this.#reasons.get(path);

  /** The file is read after all. */
  forget(path: string): void {
    this.#reasons.delete(path);
  }

  /** Drops all other files: they are gone. */
  keep(files: readonly Surveyed[]): void {
    const there = new Set(files.map(file => file.path));
    for (const path of this.#reasons.keys()) if (!there.has(path)) this.#reasons.delete(path);
  }

  of(code: UnsupportedReason): SourceFault[] {
    const found = [...this.#reasons].filter(([, reason]) => reason === code);
    return found.map(([path]) => ({ path, code }));
  }

  /**
   * The content of a log in another format is not known. If more may come, the newest file shows what the server writes
   * now; with `once` each file counts.
   */
  otherFormats(files: readonly Surveyed[], once: boolean): SourceFault[] {
    const all = [...this.of('format'), ...this.of('columns')];
    if (once || all.length === 0) return all;
    const newest = newestInOtherFormat(files, this.reasonOf);
    return all.filter(({ path }) => path === newest);
  }

  isAnyReadable(files: readonly Surveyed[]): boolean {
    return isAnyReadable(files, this.reasonOf);
  }
}
