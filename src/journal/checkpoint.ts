/**
 * The checkpoint file: the journal's state as of the last commit. What is not in it did not happen.
 *
 * Large session facts have a file of their own, and the checkpoint contains only what changed since that file was
 * written. There are two such files: the one not in use is written before the checkpoint that refers to it, so a crash
 * in between leaves the old checkpoint with its own file. Positions of many files are in a log (files-log.ts), and the
 * checkpoint contains what changed since its end. With several servers, session facts are an object with a key for each
 * server, and so are positions without a log.
 */

import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { eventCountsSchema } from '../event/counts.js';
import { positionSchema } from '../event/position.js';
import { readRowsSchema } from '../event/row.js';
import { coverageSchema } from '../event/seal.js';
import { Disk } from '../lib/disk.js';
import { hasCode, StateError } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';
import { STATE_VERSION } from '../lib/version.js';
import { apply, deltaOf, deltaSchema } from './delta.js';
import {
  addChanges,
  type Change,
  type Changes,
  changeSchema,
  changesOf,
  FilesLog,
  type FilesLogRef,
  filesIn,
  filesLogSchema,
} from './files-log.js';
import type { PositionChange, SourceFiles } from './positions.js';
import { areSeveral, byName, type Facts, marked, OWN } from './sources.js';
import type { JournalState } from './state.js';
import { FIX, readStateFile, readStateText } from './statefile.js';

const segment = z.object({
  date: z.string(),
  chain: z.string(),
  firstSeq: z.number(),
  bytes: z.number(),
  openedAt: z.number(),
  events: eventCountsSchema,
});

const sealed = z.object({
  date: z.string(),
  chain: z.string(),
  firstSeq: z.number(),
  bytes: z.number(),
  lastSeq: z.number(),
  lastHash: z.string(),
});

const rows = z.array(readRowsSchema);

const state = {
  instance: z.string(),
  chain: z.object({ chain: z.string(), nextSeq: z.number(), lastHash: z.string() }),
  node: z.string(),
  sealed: z.array(sealed),
  segment: segment.nullable(),
  lastDate: z.string(),
  sealedAt: z.number(),
  coverage: z.array(coverageSchema),
  rows: rows.exactOptional(),
  sealedRows: z.object({ seq: z.number(), rows }).exactOptional(),
  lastSeal: z.object({ seq: z.number(), hash: z.string() }).exactOptional(),
  origin: z
    .enum([
      'archive-empty',
      'archive-unreadable',
      'archive-unreachable',
      'archive-damaged',
      'archive-unsigned',
      'taken-up',
    ])
    .nullable(),
  /** The day (UTC) of the last seal with all positions. Version 0.1 had none: all its seals have them. */
  allSealedOn: z.string().exactOptional(),
  previousChain: z.object({ chain: z.string(), seq: z.number(), hash: z.string() }).exactOptional(),
};

const files = z.array(positionSchema);
const NAMES = ['memory-a.json', 'memory-b.json'] as const;
const memoryFile = z.object({ name: z.enum(NAMES), sha256: z.string(), delta: deltaSchema });

const filesBySource = z.record(z.string(), files);
const logged = { filesLog: filesLogSchema, changes: z.array(changeSchema) };

const checkpoint = z.discriminatedUnion('version', [
  z.object({ version: z.literal(1), ...state, resume: z.object({ files, memory: z.unknown() }) }),
  z.object({ version: z.literal(2), ...state, resume: z.object({ files, memoryFile }) }),
  z.object({
    version: z.literal(3),
    ...state,
    resume: z.object({ files: filesBySource, memory: z.unknown() }),
  }),
  z.object({ version: z.literal(4), ...state, resume: z.object({ files: filesBySource, memoryFile }) }),
  z.object({ version: z.literal(5), ...state, resume: z.object({ ...logged, memory: z.unknown() }) }),
  z.object({ version: z.literal(STATE_VERSION), ...state, resume: z.object({ ...logged, memoryFile }) }),
]);
type Resume = z.infer<typeof checkpoint>['resume'];

