/** The thread with PostgreSQL's parser: begun when first asked, ended when it fails, and begun again. */

import { Worker } from 'node:worker_threads';

/**
 * Why a statement's relations are not known. `syntax`: not of this PostgreSQL's grammar; `size`: statement or names too
 * large; `time`: not parsed within the limit; `crash`: the parser failed, mostly by nesting too deep;
 * `unavailable`: the parser could not be loaded, or is closed.
 */
export type Unparsable = 'syntax' | 'size' | 'time' | 'crash' | 'unavailable';
export type Answer = readonly string[] | Unparsable;

/** The same folder holds worker.ts in `src` and worker.js in `dist`. */
const WORKER = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
/** Milliseconds. Loading takes about 50; a machine that swaps may take a hundred times as long. */
const LOAD_LIMIT = 10_000;
/** Milliseconds until loading is tried again after it failed. */
const LOAD_PAUSE = 10_000;
/** Characters. A larger statement may need tens of MB, which the parser gives back only by ending. */
const LARGE = 32 * 1024;
/** For the parse tree as JSON: four times of what any statement of 256 KiB needs (measured: 44 MB). */
const MEMORY = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 16 };

export class ParserThread {
  readonly #timeLimit: number;
  #worker: Worker | undefined;
  /** Settles when the statement before is answered, and the thread that it spoiled is gone. */
  #turn: Promise<unknown> = Promise.resolve();
  #ended: Promise<unknown> = Promise.resolve();
  #notBefore = 0;
  #isClosed = false;

  /** @param timeLimit milliseconds that one statement may take; the thread is ended then */
  constructor(timeLimit: number) {
    this.#timeLimit = timeLimit;
  }

  /** One statement after the other, each within the time limit of its turn; never rejects. */
  ask(statement: string): Promise<Answer> {
    const answer = this.#turn.then(() => this.#answer(statement));
    this.#turn = answer.then(() => this.#ended);
    return answer;
  }

  /** Ends the thread; what was asked and is not answered is `crash` or `unavailable`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#end();
    await this.#turn;
    await this.#ended;
  }

  async #answer(statement: string): Promise<Answer> {
    const worker = this.#worker ?? (await this.#begin());
    if (worker === undefined) return 'unavailable';
    const reply = nextMessage(worker, this.#timeLimit);
    worker.postMessage(statement);
    const answer = await reply;
    if (answer === 'time' || answer === 'crash' || statement.length > LARGE) this.#end();
    return isAnswer(answer) ? answer : 'crash';
  }

  async #begin(): Promise<Worker | undefined> {
    if (this.#isClosed || performance.now() < this.#notBefore) return undefined;
    const worker = startWorker();
    this.#worker = worker;
    // One that fails between two statements is not asked again; without a listener it would end the process.
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    worker.on('error', forget).on('exit', forget);
    if ((await nextMessage(worker, LOAD_LIMIT)) === 'ready') return worker;
    this.#notBefore = performance.now() + LOAD_PAUSE;
    this.#end();
    return undefined;
  }

  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker !== undefined) this.#ended = worker.terminate();
  }
}

/** It gets no environment, and its output is not read: what the parser prints may hold SQL. */
function startWorker(): Worker {
  const worker = new Worker(WORKER, {
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: MEMORY,
  });
  // While it is asked, nextMessage's timer keeps the process; an idle one does not.
  worker.unref();
  return worker;
}

/** What the worker says next; `time` where it says nothing within `limit` milliseconds, `crash` where it ended. */
function nextMessage(worker: Worker, limit: number): Promise<unknown> {
  return new Promise(resolve => {
    const settle = (outcome: unknown): void => {
      clearTimeout(timer);
      worker.off('message', settle).off('error', fail).off('exit', fail);
      resolve(outcome);
    };
    const fail = (): void => settle('crash');
    // Node.js reads what came while it was busy before it looks at its timers.
    const timer = setTimeout(() => settle('time'), limit);
    worker.on('message', settle).on('error', fail).on('exit', fail);
  });
}

function isAnswer(value: unknown): value is Answer {
  if (Array.isArray(value)) return value.every(name => typeof name === 'string');
  return value === 'syntax' || value === 'size' || value === 'time' || value === 'crash';
}
