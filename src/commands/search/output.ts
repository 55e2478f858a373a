/** The output of a search: written in batches, as fast as the reader takes them, until the reader closes the pipe. */

import type { Writable } from 'node:stream';
import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';

/** Bytes that are collected before they are written. */
const BATCH = 64 * 1024;
/** Milliseconds after which a smaller batch is written, too. */
const PATIENCE = 100;

export class Output {
  readonly #stream: Writable;
  readonly #beforeWrite: () => void;
  #batch: Buffer[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;
  #error: ShipperError | null = null;

  /** @param beforeWrite clears a progress bar on the same terminal */
  constructor(stream: Writable, beforeWrite: () => void = () => undefined) {
    this.#stream = stream;
    this.#beforeWrite = beforeWrite;
    stream.on('error', error => this.#fail(error));
  }

  /** The reader has closed the pipe and wants no more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Throws a ShipperError if writing fails; a closed pipe is not a failure. */
  async write(line: string | Buffer): Promise<void> {
    const bytes = Buffer.isBuffer(line) ? line : Buffer.from(line);
    this.#batch.push(bytes, NEWLINE);
    this.#size += bytes.length + 1;
    if (this.#size >= BATCH) return await this.flush();
    this.#timer ??= setTimeout(() => this.#send(), PATIENCE);
  }

  async flush(): Promise<void> {
    this.#send();
    await this.#writing;
    if (this.#error !== null) throw this.#error;
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#size === 0 || this.#isClosed) return;
    const bytes = Buffer.concat(this.#batch);
    this.#batch = [];
    this.#size = 0;
    const before = this.#writing;
    const written = new Promise<void>(resolve => {
      this.#beforeWrite();
      this.#stream.write(bytes, error => {
        if (error != null) this.#fail(error);
        resolve();
      });
    });
    this.#writing = before.then(() => written);
  }

  #fail(error: unknown): void {
    if (hasCode(error, 'EPIPE', 'ERR_STREAM_DESTROYED')) this.#isClosed = true;
    else
      this.#error ??= new ShipperError(
        'output',
        `what was found cannot be written (${codeOf(error)})`,
        error,
      );
  }
}

const NEWLINE = Buffer.from('\n');