/** Positions in the checkpoint itself, at most; more go into the log. With a log, each checkpoint is the smaller. */
const MOST_POSITIONS = 128;
const MOST_BESIDE_LOG = 16;
/** Characters of JSON from which session facts have a file of their own. */
const LARGE = 64 * 1024;
/** The file is written again if the changes since take more than this part of its size. */
const MOST_CHANGED = 1 / 8;

/** Session facts in a file of their own. */
interface Base {
  readonly name: (typeof NAMES)[number];
  readonly sha256: string;
  readonly facts: unknown;
  readonly characters: number;
}

export interface Saved {
  readonly state: JournalState;
  /** Positions at which reading continues, by server. */
  readonly files: SourceFiles;
  /** Of these, all that changed since the last seal, and perhaps others. */
  readonly unsealed: SourceFiles;
}

/**
 * Returns `null` if there is none yet. Throws a StateError if it cannot be read or understood, or belongs to another
 * instance.
 */
export async function readCheckpoint(path: string, instance: string): Promise<Saved | null> {
  return await new CheckpointFile(new Disk(), path, instance).read();
}

async function readBase(path: string, name: Base['name'], sha256: string): Promise<Base> {
  const text = await readStateText(path);
  if (text === null || hash('sha256', text) !== sha256)
    throw new StateError(`${path} is missing or is not the one that the checkpoint refers to. ${FIX}`);
  return { name, sha256, facts: parseJson(text), characters: text.length };
}

/** The checkpoint file of one daemon; no other process may write it. */
export class CheckpointFile {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #instance: string;
  /** The file's version when this process last read or wrote it. */
  #version: string | null = null;
  /** The file of session facts that the checkpoint refers to. */
  #base: Base | null = null;
  readonly #log: FilesLog;
  /** The positions in the checkpoint itself: what changed since the log's end, or all. */
  #changes: Changes = new Map();

  constructor(disk: Disk, path: string, instance: string) {
    this.#disk = disk;
    this.#path = path;
    this.#instance = instance;
    this.#log = new FilesLog(disk, dirname(path));
  }

