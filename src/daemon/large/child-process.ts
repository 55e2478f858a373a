/** The process that reads large records. It is started on demand, ended when idle, and replaced if a record kills it. */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../../lib/json.js';
import { type Answer, answerSchema } from './answer.js';
import { frameHead, HEAD, type Question, READY, type Settings } from './protocol.js';

/** Always in `dist`, also for code that runs from `src`: from there Node.js would not find its imports. */
const CHILD = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../dist/large.js' : './large.js', import.meta.url),
);
/** Bytes written at once. */
const SLICE = 1024 * 1024;
/** Bytes of a record after which the process is ended: it would keep several times as much memory. */
const VERY_LARGE = 8 * 1024 * 1024;
/** Milliseconds without a question after which the process is ended. */
const MOST_IDLE = 5000;

/** The process ended without an answer. */
export class ChildGone extends Error {
  /** It did not even start: that says nothing about the record. */
  readonly isUnready: boolean;

  constructor(isUnready: boolean) {
    super('the process for large records has ended');
    this.isUnready = isUnready;
  }
}

export interface ChildOptions {
  readonly settings: Settings;
  /** MB of the heap. */
  readonly memory: number;
  /** Milliseconds that a record may take. */
  readonly timeLimit: number;
}

export interface Reply {
  readonly answer: Answer;
  /** In JSON. */
  readonly first: readonly Buffer[];
  readonly second: readonly Buffer[];
  /** Empty if nothing was redacted, or originals are not kept. */
  readonly escrow: readonly Buffer[];
}

export class LargeChild {
  readonly #options: ChildOptions;
  #child: RunningChild | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** Reads one record at a time. Throws a ChildGone; the next call starts another process. */
  async ask(question: Question, bytes: Buffer): Promise<Reply> {
    clearTimeout(this.#timer);
    this.#child ??= started(this.#options);
    const child = this.#child;
    this.#timer = setTimeout(() => child.end(), this.#options.timeLimit);
    try {
      const reply = await child.ask(question, bytes);
      if (bytes.length > VERY_LARGE) this.close();
      return reply;
    } catch (error) {
      this.close();
      throw error instanceof ChildGone ? new ChildGone(!child.isReady) : error;
    } finally {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.close(), MOST_IDLE).unref();
    }
  }

  /** Ends the process at once. */
  close(): void {
    clearTimeout(this.#timer);
    this.#child?.end();
    this.#child = null;
  }
}

/** Throws a ChildGone if there is no memory for another process, or for its pipes. */
function started(options: ChildOptions): RunningChild {
  try {
    return new RunningChild(options);
  } catch {
    throw new ChildGone(true);
  }
}

class RunningChild {
  isReady = false;
  readonly #process: ChildProcess;
  readonly #input: Writable;
  readonly #frames: Frames;
  readonly #settings: Settings;

  /** It gets no environment variables, and its stderr is not read: when it dies, that may contain SQL. */
  constructor({ memory, settings }: ChildOptions) {
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${memory}`, '--max-semi-space-size=4', CHILD],
      { env: {}, stdio: ['pipe', 'pipe', 'ignore'] },
    );
    // Reading and writing report the error.
    const ignore = (): void => undefined;
    // Before the pipes: a process that did not start may have none, and reports that later.
    child.on('error', ignore);
    child.stdin.on('error', ignore);
    child.stdout.on('error', ignore);
    this.#process = child;
    this.#input = child.stdin;
    this.#frames = new Frames(child.stdout);
    this.#settings = settings;
  }

  async ask(question: Question, bytes: Buffer): Promise<Reply> {
    if (!this.isReady) await this.#begin();
    await this.#writeFrame(question);
    for (let start = 0; start < bytes.length; start += SLICE)
      await this.#write(bytes.subarray(start, start + SLICE));
    const answer = answerSchema.safeParse(parseJson(await this.#frames.next()));
    if (!answer.success) throw new ChildGone(false);
    const [first, second] = [await this.#frames.pieces(), await this.#frames.pieces()];
    return { answer: answer.data, first, second, escrow: await this.#frames.pieces() };
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }

  async #begin(): Promise<void> {
    await this.#writeFrame(this.#settings);
    this.isReady = (await this.#frames.next()).toString() === READY;
  }

  async #writeFrame(value: Question | Settings): Promise<void> {
    const json = Buffer.from(JSON.stringify(value));
    await this.#write(Buffer.concat([frameHead(json.length), json]));
  }

  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#input.write(bytes, error => (error ? reject(new ChildGone(false)) : resolve()));
    });
  }
}

/** Splits the output of the process into frames. */
class Frames {
  readonly #chunks: NodeJS.AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(output: Readable) {
    this.#chunks = output[Symbol.asyncIterator]();
  }

  async next(): Promise<Buffer> {
    const length = (await this.#take(HEAD)).readUInt32LE();
    return await this.#take(length);
  }

  /** All frames before the empty one, joined to a few buffers. */
  async pieces(): Promise<Buffer[]> {
    const pieces: Buffer[] = [];
    let [room, used] = [Buffer.alloc(0), 0];
    for (let piece = await this.next(); piece.length > 0; piece = await this.next()) {
      if (piece.length > room.length - used) {
        if (used > 0) pieces.push(room.subarray(0, used));
        [room, used] = [Buffer.allocUnsafeSlow(Math.max(SLICE, piece.length)), 0];
      }
      used += piece.copy(room, used);
    }
    return used === 0 ? pieces : [...pieces, room.subarray(0, used)];
  }

  async #take(length: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      if (this.#chunk.length === 0) this.#chunk = await this.#nextChunk();
      const part = this.#chunk.subarray(0, missing);
      this.#chunk = this.#chunk.subarray(part.length);
      missing -= part.length;
      taken.push(part);
    }
    return taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken);
  }

  async #nextChunk(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (done === true) throw new ChildGone(false);
    return value;
  }
}
