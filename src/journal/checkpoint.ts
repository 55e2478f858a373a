/**
 * The checkpoint file: the journal's state as of the last commit. What is not in it did not happen.
 *
 * Large session facts have a file of their own, and the checkpoint contains only what changed since that file was
 * written. There are two such files: the one not in use is written before the checkpoint that refers to it, so a crash
 * in between leaves the old checkpoint with its own file. With several servers, positions and session facts are objects
 * with a key for each server.
 */

import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { eventCountsSchema } from '../event/counts.js';
import { positionSchema } from '../event/position.js';
import { coverageSchema } from '../event/seal.js';
import type { Disk } from '../lib/disk.js';
import { hasCode, StateError } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';
import { apply, deltaOf, deltaSchema } from './delta.js';
import { type Packed, pack, unpack } from './sources.js';
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

const state = {
  instance: z.string(),
  chain: z.object({ chain: z.string(), nextSeq: z.number(), lastHash: z.string() }),
  node: z.string(),
  sealed: z.array(sealed),
  segment: segment.nullable(),
  lastDate: z.string(),
  sealedAt: z.number(),
  coverage: z.array(coverageSchema),
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
  previousChain: z.object({ chain: z.string(), seq: z.number(), hash: z.string() }).exactOptional(),
};

const files = z.array(positionSchema);
const NAMES = ['memory-a.json', 'memory-b.json'] as const;
const memoryFile = z.object({ name: z.enum(NAMES), sha256: z.string(), delta: deltaSchema });

const filesBySource = z.record(z.string(), files);

const checkpoint = z.discriminatedUnion('version', [
  z.object({ version: z.literal(1), ...state, resume: z.object({ files, memory: z.unknown() }) }),
  z.object({ version: z.literal(2), ...state, resume: z.object({ files, memoryFile }) }),
  z.object({
    version: z.literal(3),
    ...state,
    resume: z.object({ files: filesBySource, memory: z.unknown() }),
  }),
  z.object({ version: z.literal(4), ...state, resume: z.object({ files: filesBySource, memoryFile }) }),
]);

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

/**
 * Returns `null` if there is none yet. Throws a StateError if it cannot be read or understood, or belongs to another
 * instance.
 */
export async function readCheckpoint(path: string, instance: string): Promise<JournalState | null> {
  return (await read(path, instance))?.state ?? null;
}

async function read(
  path: string,
  instance: string,
): Promise<{ state: JournalState; base: Base | null } | null> {
  const saved = await readStateFile(path, checkpoint);
  if (saved === null) return null;
  if (saved.instance !== instance) {
    throw new StateError(`${path} belongs to another instance: give each its own state.directory.`);
  }
  const { resume, version: _version, instance: _instance, ...rest } = saved;
  if (!('memoryFile' in resume))
    return { state: { ...rest, checkpoints: unpack(resume.files, resume.memory) }, base: null };
  const { name, sha256, delta } = resume.memoryFile;
  const base = await readBase(join(dirname(path), name), name, sha256);
  return { state: { ...rest, checkpoints: unpack(resume.files, apply(base.facts, delta)) }, base };
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

  constructor(disk: Disk, path: string, instance: string) {
    this.#disk = disk;
    this.#path = path;
    this.#instance = instance;
  }

  /** As `readCheckpoint`. */
  async read(): Promise<JournalState | null> {
    const found = await read(this.#path, this.#instance);
    this.#base = found?.base ?? null;
    this.#version = await versionOf(this.#path);
    return found?.state ?? null;
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

  /** After a failure it may be called again with the same state. */
  async write(after: JournalState): Promise<void> {
    const { text, base } = await this.#formOf(after);
    try {
      await this.#disk.replace(this.#path, text);
    } finally {
      // Also after a failure half-way: the change was ours.
      this.#version = await versionOf(this.#path);
    }
    this.#base = base;
  }

  async #formOf(after: JournalState): Promise<{ text: string; base: Base | null }> {
    const base = this.#base;
    const { checkpoints, ...rest } = after;
    const { files, facts, areSeveral } = pack(checkpoints);
    const head = { ...rest, version: areSeveral ? 4 : 2, instance: this.#instance };
    const delta = base === null ? '' : JSON.stringify(deltaOf(base.facts, facts));
    if (base !== null && delta.length <= base.characters * MOST_CHANGED)
      return { text: referring(head, files, base, delta), base };
    const whole = JSON.stringify(facts);
    if (whole.length < LARGE)
      return {
        text: JSON.stringify({ ...head, version: areSeveral ? 3 : 1, resume: { files, memory: facts } }),
        base: null,
      };
    const next = await this.#writeBase(facts, whole);
    return { text: referring(head, files, next, JSON.stringify(deltaOf(facts, facts))), base: next };
  }

  async #writeBase(facts: unknown, text: string): Promise<Base> {
    const name = this.#base?.name === NAMES[0] ? NAMES[1] : NAMES[0];
    await this.#disk.replace(join(dirname(this.#path), name), text);
    return { name, sha256: hash('sha256', text), facts, characters: text.length };
  }
}

function referring(head: object, files: Packed['files'], { name, sha256 }: Base, delta: string): string {
  const memory = `{"name":"${name}","sha256":"${sha256}","delta":${delta}}`;
  const start = JSON.stringify(head).slice(0, -1);
  return `${start},"resume":{"files":${JSON.stringify(files)},"memoryFile":${memory}}}`;
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
