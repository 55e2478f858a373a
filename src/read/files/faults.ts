/** What keeps files from being read: reported once, until it changes. */

import { codeOf } from '../../lib/errors.js';
import type { SourceFault } from '../record.js';
import type { Follower } from './follower.js';
import type { Surveyed } from './survey.js';
import type { Unsupported } from './unsupported.js';

interface FaultsOptions {
  /** Absolute. */
  readonly patterns: readonly string[];
  readonly once: boolean;
  readonly unsupported: Unsupported;
  readonly report: {
    sourceFaults(faults: readonly SourceFault[]): void;
    nothingMatches(pattern: string): void;
  };
}

export class Faults {
  readonly #options: FaultsOptions;
  /** Of the last look at all files. */
  #scanned: readonly SourceFault[] = [];
  #files: readonly Surveyed[] = [];
  #unmatched: ReadonlySet<string> = new Set();
  /** Paths that another server's globs name, too. */
  #contested: ReadonlySet<string> = new Set();
  /** By content. */
  readonly #read = new Map<string, SourceFault>();
  #reported = '';

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** Notes the result of a look at all files. */
  looked(
    files: readonly Surveyed[],
    faults: readonly SourceFault[],
    unmatched: readonly string[],
    contested: ReadonlySet<string>,
  ): void {
    this.#files = files;
    this.#scanned = faults;
    this.#contested = contested;
    for (const pattern of unmatched)
      if (!this.#unmatched.has(pattern)) this.#options.report.nothingMatches(pattern);
    this.#unmatched = new Set(unmatched);
  }

  failed({ contentId, path }: Follower, error: unknown): void {
    this.#read.set(contentId, { path, code: codeOf(error) });
  }

  succeeded({ contentId }: Follower): void {
    this.#read.delete(contentId);
  }

  /** Whether its last read failed. */
  hasFailed({ contentId }: Follower): boolean {
    return this.#read.has(contentId);
  }

  isContested({ path }: Follower): boolean {
    return this.#contested.has(path);
  }

  /** What keeps files from being read; an unknown time zone counts until the configuration settles it. */
  get hindrances(): SourceFault[] {
    return [
      ...this.#scanned,
      ...this.#read.values(),
      ...this.#options.unsupported.of('zone'),
      ...[...this.#contested].map(path => ({ path, code: 'contested' })),
    ];
  }

  report(): void {
    const faults = this.#all();
    const text = JSON.stringify(faults);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#options.report.sourceFaults(faults);
  }

  #all(): SourceFault[] {
    const { once, patterns, unsupported } = this.#options;
    const others = unsupported.otherFormats(this.#files, once);
    const faults = [...this.hindrances, ...others, ...(once ? this.#ofOnce() : [])];
    const isKnown = this.#scanned.length > 0 || faults.some(({ code }) => code === 'unmatched');
    if (isKnown || unsupported.isAnyReadable(this.#files)) return faults;
    return [...faults, { path: patterns.join(', '), code: 'no-log' }];
  }

  /** With `once` nothing is waited for: there must be something to read, and what is named must be a log. */
  #ofOnce(): SourceFault[] {
    const { patterns, unsupported } = this.#options;
    const others = [...unsupported.of('compressed'), ...unsupported.of('not-a-file')];
    const unmatched = [...this.#unmatched].map(path => ({ path, code: 'unmatched' }));
    const named = others.filter(({ path }) => patterns.includes(path));
    return [...named, ...(unmatched.length === patterns.length ? unmatched : [])];
  }
}
