/**
 * The checkpoint file: the journal's state as of the last commit. What it does not say did not happen.
 *
 * Where `resume.memory` is large, it stands in a file of its own, and the checkpoint tells what changed since: that
 * file is written, under the one of its two names that is not in use, before the checkpoint that refers to it. Where
 * there are several servers, files and memory are each an object of theirs by server.
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
import { MEND, readStateFile, readStateText } from './statefile.js';

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

/** Characters of JSON from which on a memory has a file of its own. */
const LARGE = 64 * 1024;
/** The file is written anew where what changed since takes more than this part of it. */
const MOST_CHANGED = 1 / 8;

/** A memory in a file of its own. */
interface Base {
  readonly name: (typeof NAMES)[number];
  readonly sha256: string;
  readonly memory: unknown;
  readonly characters: number;
}

/**
 * Returns `null` where there is none yet. Throws a StateError where it cannot be read or understood, or
 * belongs to another instance.
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
    return { state: { ...rest, resumes: unpack(resume.files, resume.memory) }, base: null };
  const { name, sha256, delta } = resume.memoryFile;
  const base = await readBase(join(dirname(path), name), name, sha256);
  return { state: { ...rest, resumes: unpack(resume.files, apply(base.memory, delta)) }, base };
}

async function readBase(path: string, name: Base['name'], sha256: string): Promise<Base> {
  const text = await readStateText(path);
  if (text === null || hash('sha256', text) !== sha256)
    throw new StateError(`${path} is missing or not what the checkpoint tells of. ${MEND}`);
  return { name, sha256, memory: parseJson(text), characters: text.length };
}

/** The checkpoint file of one daemon, which alone may write it. */
export class Checkpoint {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #instance: string;
  /** Of the file as this process wrote or found it. */
  #version: string | null = null;
  /** What the file refers to. */
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

  /** Throws a StateError where somebody else wrote it: the lock cannot see another machine or container with the same folder. */
  async check(): Promise<void> {
    if ((await versionOf(this.#path)) === this.#version) return;
    throw new StateError(
      `${this.#path} was written or removed by somebody else: give each daemon its own state.directory.`,
    );
  }

  /** May be called again with the same state after it failed. */
  async write(after: JournalState): Promise<void> {
    const { text, base } = await this.#formOf(after);
    try {
      await this.#disk.replace(this.#path, text);
    } finally {
      // Also where it failed half-way: it was ours.
      this.#version = await versionOf(this.#path);
    }
    this.#base = base;
  }

  async #formOf(after: JournalState): Promise<{ text: string; base: Base | null }> {
    const base = this.#base;
    const { resumes, ...rest } = after;
    const { files, memory, areSeveral } = pack(resumes);
    const head = { ...rest, version: areSeveral ? 4 : 2, instance: this.#instance };
    const delta = base === null ? '' : JSON.stringify(deltaOf(base.memory, memory));
    if (base !== null && delta.length <= base.characters * MOST_CHANGED)
      return { text: referring(head, files, base, delta), base };
    const whole = JSON.stringify(memory);
    if (whole.length < LARGE)
      return {
        text: JSON.stringify({ ...head, version: areSeveral ? 3 : 1, resume: { files, memory } }),
        base: null,
      };
    const next = await this.#writeBase(memory, whole);
    return { text: referring(head, files, next, JSON.stringify(deltaOf(memory, memory))), base: next };
  }

  async #writeBase(memory: unknown, text: string): Promise<Base> {
    const name = this.#base?.name === NAMES[0] ? NAMES[1] : NAMES[0];
    await this.#disk.replace(join(dirname(this.#path), name), text);
    return { name, sha256: hash('sha256', text), memory, characters: text.length };
  }
}

function referring(head: object, files: Packed['files'], { name, sha256 }: Base, delta: string): string {
  const memory = `{"name":"${name}","sha256":"${sha256}","delta":${delta}}`;
  const start = JSON.stringify(head).slice(0, -1);
  return `${start},"resume":{"files":${JSON.stringify(files)},"memoryFile":${memory}}}`;
}

/** Tells one writing of the file from the next; `null` where there is none. */
async function versionOf(path: string): Promise<string | null> {
  try {
    const { ino, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
