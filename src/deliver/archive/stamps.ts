/**
 * Time stamps over the newest seal in the archive. One stamp proves all seals before it, so after an outage of the
 * authority the newest seal alone is stamped. Nothing waits for a stamp.
 */

import { z } from 'zod';
import { Backoff } from '../../lib/back-off.js';
import type { CacheFile } from '../../lib/cache-file.js';
import { type Clock, hasPassed, Waker } from '../../lib/clock.js';
import { hasCode } from '../../lib/errors.js';

/** A stored object, and its seal. */
const stored = z.object({
  /** Of the object. */
  name: z.string(),
  seq: z.number(),
  /** SHA-256 (hex) of the seal's line, which is what is stamped. */
  hash: z.string(),
});
export type StoredSeal = z.infer<typeof stored>;

export const stampsSchema = z.object({
  v: z.literal(1),
  /** The newest stored seal without a stamp. */
  waiting: stored.nullable(),
  /** When the last stamp was stored, in milliseconds since the epoch. */
  stampedAt: z.number().nullable(),
});
type Saved = z.infer<typeof stampsSchema>;

/** Stores a seal's stamp. */
export type StoreStamp = (seal: StoredSeal, stamp: Buffer, signal: AbortSignal) => Promise<unknown>;

export interface StampReport {
  /** `null`: there is a stamp again. Reported for each attempt. */
  stamping(failure: { readonly error: unknown } | null): void;
}

export interface StampOptions {
  /** Milliseconds between two stamps at least; 0: each seal gets one. */
  readonly every: number;
  /** Asks the authority for a stamp over a SHA-256, and checks it. */
  readonly request: (sha256: Buffer, signal: AbortSignal) => Promise<Buffer>;
  /** Stores it wherever it belongs; each name rejects with code `object-differs` if there is another one. */
  readonly store: readonly StoreStamp[];
  /** A crash may lose what is in it: then the next seal is stamped, and proves the one before. */
  readonly file: CacheFile<Saved>;
  readonly clock: Clock;
  readonly report: StampReport;
}

const FIRST_DELAY = 5000;
const LAST_DELAY = 10 * 60_000;
/** Milliseconds that the last attempt may take when the daemon stops. */
const LAST_WAIT = 5000;

export class Stamping {
  readonly #options: StampOptions;
  readonly #waker: Waker;
  readonly #backoff: Backoff;
  #waiting: StoredSeal | null = null;
  #stampedAt: number | null = null;
  #isEnding = false;

  private constructor(options: StampOptions) {
    const { clock } = options;
    this.#options = options;
    this.#waker = new Waker(clock);
    this.#backoff = new Backoff({ clock, first: FIRST_DELAY, last: LAST_DELAY });
  }

  static async open(options: StampOptions): Promise<Stamping> {
    const stamping = new Stamping(options);
    const saved = await options.file.read();
    stamping.#waiting = saved?.waiting ?? null;
    stamping.#stampedAt = saved?.stampedAt ?? null;
    return stamping;
  }

  /** The archive has another object. */
  stored(seal: StoredSeal): void {
    this.#waiting = seal;
    this.#save();
    this.#waker.wake();
  }

  /** No more objects will come. */
  end(): void {
    this.#isEnding = true;
    this.#waker.wake();
  }

  /** Stamps until the end, or until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!this.#isEnding && !signal.aborted) {
      if (this.#isDue && !this.#backoff.isWaiting) await this.#stamp(signal);
      if (!this.#isEnding) await this.#waker.wait(this.#untilDue, signal);
    }
    if (this.#isDue && !signal.aborted)
      await this.#stamp(AbortSignal.any([signal, AbortSignal.timeout(LAST_WAIT)]));
    await this.#options.file.close();
  }

  get #isDue(): boolean {
    const { every, clock } = this.#options;
    const isTime = this.#stampedAt === null || hasPassed(this.#stampedAt, clock.now(), every);
    return this.#waiting !== null && isTime;
  }

  get #untilDue(): number {
    const { every, clock } = this.#options;
    if (this.#waiting === null) return 60_000;
    return Math.min(Math.max((this.#stampedAt ?? 0) + every - clock.now(), 1000), 60_000);
  }

  async #stamp(signal: AbortSignal): Promise<void> {
    const { request, store, clock, report } = this.#options;
    const seal = this.#waiting;
    if (seal === null) return;
    try {
      const stamp = await request(Buffer.from(seal.hash, 'hex'), signal);
      for (const put of store) await put(seal, stamp, signal).catch(ifThere);
    } catch (error) {
      if (signal.aborted && this.#isEnding) return;
      this.#backoff.failed();
      report.stamping({ error });
      return;
    }
    this.#backoff.succeeded();
    this.#stampedAt = clock.now();
    if (this.#waiting === seal) this.#waiting = null;
    this.#save();
    report.stamping(null);
  }

  #save(): void {
    this.#options.file.schedule(() => ({ v: 1, waiting: this.#waiting, stampedAt: this.#stampedAt }));
  }
}

/** A stamp was stored, and a crash forgot it: no two stamps are the same. */
function ifThere(error: unknown): void {
  if (!hasCode(error, 'object-differs')) throw error;
}
