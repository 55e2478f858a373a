/** The time for all stages; tests pass a clock of their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Writes times like `toISOString` (`2026-11-21T20:40:01.123Z`), but much faster for many times within the same second. */
export function isoWriter(): (time: number) => string {
  let second = Number.NaN;
  let text = '';
  return time => {
    const milliseconds = time % 1000;
    if (milliseconds < 0) return new Date(time).toISOString();
    if (time - milliseconds !== second) {
      second = time - milliseconds;
      text = new Date(second).toISOString().slice(0, -'000Z'.length);
    }
    return `${text}${String(milliseconds).padStart(3, '0')}Z`;
  };
}

/** How `toISOString` writes a time. */
export const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SECOND = '2026-11-21T20:40:01'.length;

/**
 * Reads times of the form `UTC`, much faster for many times within the same second: milliseconds since the epoch, or NaN
 * if there is no such time (`2026-02-30`).
 */
export function isoReader(): (text: string) => number {
  let [second, start] = ['', Number.NaN];
  return text => {
    if (second === '' || !text.startsWith(second)) {
      second = text.slice(0, SECOND);
      start = wholeSecond(`${second}.000Z`);
    }
    return start + Number(text.slice(SECOND + 1, -1));
  };
}

/** Parsing alone takes 30 February for a day in March. */
function wholeSecond(text: string): number {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text ? time : Number.NaN;
}

/**
 * Whether `limit` milliseconds have passed since a time. Also true if the clock was set back by more than that: waiting
 * for it to catch up could take years.
 */
export function hasPassed(since: number, now: number, limit: number): boolean {
  return now - since >= limit || now < since - limit;
}

/**
 * Lets loops wait for an event or for time to pass, whichever comes first. `wake` wakes everybody who waits; if nobody
 * does, it ends the next wait at once, so no wake-up is lost.
 */
export class Waker {
  readonly #clock: Clock;
  #woken = false;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#woken = true;
    for (const resume of this.#waiting) resume();
  }

  /** Resolves on `wake`, after `ms` milliseconds, or when the signal aborts; it never rejects. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#woken && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const resume = (): void => resolve();
      const cancel = this.#clock.after(ms, resume);
      signal.addEventListener('abort', resume);
      this.#waiting.add(resume);
      await promise;
      this.#waiting.delete(resume);
      signal.removeEventListener('abort', resume);
      cancel();
    }
    this.#woken = false;
  }
}

/** Resolves after `ms` milliseconds or when the signal aborts; it never rejects. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await new Waker(clock).wait(ms, signal);
}
