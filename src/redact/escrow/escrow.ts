/**
 * Keeps the original of what was scrubbed, for those who may see it: encrypted with age to the auditors' keys, whose
 * secret halves this machine never has. So a change cannot be hidden by making it look like a secret.
 */

import { Worker } from 'node:worker_threads';
import { EscrowError } from '../../lib/errors.js';

/** The same folder holds worker.ts in `src`; the bundle calls it escrow.js. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './escrow.js', import.meta.url);
/** Milliseconds without an original after which the thread is ended: most events hold no secret. */
const MOST_IDLE = 5000;
/** Threads that end over one original, after which it is given up. */
const MOST_DEATHS = 2;

interface Original {
  readonly text: string;
  readonly resolve: (sealed: string) => void;
  readonly reject: (error: Error) => void;
  deaths: number;
}

export class Escrow {
  readonly #recipients: readonly string[];
  #worker: Worker | null = null;
  /** With the thread, which answers in this order. */
  #asked: Original[] = [];
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(recipients: readonly string[]) {
    this.#recipients = recipients;
  }

  /**
   * An age file in base64, which `base64 -d | age -d -i KEY` opens. Rejects with an EscrowError where it cannot be made: the
   * event must not pass without it.
   */
  seal(text: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#ask({ text, resolve, reject, deaths: 0 });
    return promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  #ask(original: Original): void {
    if (this.#isClosed) {
      original.reject(new EscrowError());
      return;
    }
    clearTimeout(this.#idle);
    this.#asked.push(original);
    this.#worker ??= this.#begin();
    this.#worker.ref();
    this.#worker.postMessage(original.text);
  }

  #begin(): Worker {
    const worker = new Worker(WORKER, { workerData: this.#recipients, env: {}, execArgv: [] });
    worker.on('message', (sealed: string) => this.#answered(sealed));
    // Without a listener one that fails would end the process; what it says may hold content.
    worker.on('error', () => undefined).on('exit', () => this.#lost(worker));
    return worker;
  }

  #answered(sealed: string): void {
    this.#asked.shift()?.resolve(sealed);
    if (this.#asked.length > 0) return;
    this.#worker?.unref();
    this.#idle = setTimeout(() => this.#end(), MOST_IDLE).unref();
  }

  /** What is asked from now on is another thread's. */
  #end(): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
  }

  /** The original that it was at is tried again, and the others come after it. */
  #lost(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    const [first, ...rest] = this.#asked;
    this.#asked = [];
    if (first === undefined) return;
    first.deaths += 1;
    if (first.deaths < MOST_DEATHS) this.#ask(first);
    else first.reject(new EscrowError());
    for (const original of rest) this.#ask(original);
  }
}
