/**
 * Keeps the originals of redacted texts for those who may see them: encrypted with age to the auditors' keys, whose
 * secret halves this machine never has. So nobody can hide a change by making it look like a secret.
 */

import { Worker } from 'node:worker_threads';
import { EscrowError } from '../../lib/errors.js';

/** In `src`, worker.ts is in the same folder; the bundle calls it escrow.js. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './escrow.js', import.meta.url);
/** Milliseconds without an original after which the thread is ended: most events have no secrets. */
const MOST_IDLE = 5000;
/** After this many thread deaths on one original, it is given up. */
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
  /** Originals that the thread has; it answers in this order. */
  #asked: Original[] = [];
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(recipients: readonly string[]) {
    this.#recipients = recipients;
  }

  /**
   * An age file in base64, which `base64 -d | age -d -i KEY` decrypts. Rejects with an EscrowError if it cannot be
   * made: the event must not pass without it.
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
    // Without a listener, a failing thread would end the process; its error may contain content.
    worker.on('error', () => undefined).on('exit', () => this.#lost(worker));
    return worker;
  }

  #answered(sealed: string): void {
    this.#asked.shift()?.resolve(sealed);
    if (this.#asked.length > 0) return;
    this.#worker?.unref();
    this.#idle = setTimeout(() => this.#end(), MOST_IDLE).unref();
  }

  /** Later originals go to another thread. */
  #end(): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
  }

  /** Retries the original that the thread was working on; the others follow. */
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