  /** As `readCheckpoint`. */
  async read(): Promise<Saved | null> {
    const saved = await readStateFile(this.#path, checkpoint);
    this.#version = await versionOf(this.#path);
    if (saved === null) return null;
    if (saved.instance !== this.#instance) {
      throw new StateError(`${this.#path} belongs to another instance: give each its own state.directory.`);
    }
    const { resume, version, instance: _instance, ...rest } = saved;
    const own = changesIn(resume);
    const { all, unsealed } =
      'filesLog' in resume ? await this.#log.read(resume.filesLog) : { all: [], unsealed: [] };
    this.#changes = addChanges(new Map(), own);
    const values = addChanges(addChanges(new Map(), all), own).values();
    return {
      state: { ...rest, facts: factsIn(await this.#readFacts(resume), version > 2) },
      files: filesIn(values),
      unsealed: filesIn(addChanges(addChanges(new Map(), unsealed), own).values()),
    };
  }

  async #readFacts(resume: Resume): Promise<unknown> {
    if (!('memoryFile' in resume)) return resume.memory;
    const { name, sha256, delta } = resume.memoryFile;
    this.#base = await readBase(join(dirname(this.#path), name), name, sha256);
    return apply(this.#base.facts, delta);
  }

  /**
   * Throws a StateError if another process wrote it: the lock does not work across machines or containers that share
   * the folder.
   */
  async check(): Promise<void> {
    if ((await versionOf(this.#path)) === this.#version) return;
    throw new StateError(
      `${this.#path} was written or removed by another process: give each daemon its own state.directory.`,
    );
  }

  /** Positions of a state that is not worth writing: they are for the next one. */
  note(changes: readonly PositionChange[]): void {
    this.#changes = addChanges(new Map(this.#changes), changes.flatMap(changesOf));
  }

  /**
   * After a failure it may be called again with the same state and changes.
   *
   * @param changes of positions since the last write or note
   * @param isSealed whether the state includes a seal that the last one did not
   */
  async write(after: JournalState, changes: readonly PositionChange[] = [], isSealed = false): Promise<void> {
    const files = await this.#place(addChanges(new Map(this.#changes), changes.flatMap(changesOf)), isSealed);
    const { text, base } = await this.#formOf(after, files);
    try {
      await this.#disk.replace(this.#path, text);
    } finally {
      // Also after a failure half-way: the change was ours.
      this.#version = await versionOf(this.#path);
    }
    files.commit();
    this.#changes = files.changes;
    this.#base = base;
  }

  /** Puts positions into the log if they are too many for the checkpoint. */
  async #place(all: Changes, isSealed: boolean): Promise<Placed> {
    const { ref } = this.#log;
    const changes = ref === null ? new Map([...all].filter(([, change]) => !('gone' in change))) : all;
    if (changes.size > (ref === null ? MOST_POSITIONS : MOST_BESIDE_LOG))
      return { changes: new Map(), ...(await this.#log.add(changes, isSealed)) };
    const next = ref !== null && isSealed ? { ...ref, sealed: ref.bytes } : ref;
    return { changes, ref: next, commit: () => next && this.#log.refers(next) };
  }

  async #formOf(after: JournalState, files: Placed): Promise<{ text: string; base: Base | null }> {
    const base = this.#base;
    const { facts: bySource, ...rest } = after;
    const { version, resume, isByName } = formOf(files, bySource);
    const facts = isByName ? byName(bySource) : (bySource.get(OWN) ?? null);
    const head = { ...rest, version: version + 1, instance: this.#instance };
    const delta = base === null ? '' : JSON.stringify(deltaOf(base.facts, facts));
    if (base !== null && delta.length <= base.characters * MOST_CHANGED)
      return { text: referring(head, resume, base, delta), base };
    const whole = JSON.stringify(facts);
    if (whole.length < LARGE)
      return { text: JSON.stringify({ ...head, version, resume: { ...resume, memory: facts } }), base: null };
    const next = await this.#writeBase(facts, whole);
    return { text: referring(head, resume, next, JSON.stringify(deltaOf(facts, facts))), base: next };
  }

  async #writeBase(facts: unknown, text: string): Promise<Base> {
    const name = this.#base?.name === NAMES[0] ? NAMES[1] : NAMES[0];
    await this.#disk.replace(join(dirname(this.#path), name), text);
    return { name, sha256: hash('sha256', text), facts, characters: text.length };
  }
}

interface Placed {
  /** In the checkpoint itself. */
  readonly changes: Changes;
  readonly ref: FilesLogRef | null;
  /** To be called when the checkpoint is written. */
  commit(): void;
}

/** The lower version of the form (facts in the checkpoint), and its positions. A single server without a log is as ever. */
function formOf(
  { changes, ref }: Placed,
  facts: Facts,
): { version: 1 | 3 | 5; resume: object; isByName: boolean } {
  if (ref !== null)
    return { version: 5, resume: { filesLog: ref, changes: [...changes.values()] }, isByName: true };
  const bySource = filesIn(changes.values());
  const sources = new Set([...bySource.keys(), ...facts.keys()]);
  if (!areSeveral(sources))
    return { version: 1, resume: { files: bySource.get(OWN) ?? [] }, isByName: false };
  const files = new Map([...sources].map(source => [source, bySource.get(source) ?? []]));
  return { version: 3, resume: { files: byName(files) }, isByName: true };
}

/** The positions in the checkpoint itself. */
function changesIn(resume: Resume): Change[] {
  if ('changes' in resume) return resume.changes;
  if (Array.isArray(resume.files)) return resume.files;
  return Object.entries(resume.files).flatMap(([source, of]) => of.map(file => marked(source, file)));
}

function factsIn(facts: unknown, isByName: boolean): Facts {
  return new Map(isByName ? Object.entries(Object(facts)) : [[OWN, facts]]);
}

function referring(head: object, files: object, { name, sha256 }: Base, delta: string): string {
  const memory = `{"name":"${name}","sha256":"${sha256}","delta":${delta}}`;
  const [start, resume] = [head, files].map(value => JSON.stringify(value).slice(0, -1));
  return `${start},"resume":${resume},"memoryFile":${memory}}}`;
}

/** Differs after each write of the file; `null` if there is no file. */
async function versionOf(path: string): Promise<string | null> {
  try {
    const { ino, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
