/**
 * State that follows the chain's events, as it was after one of them: kept at each seal, so that after a crash only the
 * open segment has to be followed again.
 *
 * A snapshot is written before the checkpoint that has its seal. There are two files: a crash in between leaves the one
 * that the old checkpoint needs.
 */

import { join } from 'node:path';
import { z } from 'zod';
import { PREVIOUS_HASH_WITHIN, previousHashIn } from '../event/line.js';
import type { Disk } from '../lib/disk.js';
import { StateError } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';
import { type JournalOptions, segmentFolder } from './options.js';
import { linesIn, segmentFileName } from './segments.js';
import type { JournalState, Snapshot } from './state.js';
import { readStateText } from './statefile.js';

/** What a follower continues from. */
export interface Followed {
  readonly saved: string;
  /** The lines after it, without newlines; they are valid until the next ones are asked for. */
  readonly lines: AsyncIterable<readonly Buffer[]>;
}

const NAMES = ['detect-a.json', 'detect-b.json'] as const;
const snapshotSchema = z.object({ v: z.literal(1), seq: z.number(), hash: z.string(), saved: z.string() });

export class Snapshots {
  readonly #directory: string;
  readonly #disk: Disk;
  /** The file that the last checkpoint may need; the other one is written next. */
  #needed: 0 | 1 = 1;
  /** The event of the snapshot that was written last: a commit that is retried writes the same file. */
  #written: string | null = null;

  constructor(directory: string, disk: Disk) {
    this.#directory = directory;
    this.#disk = disk;
  }

  async write({ seq, hash, saved }: Snapshot): Promise<void> {
    if (this.#written !== null && this.#written !== hash) this.#needed = this.#needed === 0 ? 1 : 0;
    this.#written = hash;
    await this.#disk.replace(
      this.#pathOf(this.#needed === 0 ? 1 : 0),
      JSON.stringify({ v: 1, seq, hash, saved }),
    );
  }

  /** The newest of which `isOf` says that it is of this chain. From now on it is the one that is needed. */
  async read(isOf: (snapshot: Snapshot) => boolean): Promise<Snapshot | null> {
    const all = await Promise.all(
      ([0, 1] as const).map(async index => ({ index, snapshot: await readSnapshot(this.#pathOf(index)) })),
    );
    const own = all.filter(({ snapshot }) => snapshot !== null && isOf(snapshot));
    const [newest] = own.toSorted((a, b) => (b.snapshot?.seq ?? 0) - (a.snapshot?.seq ?? 0));
    if (newest === undefined) return null;
    this.#needed = newest.index;
    return newest.snapshot;
  }

  #pathOf(index: 0 | 1): string {
    return join(this.#directory, NAMES[index]);
  }
}

async function readSnapshot(path: string): Promise<Snapshot | null> {
  const text = await readStateText(path);
  if (text === null) return null;
  const parsed = snapshotSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new StateError(
    `${path} is damaged or of another version. Remove it: the rules of detect then learn again who is new.`,
  );
}

/** `null` if no snapshot is of this chain's last seal, or of an event after it. */
export async function followedIn(
  options: JournalOptions,
  state: JournalState,
  snapshots: Snapshots,
): Promise<Followed | null> {
  const hashes = await hashesAfterSeal(options, state);
  const snapshot = await snapshots.read(({ seq, hash }) => hashes.get(seq) === hash);
  return snapshot && { saved: snapshot.saved, lines: linesAfter(snapshot.seq, options, state) };
}

/** SHA-256 of the lines of the last seal and after it, by their number in the chain. */
async function hashesAfterSeal(options: JournalOptions, state: JournalState): Promise<Map<number, string>> {
  const { chain, segment } = state;
  const hashes = new Map([[chain.nextSeq - 1, chain.lastHash]]);
  let before = (segment?.firstSeq ?? 0) - 1;
  for await (const lines of openLines(options, state))
    for (const line of lines)
      hashes.set(before++, previousHashIn(line.toString('latin1', 0, PREVIOUS_HASH_WITHIN)) ?? '');
  return hashes;
}

async function* linesAfter(
  seq: number,
  options: JournalOptions,
  state: JournalState,
): AsyncGenerator<readonly Buffer[]> {
  let next = state.segment?.firstSeq ?? 0;
  for await (const lines of openLines(options, state)) {
    const from = Math.max(0, seq + 1 - next);
    next += lines.length;
    yield lines.slice(from);
  }
}

/** The committed lines of the open segment. */
async function* openLines(
  options: JournalOptions,
  { segment }: JournalState,
): AsyncGenerator<readonly Buffer[]> {
  if (segment !== null) yield* linesIn(join(segmentFolder(options), segmentFileName(segment)), segment.bytes);
}
