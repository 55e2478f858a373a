/** A small file in the state folder for what may be lost, but is worth keeping. It is written now and then. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { type Clock, hasPassed } from './clock.js';
import type { Disk } from './disk.js';
import { codeOf, hasCode, ShipperError } from './errors.js';
import { parseJson } from './json.js';

/** Milliseconds in which further changes go into the same write. */
const DEBOUNCE = 5000;
/** Milliseconds after which content is written although it says nothing new: a large server's has megabytes. */
const REPEATED_AFTER = 60 * 60_000;

export interface CacheFileReport {
  /**
   * The file cannot be read (its content is ignored) or written (reported once until a write succeeds). Only time is
   * lost by it.
   */
  cacheFailed(path: string, error: unknown): void;
}

export interface CacheFileOptions<T> {
  /** Its folder must exist by the first write. */
  readonly path: string;
  /** Schema of the content, with its version. */
  readonly schema: z.ZodType<T>;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly report: CacheFileReport;
}

/** A crash leaves the content of some seconds ago. Nothing here throws or rejects. */
export class CacheFile<T> {
  readonly #options: CacheFileOptions<T>;
  #content: (() => T) | null = null;
  /** Content that says nothing new. */
  #repeated: (() => T) | null = null;
  #said = { digest: '', at: 0 };
  #cancel: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;
  #isClosed = false;

  constructor(options: CacheFileOptions<T>) {
    this.#options = options;
  }

  /** `null` if there is no file, or if it is damaged or of another version. */
  async read(): Promise<T | null> {
    const { path, schema, report } = this.#options;
    try {
      const parsed = schema.safeParse(parseJson(await readFile(path)));
      if (parsed.success) return parsed.data;
      report.cacheFailed(path, new ShipperError('cache', `${path} is damaged or of another version`));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) report.cacheFailed(path, this.#failure('read', error));
    }
    return null;
  }

  /** Within some seconds, calls `content` and writes the result. */
  schedule(content: () => T): void {
    if (this.#isClosed) return;
    this.#content = content;
    this.#cancel ??= this.#options.clock.after(DEBOUNCE, () => void this.#flush());
  }

  /**
   * As `schedule`, but content that says nothing new is written once an hour only, and at the end.
   *
   * @param said what is new if it differs: the content without its time
   */
  scheduleNews(content: () => T, said: unknown): void {
    const { clock } = this.#options;
    const digest = createHash('sha256').update(JSON.stringify(said)).digest('hex');
    this.#repeated = content;
    if (digest === this.#said.digest && !hasPassed(this.#said.at, clock.now(), REPEATED_AFTER)) return;
    this.#said = { digest, at: clock.now() };
    this.#repeated = null;
    this.schedule(content);
  }

  /** Writes what is scheduled; later calls write nothing. */
  async close(): Promise<void> {
    if (this.#repeated !== null) this.schedule(this.#repeated);
    this.#isClosed = true;
    await this.#flush();
  }

  /** One write at a time: all use the same temporary name. */
  async #flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { path, disk, report } = this.#options;
    const content = this.#content;
    if (content === null) return;
    this.#content = null;
    try {
      await disk.replace(path, JSON.stringify(content()));
      this.#isFailing = false;
    } catch (error) {
      this.#content ??= content;
      if (!this.#isFailing) report.cacheFailed(path, this.#failure('written', error));
      this.#isFailing = true;
    }
  }

  #failure(what: string, error: unknown): ShipperError {
    const code = codeOf(error);
    return new ShipperError(code, `${this.#options.path} cannot be ${what} (${code})`, error);
  }
}
