/**
 * Positions of many files, in a file of their own: lines are only added to it, each of which replaces an earlier one of
 * the same content. The checkpoint says how much of it counts, as it does for segments; what is behind that was never
 * committed, and is overwritten. There are two such files: when most lines of one are replaced, the other is written
 * whole, before the checkpoint that refers to it.
 */

import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sealedPositionSchema } from '../event/seal.js';
import type { Disk } from '../lib/disk.js';
import { codeOf, hasCode, StateError } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';
import type { PositionChange, SourceFiles } from './positions.js';
import { marked, OWN } from './sources.js';
import { FIX } from './statefile.js';

const NAMES = ['positions-a.ndjson', 'positions-b.ndjson'] as const;

/** How the checkpoint refers to it. */
export const filesLogSchema = z.object({
  name: z.enum(NAMES),
  /** Bytes that count, their SHA-256 (hex), and how many of them precede the last seal. */
  bytes: z.number(),
  sha256: z.string(),
  sealed: z.number(),
});
export type FilesLogRef = z.infer<typeof filesLogSchema>;

/** A content that only the ledger keeps now. */
const gone = z.object({ source: z.string().exactOptional(), gone: z.string() });
export const changeSchema = z.union([gone, sealedPositionSchema]);
export type Change = z.infer<typeof changeSchema>;

/** The latest change of each content. */
export type Changes = ReadonlyMap<string, Change>;

/** The log is written anew once it has this many times the lines that count; at least so many. */
const MOST_REPLACED = 3;
const LEAST_LINES = 1024;

interface Written {
  readonly ref: FilesLogRef;
  readonly hash: Hash;
  readonly lines: number;
}

/** Adds changes to earlier ones, of which the latest of each content counts; in place. */
export function addChanges(to: Map<string, Change>, changes: Iterable<Change>): Map<string, Change> {
  for (const change of changes) to.set(keyOf(change), change);
  return to;
}

function keyOf(change: Change): string {
  const { source = OWN } = change;
  return `${source} ${'gone' in change ? change.gone : change.contentId}`;
}

export function changesOf({ source, files, gone: left = [] }: PositionChange): Change[] {
  return [
    ...files.map(file => marked(source, file)),
    ...left.map(contentId => marked(source, { gone: contentId })),
  ];
}

/** Positions by server. */
export function filesIn(changes: Iterable<Change>): SourceFiles {
  const positions = [...changes].flatMap(change => ('gone' in change ? [] : [change]));
  const groups = Map.groupBy(positions, ({ source = OWN }) => source);
  const each = [...groups].map(
    ([source, files]) => [source, files.map(({ source: _source, ...file }) => file)] as const,
  );
  return new Map(each);
}

export class FilesLog {
  readonly #disk: Disk;
  readonly #folder: string;
  /** What is committed; `null` if there is no log. */
  #written: Written | null = null;
  /** All positions that it has. */
  readonly #all = new Map<string, Change>();

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  get ref(): FilesLogRef | null {
    return this.#written?.ref ?? null;
  }

  /**
   * Reads what the checkpoint refers to. Returns the latest change of each content, and those that came after the last
   * seal. Throws a StateError if it is missing or damaged.
   */
  async read(ref: FilesLogRef): Promise<{ all: Iterable<Change>; unsealed: Change[] }> {
    const path = join(this.#folder, ref.name);
    const bytes = (await readLog(path)).subarray(0, ref.bytes);
    const hash = createHash('sha256').update(bytes);
    if (hash.copy().digest('hex') !== ref.sha256) throw otherLog(path);
    const changes = changesIn(bytes, path);
    this.#apply(changes);
    this.#written = { ref, hash, lines: changes.length };
    return { all: this.#all.values(), unsealed: changesIn(bytes.subarray(ref.sealed), path) };
  }

  /**
   * Adds changes durably, for a checkpoint that is written next; after that, `commit` must be called. After a failure,
   * the same changes may be added again.
   *
   * @param isSealed whether a seal has everything that is in the log so far
   */
  async add(changes: Changes, isSealed: boolean): Promise<{ ref: FilesLogRef; commit: () => void }> {
    const before = this.#written;
    const isFull = before !== null && before.lines + changes.size > this.#mostLines(changes);
    const next =
      before === null || isFull
        ? await this.#writeWhole(changes)
        : await this.#append(changes, before, isSealed);
    const commit = (): void => {
      this.#apply(changes.values());
      this.#written = next;
    };
    return { ref: next.ref, commit };
  }

  #apply(changes: Iterable<Change>): void {
    for (const change of changes) {
      if ('gone' in change) this.#all.delete(keyOf(change));
      else this.#all.set(keyOf(change), change);
    }
  }

  #mostLines(changes: Changes): number {
    return Math.max(LEAST_LINES, MOST_REPLACED * (this.#all.size + changes.size));
  }

  async #writeWhole(changes: Changes): Promise<Written> {
    const all = addChanges(new Map(this.#all), changes.values());
    const kept = [...all.values()].filter(change => !('gone' in change));
    const name = this.ref?.name === NAMES[0] ? NAMES[1] : NAMES[0];
    return await this.#write(kept, { name, bytes: 0, sealed: 0 }, { hash: createHash('sha256'), lines: 0 });
  }

  async #append(changes: Changes, { ref, hash, lines }: Written, isSealed: boolean): Promise<Written> {
    const after = { ...ref, sealed: isSealed ? ref.bytes : ref.sealed };
    return await this.#write([...changes.values()], after, { hash: hash.copy(), lines });
  }

  async #write(
    changes: readonly Change[],
    { name, bytes, sealed }: Omit<FilesLogRef, 'sha256'>,
    { hash, lines }: Omit<Written, 'ref'>,
  ): Promise<Written> {
    const added = Buffer.from(changes.map(change => `${JSON.stringify(change)}\n`).join(''));
    await this.#disk.writeAt(join(this.#folder, name), bytes, [added]);
    const sha256 = hash.update(added).copy().digest('hex');
    return {
      ref: { name, bytes: bytes + added.length, sha256, sealed },
      hash,
      lines: lines + changes.length,
    };
  }

  /** A checkpoint was written that refers to the same log in this way. */
  refers(ref: FilesLogRef): void {
    if (this.#written !== null) this.#written = { ...this.#written, ref };
  }
}

async function readLog(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw otherLog(path);
    throw new StateError(`${path} cannot be read (${codeOf(error)}).`, error);
  }
}

function otherLog(path: string): StateError {
  return new StateError(`${path} is missing or is not the one that the checkpoint refers to. ${FIX}`);
}

function changesIn(bytes: Buffer, path: string): Change[] {
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  const parsed = z.array(changeSchema).safeParse(lines.map(parseJson));
  if (!parsed.success) throw new StateError(`${path} is damaged or of another version. ${FIX}`);
  return parsed.data;
}
