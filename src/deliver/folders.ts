/** Folders in place of cloud services: the same entries and objects, for trials and for other log shippers. */

import { open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Disk, fileSize } from '../lib/disk.js';
import { codeOf, hasCode, ShipperError } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';
import { Lines } from '../lib/line-buffer.js';
import type {
  ArchiveObject,
  EntryDestination,
  Envelope,
  LogEntry,
  ObjectDestination,
  Written,
} from './destination.js';

/** Stores each object as a file with its name below `folder`. */
export function localObjects(folder: string, disk: Disk): ObjectDestination {
  return {
    put: ({ name, body }: ArchiveObject) => naming(folder, () => putFile(folder, name, body, disk)),
    close: async () => undefined,
  };
}

async function putFile(
  folder: string,
  name: string,
  body: Buffer,
  disk: Disk,
): Promise<'stored' | 'was-there'> {
  const path = join(folder, name);
  await disk.makeFolder(dirname(path), folder);
  if (await disk.create(path, body)) return 'stored';
  if ((await readFile(path)).equals(body)) return 'was-there';
  throw new ShipperError('object-differs', `${path} exists with other content; it was not overwritten`);
}

/** Names the folder in errors of the file system. */
async function naming<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ShipperError) throw error;
    throw new ShipperError(codeOf(error), `${folder} cannot be written (${codeOf(error)})`, error);
  }
}

/**
 * Appends each entry, as a line of JSON, to `entries-YYYY-MM-DD.ndjson` for the UTC day of its timestamp. After a crash
 * the last entries are given again; like Cloud Logging, it does not write an insertId twice.
 */
export function localEntries(folder: string, disk: Disk): EntryDestination {
  const entries = new LocalEntries(folder, disk);
  return {
    // A file can only be appended to in order.
    mostAtOnce: 1,
    portion: PORTION,
    write: given => naming(folder, () => entries.write(given)),
    close: async () => undefined,
  };
}

/**
 * Bytes at a file's end that are searched for entries that were written before a crash, but not recorded in the cursor:
 * more than one request has.
 */
const REMEMBERED = 16 * 1024 * 1024;
const NEWLINE = 0x0a;
const PORTION = { lines: 1000, bytes: 1024 * 1024 };

/** One day's file: where the next entry is written, and which entries it may have already. */
interface DayFile {
  length: number;
  readonly before: ReadonlySet<string>;
  latest: ReadonlySet<string>;
}

/** What one write adds to a day's file. */
interface Day {
  readonly file: DayFile;
  readonly lines: Lines;
  /** The insertIds of its entries, also of those that the file has already. */
  readonly ids: Set<string>;
}

class LocalEntries {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #files = new Map<string, DayFile>();
  /** For the first day of a write; a write rarely has a second. */
  readonly #lines = new Lines();

  constructor(folder: string, disk: Disk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  async write(entries: readonly LogEntry[]): Promise<Written> {
    await this.#disk.makeFolder(this.#folder);
    this.#lines.clear();
    const days = new Map<string, Day>();
    for (const entry of entries) {
      const envelope = entry.envelope ?? entry;
      const name = dayFileName(envelope);
      const day = days.get(name) ?? (await this.#open(name, days.size === 0 ? this.#lines : new Lines()));
      days.set(name, day);
      day.ids.add(envelope.insertId);
      if (!isThere(day.file, envelope)) addLine(day.lines, envelope, entry);
    }
    for (const [name, day] of days) await this.#append(name, day);
    for (const name of [...this.#files.keys()].slice(0, -2)) this.#files.delete(name);
    return { rejected: [], left: [] };
  }

  async #open(name: string, lines: Lines): Promise<Day> {
    const path = join(this.#folder, name);
    const known = this.#files.get(name);
    // Somebody may have truncated or removed the file meanwhile.
    const size = await fileSize(path);
    const file = known?.length === size ? known : await openDayFile(path);
    // Lines that a killed process wrote count as stored only once they are synced.
    if (file !== known && size > 0) await this.#disk.syncFile(path);
    return { file, lines, ids: new Set() };
  }

  async #append(name: string, { file, lines, ids }: Day): Promise<void> {
    // If this fails, the file's state is unknown: the next attempt reads it again.
    this.#files.delete(name);
    if (lines.count > 0) await this.#disk.writeAt(join(this.#folder, name), file.length, lines.chunks);
    file.length += lines.bytes;
    file.latest = ids;
    this.#files.set(name, file);
  }
}

function dayFileName({ timestamp }: Envelope): string {
  return `entries-${timestamp.slice(0, 10)}.ndjson`;
}

function addLine(
  lines: Lines,
  { insertId, timestamp, severity, labels, operation, split }: Envelope,
  entry: LogEntry,
): void {
  const envelope = JSON.stringify({ insertId, timestamp, severity, labels, operation, split });
  const payload = entry.line ?? Buffer.from(JSON.stringify(entry.jsonPayload));
  lines.addAround(`${envelope.slice(0, -1)},"jsonPayload":`, payload, '}\n');
}

function isThere(file: DayFile, { insertId }: Envelope): boolean {
  return file.before.has(insertId) || file.latest.has(insertId);
}

/** An incomplete line at the end was never acknowledged; the next write overwrites it. */
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
    const bytes = buffer.subarray(0, bytesRead);
    const start = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const lines = bytes.toString('utf8', start, end).split('\n').filter(Boolean);
    return { length: from + end, before: new Set(lines.map(insertIdOf)), latest: new Set() };
  } finally {
    await file.close();
  }
}

/** Empty for a line that we did not write. */
function insertIdOf(line: string): string {
  return String(Reflect.get(Object(parseJson(line)), 'insertId') ?? '');
}
