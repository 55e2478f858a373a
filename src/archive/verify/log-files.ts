/** Compares events with the log files that they were read from, if these still exist. */

import { type FileHandle, open } from 'node:fs/promises';
import type { SourcePosition } from '../../event/position.js';
import { codeOf, ShipperError } from '../../lib/errors.js';
import { type Difference, differenceOf, type LoggedEvent, loggedEventSchema } from './csvlog.js';
import { notAnEvent } from './read-event.js';
import { Broken, type LogFilesResult, type Place } from './result.js';

/** The log files that exist, by content. */
export interface LogFiles {
  /** The path of the longest file with this content; `null` if there is none. */
  find(contentId: string): string | null;
}

/** Events that wait for the seal that says which file they belong to; beyond this number none is compared. */
const MOST_HELD = 20_000;

interface Held {
  readonly event: LoggedEvent;
  readonly place: Place;
}

/** The results for the events of one fileId. */
interface FileCounts {
  matched: number;
  differing: number;
  first: { readonly difference: Difference; readonly place: Place } | null;
}

/** One part's events. */
export class LogComparison {
  readonly #logFiles: LogFiles;
  /** The content of each file that was read again from its start, by fileId; for all others, fileId is the content. */
  readonly #contents = new Map<string, string>();
  /** For each content that was read again from its start, the latest fileId of its file. */
  readonly #latest = new Map<string, string>();
  readonly #compared = new Map<string, FileCounts>();
  readonly #missing = new Map<string, number>();
  #held: Held[] = [];
  #window: LogWindow | null = null;

  constructor(logFiles: LogFiles) {
    this.#logFiles = logFiles;
  }

  async add(whole: unknown, place: Place): Promise<void> {
    const parsed = loggedEventSchema.safeParse(whole);
    if (!parsed.success) throw notAnEvent(parsed.error);
    const event = parsed.data;
    const { fileId } = event.source;
    const isKnown = this.#contents.has(fileId) || this.#logFiles.find(fileId) !== null;
    if (!isKnown && this.#held.length < MOST_HELD) this.#held.push({ event, place });
    else await this.#compare(event, place);
  }

  /** Takes note which files were read again from their start, and under which fileIds. */
  async seal(files: readonly SourcePosition[]): Promise<void> {
    for (const { fileId, contentId } of files) {
      if (fileId === contentId) continue;
      this.#contents.set(fileId, contentId);
      this.#latest.set(contentId, fileId);
    }
    const held = this.#held;
    this.#held = [];
    for (const { event, place } of held) await this.#compare(event, place);
  }

  /** Throws Broken for the first event that differs from a file that was not changed, as far as is known. */
  async end(): Promise<LogFilesResult> {
    await this.close();
    const unchanged = [...this.#compared].filter(([fileId]) => !this.#isChanged(fileId));
    const [first] = unchanged.flatMap(([, { first }]) => first ?? []).sort((a, b) => seqOf(a) - seqOf(b));
    if (first !== undefined) throw new Broken('log', sentence(first.difference), first.place);
    const counts = [...this.#compared.values()];
    return {
      matched: counts.reduce((sum, { matched }) => sum + matched, 0),
      missing: [...this.#missing.values()].reduce((sum, events) => sum + events, 0),
      changed: counts.reduce((sum, { differing }) => sum + differing, 0),
      files: this.#compared.size,
      filesMissing: this.#missing.size,
    };
  }

  async close(): Promise<void> {
    await this.#window?.close();
    this.#window = null;
  }

  async #compare(event: LoggedEvent, place: Place): Promise<void> {
    const { fileId, offset, length } = event.source;
    const path = this.#logFiles.find(this.#contents.get(fileId) ?? fileId);
    if (path === null) {
      this.#missing.set(fileId, (this.#missing.get(fileId) ?? 0) + 1);
      return;
    }
    const bytes = await this.#read(path, offset, length);
    const difference = bytes === null ? 'record' : differenceOf(event, bytes);
    const counts = this.#compared.get(fileId) ?? { matched: 0, differing: 0, first: null };
    this.#compared.set(fileId, counts);
    if (difference === null) counts.matched += 1;
    else {
      counts.differing += 1;
      counts.first ??= { difference, place };
    }
  }

  /** A file that was read again from its start no longer has its former content. */
  #isChanged(fileId: string): boolean {
    const contentId = this.#contents.get(fileId) ?? fileId;
    const latest = this.#latest.get(contentId);
    return latest !== undefined && latest !== fileId;
  }

  async #read(path: string, offset: number, length: number): Promise<Buffer | null> {
    if (this.#window?.path !== path) {
      await this.close();
      this.#window = await LogWindow.open(path);
    }
    return await this.#window.read(offset, length);
  }
}

function seqOf({ place }: { place: Place }): number {
  return place.seq ?? 0;
}

function sentence(difference: Difference): string {
  if (difference === 'record') return 'the log file has no such record at the position that the event names';
  return `the ${difference} of the event differs from its record in the log file`;
}

/** Bytes that are read at once: records are requested in their order. */
const WINDOW = 512 * 1024;

class LogWindow {
  readonly path: string;
  readonly #file: FileHandle;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<LogWindow> {
    try {
      return new LogWindow(path, await open(path, 'r'));
    } catch (error) {
      throw new ShipperError(codeOf(error), `${path} cannot be read (${codeOf(error)})`, error);
    }
  }

  /** `null` if the file is shorter. */
  async read(offset: number, length: number): Promise<Buffer | null> {
    const isInside = offset >= this.#start && offset + length <= this.#start + this.#bytes.length;
    if (!isInside) {
      const size = Math.max(length, WINDOW);
      const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(size), 0, size, offset);
      this.#start = offset;
      this.#bytes = buffer.subarray(0, bytesRead);
    }
    const bytes = this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
    return bytes.length === length ? bytes : null;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
