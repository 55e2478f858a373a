/** Asks a look-up service who somebody is, with few requests, and caches its answers. */

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

/** Milliseconds that a question waits at most: reading the log waits for it. */
const LONGEST_WAIT = 2000;
/** Milliseconds after which a request that nobody waits for any more is aborted. */
const LONGEST_REQUEST = 10_000;
const MOST_REQUESTS = 8;
const FIRST_DELAY = 1000;
const LAST_DELAY = 5 * 60_000;
const FRESH_FOR = 60 * 60_000;
const NOBODY_FOR = 5 * 60_000;

export interface HttpResolverOptions extends RequestTemplate {
  readonly fields: LookupFields;
  readonly token?: TokenSupplier | undefined;
  /** Milliseconds that a question waits; at most 2000, which is the default. */
  readonly timeout?: number | undefined;
  /** Milliseconds that an answer counts (default: an hour), and one without a person (default: 5 minutes). */
  readonly freshFor?: number | undefined;
  readonly nobodyFor?: number | undefined;
  /** The file that keeps the answers; one for each resolver. */
  readonly cachePath: string;
}

export interface LookupReport extends CacheFileReport {
  /** The service answered, in time or not. */
  lookupAnswered(outcome: LookupOutcome): void;
  /** The service fails, `failures` times in a row; it gets no request for `delay` milliseconds. */
  lookupFailed(error: unknown, failures: number, delay: number): void;
  /** The service works again after this many failures. */
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
  /** The service's final answer; `null` if it fails. */
  readonly ended: Promise<Cached | null>;
  /** The same, but `null` if the service takes longer than a question waits. */
  readonly inTime: Promise<Cached | null>;
}

/**
 * One request per person at a time, and few altogether. While the service fails, requests become ever rarer; in
 * between, the cache answers with expired entries, marked stale, or not at all.
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

  /** Throws a ShipperError if the options cannot be used; does not query the service. */
  static async open(options: HttpResolverOptions, surroundings: HttpSurroundings): Promise<HttpResolver> {
    const { cachePath: path, url, method, body, fields } = options;
    const { clock, disk, report } = surroundings;
    const requestFor = requests(options);
    const settings = JSON.stringify([url, method, body, Object.entries(fields).sort()]);
    // As a hash: the address may contain a secret.
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

  /** Aborts running requests, and writes the cache. Never rejects. */
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

  /** Fills the cache, late or not. Never rejects. */
  async #fly(request: LookupRequest, flight: Flight): Promise<Cached | null> {
    const { clock, report } = this.#surroundings;
    // The service may have failed while this request waited for its turn.
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

  /** Requests that ran next to the first failing one, or were aborted already, say nothing more. */
  #failed(error: unknown, { isLate }: Flight): void {
    if (isLate || this.#isClosed || this.#backoff.isWaiting) return;
    const { failures, delay } = this.#backoff.failed();
    this.#surroundings.report.lookupFailed(error, failures, delay);
  }

  /** A late answer is used, but a service that answers late still counts as failing. */
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
