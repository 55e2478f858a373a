/** What the rules know of the events before: bounded, and the same after it was saved and read again. */

import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { parseJson } from '../lib/json.js';
import { lruOf } from '../lib/lru.js';
import { type Count, type Counted, Window, windowSchema } from './window.js';

/** Persons and roles of whom is known when they were last seen. */
const MOST_PERSONS = 100_000;
/** Windows, and the numbers in all of them. */
const MOST_WINDOWS = 10_000;
const MOST_NUMBERS = 200_000;
/** Of which is known when they raised alerts: a rule and a person each. */
const MOST_RAISED = 20_000;

/** `last`: the statement or other event that raised the last one. */
const raised = z.object({ since: z.number(), count: z.number(), last: z.string() });

const stateSchema = z.object({
  v: z.literal(1),
  learningSince: z.number().nullable(),
  persons: z.array(z.tuple([z.string(), z.number()])),
  windows: z.array(z.tuple([z.string(), windowSchema])),
  raised: z.array(z.tuple([z.string(), raised])),
});

/** How often a rule may raise an alert for the same person: `most` times within milliseconds. */
export interface Often {
  readonly most: number;
  readonly within: number;
}

export class DetectState {
  /** When the first event came, by its `receivedAt`; persons who were seen before are not known. */
  #learningSince: number | null = null;
  readonly #persons = lruOf<number>(MOST_PERSONS);
  readonly #windows = new LRUCache<string, Window>({ max: MOST_WINDOWS, maxSize: MOST_NUMBERS });
  readonly #raised = lruOf<z.infer<typeof raised>>(MOST_RAISED);

  /** `null` if the text is not a state of this version. */
  static parse(text: string): DetectState | null {
    const parsed = stateSchema.safeParse(parseJson(text));
    if (!parsed.success) return null;
    const state = new DetectState();
    const { learningSince, persons, windows, raised: all } = parsed.data;
    state.#learningSince = learningSince;
    for (const [key, time] of persons) state.#persons.set(key, time);
    for (const [key, saved] of windows) state.#keep(key, new Window(saved));
    for (const [key, one] of all) state.#raised.set(key, one);
    return state;
  }

  /** The oldest first, so that the order of use is the same when it is read. */
  toString(): string {
    const saved: z.infer<typeof stateSchema> = {
      v: 1,
      learningSince: this.#learningSince,
      persons: this.#persons.dump().map(([key, { value }]) => [key, value]),
      windows: this.#windows.dump().map(([key, { value }]) => [key, value.saved]),
      raised: this.#raised.dump().map(([key, { value }]) => [key, value]),
    };
    return JSON.stringify(saved);
  }

  /** Milliseconds for which persons have been noted. */
  learnedFor(receivedAt: number): number {
    this.#learningSince ??= receivedAt;
    return receivedAt - this.#learningSince;
  }

  /** Notes that the person was seen; returns when that was the last time, `null` if it is not known. */
  seen(
    person: string,
    { time, receivedAt }: { readonly time: number; readonly receivedAt: number },
  ): number | null {
    const before = this.#persons.get(person) ?? null;
    // Whoever is forgotten now would be taken for a new person.
    if (before === null && this.#persons.size >= MOST_PERSONS) this.#learningSince = receivedAt;
    this.#persons.set(person, Math.max(before ?? time, time));
    return before;
  }

  /**
   * The key of the window in which an event of this time counts: one of its own if it is older than what was counted,
   * since the clock was set back, or an old log is read late. So neither counts with the other, nor hides it.
   */
  windowKey(key: string, time: number, count: Count): string {
    return this.#windows.get(key)?.isAfter(time, count) ? `late ${key}` : key;
  }

  /** Counts the event in the window of this key; returns it. */
  count(key: string, counted: Counted, count: Count): Window {
    const window = this.#windows.get(key) ?? new Window();
    window.add(counted, count);
    this.#keep(key, window);
    return window;
  }

  #keep(key: string, window: Window): void {
    // The cache does not measure again what it has.
    this.#windows.delete(key);
    this.#windows.set(key, window, { size: window.size });
  }

  /** Counting begins again. */
  restart(key: string): void {
    this.#windows.delete(key);
  }

  /**
   * Whether one more alert may be raised, which is then counted, and whether it is the last one for now.
   *
   * @param of the statement or other event: a statement may have a record for each of its relations
   */
  mayRaise(key: string, of: string, time: number, { most, within }: Often): 'no' | 'yes' | 'last' {
    const before = this.#raised.get(key);
    if (before?.last === of) return 'no';
    const isOver = before === undefined || Math.abs(time - before.since) >= within;
    const now = { since: isOver ? time : before.since, count: isOver ? 1 : before.count + 1, last: of };
    if (now.count > most) return 'no';
    this.#raised.set(key, now);
    return now.count === most && most > 1 ? 'last' : 'yes';
  }
}
