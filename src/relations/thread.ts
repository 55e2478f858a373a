/** The thread with PostgreSQL's parser: started on demand, ended when it fails, and started again. */

import { Worker } from 'node:worker_threads';
import type { AuditClass } from '../event/names.js';
import type { Bounds } from './bounds.js';
import type { Marks } from './marks.js';
import type { Change } from './tree.js';

/**
 * Why a statement's relations are unknown. `syntax`: not in this PostgreSQL's grammar; `size`: statement or names too
 * large; `time`: not parsed within the limit; `crash`: the parser failed, mostly because of deep nesting;
 * `unavailable`: the parser could not be loaded, or is closed.
 */
export type Unparsable = 'syntax' | 'size' | 'time' | 'crash' | 'unavailable';
export type Answer = Parsed | Unparsable;

export interface Parsed {
  readonly changes: readonly Change[];
  /** pgAudit's class of each statement that changes something. */
  readonly classes: readonly AuditClass[];
  /** `null` if they were not asked for. */
  readonly bounds: readonly Bounds[] | null;
  readonly marks: Marks | null;
}

/** The same folder contains worker.ts in `src` and worker.js in `dist`. */
const WORKER = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
/** Milliseconds. Loading takes about 50; a machine that swaps may take a hundred times as long. */
const LOAD_LIMIT = 10_000;
/** Milliseconds before loading is retried after a failure. */
const LOAD_PAUSE = 10_000;
/** Characters of a statement that may need tens of MB, … */
const LARGE = 32 * 1024;
/** … and of all large ones together after which the thread is ended: only that makes the parser return memory. */
const MOST_LARGE = 8 * 1024 * 1024;
/** For the parse tree as JSON: four times what any statement of 256 KiB needs (measured: 44 MB). */
const MEMORY = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 16 };

/** Milliseconds without a question after which the thread is ended: it takes 20 MB. */
const MOST_IDLE = 5000;

/** This many statements are with the thread at once, so that it does not have to wait for this one between them. */
const MOST_AT_ONCE = 32;

interface Question {
  readonly statement: string;
  readonly resolve: (answer: Answer) => void;
}

export class ParserThread {
  readonly #timeLimit: number;
  readonly #forReview: boolean;
  #worker: Worker | undefined;
  readonly #waiting: Question[] = [];
  /** Questions that the thread has; it answers in this order. */
  #asked: Question[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isBeginning = false;
  /** Settles when an ended thread is gone. */
  #ended: Promise<unknown> = Promise.resolve();
  #notBefore = 0;
  #isClosed = false;
  /** Characters of the large statements that this thread has parsed. */
  #large = 0;

  /**
   * @param timeLimit milliseconds that one statement may take; then the thread is ended
   * @param forReview answers have `bounds` and `marks`, which take a fifth more time
   */
  constructor(timeLimit: number, forReview: boolean) {
    this.#timeLimit = timeLimit;
    this.#forReview = forReview;
  }

  /** One statement after the other, each within the time limit of its turn; never rejects. */
  ask(statement: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.push({ statement, resolve });
    this.#post();
    return promise;
  }

  /** Ends the thread; unanswered questions get `crash` or `unavailable`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const asked = this.#asked;
    this.#end();
    for (const { resolve } of asked) resolve('crash');
    this.#post();
    await this.#ended;
  }

  /** Gives waiting questions to the thread, up to its limit; a large one is the last of them. */
  #post(): void {
    if (this.#isBeginning || this.#waiting.length === 0) return;
    const worker = this.#worker;
    if (worker === undefined) {
      void this.#begin();
      return;
    }
    while (this.#asked.length < MOST_AT_ONCE && !isLarge(this.#asked.at(-1))) {
      const question = this.#waiting.shift();
      if (question === undefined) return;
      this.#asked.push(question);
      if (this.#asked.length === 1) this.#await();
      worker.postMessage(question.statement);
    }
  }

  /** After a busy period, Node.js reads messages before it runs timers. */
  #await(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#replied('time'), this.#timeLimit);
  }

  #replied(reply: unknown): void {
    clearTimeout(this.#timer);
    const question = this.#asked.shift();
    if (question === undefined) return;
    const answer = isAnswer(reply) ? reply : 'crash';
    question.resolve(answer);
    if (isLarge(question)) this.#large += question.statement.length;
    if (answer === 'time' || answer === 'crash' || this.#large > MOST_LARGE) {
      // Questions that the thread had not begun are for the next one.
      this.#waiting.unshift(...this.#asked);
      this.#end();
    } else if (this.#asked.length > 0) this.#await();
    this.#post();
    if (this.#asked.length === 0) this.#rest();
  }

  /** Most statements are not new, and new ones come together. */
  #rest(): void {
    this.#timer = setTimeout(() => this.#end(), MOST_IDLE).unref();
  }

  async #begin(): Promise<void> {
    this.#isBeginning = true;
    // A thread that was ended goes first: its memory is returned.
    await this.#ended;
    if (!this.#isClosed && performance.now() >= this.#notBefore) await this.#load();
    this.#isBeginning = false;
    if (this.#worker === undefined) for (const { resolve } of this.#waiting.splice(0)) resolve('unavailable');
    this.#post();
  }

  async #load(): Promise<void> {
    const worker = startWorker(this.#forReview);
    // Without a listener, a failing thread would end the process.
    worker.on('error', () => this.#lost(worker)).on('exit', () => this.#lost(worker));
    if ((await nextMessage(worker, LOAD_LIMIT)) === 'ready' && !this.#isClosed) {
      worker.on('message', reply => {
        if (worker === this.#worker) this.#replied(reply);
      });
      // The listener would keep the process alive.
      worker.unref();
      this.#worker = worker;
      return;
    }
    this.#notBefore = performance.now() + LOAD_PAUSE;
    this.#ended = worker.terminate();
  }

  /** It ended by itself: because of the statement that it was parsing, if any. */
  #lost(worker: Worker): void {
    if (worker !== this.#worker) return;
    if (this.#asked.length > 0) this.#replied('crash');
    else this.#worker = undefined;
  }

  #end(): void {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#large = 0;
    this.#asked = [];
    if (worker !== undefined) this.#ended = worker.terminate();
  }
}

function isLarge(question: Question | undefined): boolean {
  return question !== undefined && question.statement.length > LARGE;
}

/** It gets no environment, and its output is not read: the parser may print SQL. */
function startWorker(forReview: boolean): Worker {
  const worker = new Worker(WORKER, {
    env: {},
    execArgv: [],
    workerData: { forReview },
    stdout: true,
    stderr: true,
    resourceLimits: MEMORY,
  });
  // While a question is open, a timer keeps the process alive; an idle thread does not.
  worker.unref();
  return worker;
}

/** The worker's next message; `time` if there is none within `limit` milliseconds, `crash` if the worker ended. */
function nextMessage(worker: Worker, limit: number): Promise<unknown> {
  return new Promise(resolve => {
    const settle = (outcome: unknown): void => {
      clearTimeout(timer);
      worker.off('message', settle).off('error', fail).off('exit', fail);
      resolve(outcome);
    };
    const fail = (): void => settle('crash');
    // After a busy period, Node.js reads messages before it runs timers.
    const timer = setTimeout(() => settle('time'), limit);
    worker.on('message', settle).on('error', fail).on('exit', fail);
  });
}

function isAnswer(value: unknown): value is Answer {
  if (Array.isArray(Reflect.get(Object(value), 'changes'))) return true;
  return value === 'syntax' || value === 'size' || value === 'time' || value === 'crash';
}
