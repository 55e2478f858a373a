/** Folders in place of the cloud: the same entries and objects, for trying out and for other carriers. */

import { open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Disk } from '../disk.js';
import { hasCode, ShipperError } from '../errors.js';
import type { ArchiveObject, EntryDestination, LogEntry, ObjectDestination } from './destination.js';

/** Stores each object as a file of its name below `folder`. */
export function localObjects(folder: string, disk: Disk): ObjectDestination {
  return {
    async put({ name, body }: ArchiveObject) {
      const path = join(folder, name);
      await disk.makeFolder(dirname(path));
      if (await disk.create(path, body)) return 'stored';
      if ((await readFile(path)).equals(body)) return 'was-there';
      throw new ShipperError('object-differs', `${path} exists with other content, and is not overwritten.`);
    },
    close: async () => undefined,
  };
}

/** So many bytes at a file's end are searched for entries that a crash left without a cursor: more than a request. */
const REMEMBERED = 16 * 1024 * 1024;

/** One day's file: where the next entry goes, and which entries it may have got already. */
interface DayFile {
  length: number;
  readonly before: ReadonlySet<string>;
  latest: ReadonlySet<string>;
}

/**
 * Appends each entry, as a line of JSON, to `entries-YYYY-MM-DD.ndjson` of its timestamp's UTC day. After a
 * crash the last entries come again; as in Cloud Logging, an insertId that is there is not shown twice.
 */
export class LocalEntries implements EntryDestination {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #files = new Map<string, DayFile>();

  constructor(folder: string, disk: Disk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  async write(entries: readonly LogEntry[]): Promise<[]> {
    await this.#disk.makeFolder(this.#folder);
    for (const [name, ofDay] of Map.groupBy(entries, dayFileName)) {
      const path = join(this.#folder, name);
      const file = this.#files.get(name) ?? (await openDayFile(path));
      const lines = ofDay.filter(entry => !isThere(file, entry)).map(toLine);
      if (lines.length > 0) await this.#disk.writeAt(path, file.length, lines);
      file.length += lines.reduce((sum, line) => sum + line.length, 0);
      file.latest = new Set(ofDay.map(entry => entry.insertId));
      this.#files.set(name, file);
    }
    this.#forgetOldDays();
    return [];
  }

  readonly close = async (): Promise<void> => this.#files.clear();

  /** A day that is written to again is opened again. */
  #forgetOldDays(): void {
    for (const name of [...this.#files.keys()].slice(0, -2)) this.#files.delete(name);
  }
}

function dayFileName(entry: LogEntry): string {
  return `entries-${entry.timestamp.slice(0, 10)}.ndjson`;
}

function toLine(entry: LogEntry): Buffer {
  return Buffer.from(`${JSON.stringify(entry)}\n`);
}

function isThere(file: DayFile, { insertId }: LogEntry): boolean {
  return file.before.has(insertId) || file.latest.has(insertId);
}

/** A half line at the end was never acknowledged; the next write begins where it began. */
async function openDayFile(path: string): Promise<DayFile> {
  const file = await open(path, 'r').catch(error => {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (file === null) return { length: 0, before: new Set(), latest: new Set() };
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - REMEMBERED);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    const lines = text.slice(from === 0 ? 0 : text.indexOf('\n') + 1, text.lastIndexOf('\n') + 1).split('\n');
    const length = from + Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1));
    return { length, before: new Set(lines.filter(Boolean).map(insertIdOf)), latest: new Set() };
  } finally {
    await file.close();
  }
}

function insertIdOf(line: string): string {
  const entry: unknown = JSON.parse(line);
  const insertId: unknown =
    typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'insertId') : undefined;
  return typeof insertId === 'string' ? insertId : '';
}
