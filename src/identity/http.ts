/** Asks a look-up service who somebody is, sparingly, and remembers what it said. */

import { createHash } from 'node:crypto';
import { Backoff } from '../lib/back-off.js';
import type { CacheFileReport } from '../lib/cache-file.js';
import { type Clock, hasPassed } from '../lib/clock.js';
import { within } from '../lib/deadline.js';
import type { Disk } from '../lib/disk.js';
import { type Cached, LookupCache } from './cache.js';
import { type LookupFields, type LookupOutcome, lateFailure, lookUp, type TokenSupplier } from './lookup.js';
import type { Answer, Question, Resolver } from './resolver.js';
import { Slots } from './slots.js';
import { type LookupRequest, type RequestTemplate, requests } from './template.js';

/** Milliseconds that a question waits at most: the log waits for it. */
const LONGEST_WAIT = 2000;
/** Milliseconds until a request that nobody waits for any more is given up. */
const LONGEST_REQUEST = 10_000;
const MOST_REQUESTS = 8;
const FIRST_DELAY = 1000;
const LAST_DELAY = 5 * 60_000;
const FRESH_FOR = 60 * 60_000;
const NOBODY_FOR = 5 * 60_000;

export interface HttpResolverOptions extends RequestTemplate {
  readonly fields: LookupFields;
  readonly token?: TokenSupplier | undefined;
  /** Milliseconds that a question waits; 2000 at most, and where nothing is said. */
  readonly timeout?: number | undefined;
  /** Milliseconds for which an answer counts (default an hour), and one that names nobody (default 5 minutes). */
  readonly freshFor?: number | undefined;
  readonly nobodyFor?: number | undefined;
  /** The file that keeps the answers; one for each resolver. */
  readonly cachePath: string;
}

export interface LookupReport extends CacheFileReport {
  /** The service answered, in time or not. */
  lookupAnswered(outcome: LookupOutcome): void;
  /** The service fails; it is left alone for `delay` milliseconds. `failures` in a row. */
  lookupFailed(error: unknown, failures: number, delay: number): void;
  /** The service works again after so many failures. */
  lookupRecovered(failures: number): void;
}

export interface HttpSurroundings {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly report: LookupReport;
  readonly random?: (() => number) | undefined;
}

interface Flight {
  readonly abort: AbortController;
  /** Nobody waits for it any more. */
  isLate: boolean;
}

interface UnderWay {
  readonly flight: Flight;
  /** What the service says in the end; `null` where it fails. */
  readonly ended: Promise<Cached | null>;
  /** The same, but `null` where the service takes longer than a question waits. */
  readonly inTime: Promise<Cached | null>;
}

/**
 * One request for a person at a time, and few for all. While the service fails, requests are made ever more seldom,
 * and in between the cache answers: with what has expired, marked stale, or not at all.
 */
export class HttpResolver implements Resolver {
  readonly name = 'http';
  readonly #options: HttpResolverOptions;
  readonly #surroundings: HttpSurroundings;
  readonly #cache: LookupCache;
  readonly #requestFor: (question: Question) => LookupRequest | null;
  readonly #backoff: Backoff;
  readonly #slots = new Slots(MOST_REQUESTS);
  readonly #underWay = new Map<string, UnderWay>();
  #isClosed = false;

  private constructor(
    options: HttpResolverOptions,
    surroundings: HttpSurroundings,
    requestFor: (question: Question) => LookupRequest | null,
    cache: LookupCache,
  ) {
    const { clock, random } = surroundings;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#requestFor = requestFor;
    this.#cache = cache;
    this.#backoff = new Backoff({ clock, random, first: FIRST_DELAY, last: LAST_DELAY });
  }

