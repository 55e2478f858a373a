import type { Clock } from '../../src/lib/clock.js';
import { loopNow } from './activity.js';

/** A clock that moves only when the test moves it. */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ at: number; run: () => void; loop: string | undefined }>();

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now = (): number => this.#now;

  /** How many timers are waiting. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Loops that wait for time to pass. */
  get loops(): ReadonlySet<string | undefined> {
    return new Set([...this.#timers].map(({ loop }) => loop));
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run, loop: loopNow() };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Sets the clock without letting time pass, as an operator or NTP does. */
  set(time: string): void {
    const by = Date.parse(time) - this.#now;
    this.#now += by;
    for (const timer of this.#timers) timer.at += by;
  }

  /** Lets time pass: timers fire in order, and what they cause happens in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await new Promise(resolve => setImmediate(resolve));
      const [next] = [...this.#timers].filter(timer => timer.at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}