  /** Throws a ShipperError where the options cannot be used; the service itself is not asked. */
  static async open(options: HttpResolverOptions, surroundings: HttpSurroundings): Promise<HttpResolver> {
    const { cachePath: path, url, method, body, fields } = options;
    const { clock, disk, report } = surroundings;
    const requestFor = requests(options);
    const settings = JSON.stringify([url, method, body, Object.entries(fields).sort()]);
    // As a hash: the address may hold a secret.
    const source = createHash('sha256').update(settings).digest('hex');
    const cache = await LookupCache.open(source, { path, clock, disk, report });
    return new HttpResolver(options, surroundings, requestFor, cache);
  }

  resolve(question: Question): Answer | null | Promise<Answer | null> {
    const request = this.#requestFor(question);
    if (request === null) return null;
    const cached = this.#cache.get(request.key);
    if (cached !== null && this.#isFresh(cached)) return answerOf(cached, false);
    if (this.#isClosed || this.#backoff.isWaiting) return answerOf(cached, true);
    return this.#ask(request, cached);
  }

  /** Gives up what is under way, and writes the cache. It never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const underWay = [...this.#underWay.values()];
    for (const { flight } of underWay) flight.abort.abort();
    await Promise.all(underWay.map(({ ended }) => ended));
    await this.#cache.close();
  }

  async #ask(request: LookupRequest, cached: Cached | null): Promise<Answer | null> {
    const { inTime } = this.#underWay.get(request.key) ?? this.#begin(request);
    const found = await inTime;
    return found === null ? answerOf(cached, true) : answerOf(found, false);
  }

  #begin(request: LookupRequest): UnderWay {
    const { timeout = LONGEST_WAIT } = this.#options;
    const flight: Flight = { abort: new AbortController(), isLate: false };
    const ended = this.#slots
      .use(() => this.#fly(request, flight))
      .finally(() => this.#underWay.delete(request.key));
    const inTime = within(ended, Math.min(timeout, LONGEST_WAIT), this.#surroundings.clock, () => {
      this.#failed(lateFailure(), flight);
      flight.isLate = true;
      return null;
    });
    const underWay = { flight, ended, inTime };
    this.#underWay.set(request.key, underWay);
    return underWay;
  }

  /** Fills the cache, late or not. It never rejects. */
  async #fly(request: LookupRequest, flight: Flight): Promise<Cached | null> {
    const { clock, report } = this.#surroundings;
    // The service may have failed while this waited for its turn.
    if (this.#isClosed || flight.isLate || this.#backoff.isWaiting) return null;
    const cancel = clock.after(LONGEST_REQUEST, () => flight.abort.abort());
    try {
      const { person, outcome } = await lookUp(request, this.#options, flight.abort.signal);
      const found = { person, at: clock.now() };
      this.#cache.set(request.key, found);
      report.lookupAnswered(outcome);
      this.#succeeded(flight);
      return found;
    } catch (error) {
      this.#failed(error, flight);
      return null;
    } finally {
      cancel();
    }
  }

  /** What was under way beside the request that failed first tells nothing more, nor does what was given up already. */
  #failed(error: unknown, { isLate }: Flight): void {
    if (isLate || this.#isClosed || this.#backoff.isWaiting) return;
    const { failures, delay } = this.#backoff.failed();
    this.#surroundings.report.lookupFailed(error, failures, delay);
  }

  /** A late answer is used, but a service that answers late is still one to be left alone. */
  #succeeded({ isLate }: Flight): void {
    if (isLate || this.#backoff.isWaiting) return;
    const failures = this.#backoff.succeeded();
    if (failures > 0) this.#surroundings.report.lookupRecovered(failures);
  }

  #isFresh({ person, at }: Cached): boolean {
    const { freshFor = FRESH_FOR, nobodyFor = NOBODY_FOR } = this.#options;
    return !hasPassed(at, this.#surroundings.clock.now(), person === null ? nobodyFor : freshFor);
  }
}

function answerOf(cached: Cached | null, isStale: boolean): Answer | null {
  return cached?.person ? { person: cached.person, isStale } : null;
}
