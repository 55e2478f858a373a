/** The progress of a verification, by days of the archive: each counts the same, since their sizes are unknown. */

import type { ArchivedObject } from '../store/walk.js';

export interface Progress {
  /** From 0 to 1. */
  readonly share: number;
  readonly objects: number;
  readonly events: number;
}

/** An object, and how much of its day is done after it, from 0 to 1. */
export interface Step {
  readonly object: ArchivedObject;
  readonly ofDay: number;
}

/** Adds to each object of a day how much of the day is done after it. */
export async function* inSteps(objects: AsyncIterable<ArchivedObject>): AsyncGenerator<Step> {
  let day: ArchivedObject[] = [];
  for await (const object of objects) {
    if (day[0] !== undefined && day[0].date !== object.date) {
      yield* stepsOf(day);
      day = [];
    }
    day.push(object);
  }
  yield* stepsOf(day);
}

function stepsOf(day: readonly ArchivedObject[]): Step[] {
  return day.map((object, index) => ({ object, ofDay: (index + 1) / day.length }));
}

export class Shares {
  readonly #report: (progress: Progress) => void;
  /** `<folder of the part><day>` in order. */
  readonly #days: string[] = [];
  #share = 0;
  #objects = 0;
  #events = 0;

  constructor(report: (progress: Progress) => void) {
    this.#report = report;
  }

  /** Adds a part with these days. */
  expect(folder: string, days: readonly string[]): void {
    this.#days.push(...days.map(day => folder + day));
  }

  lines(count: number): void {
    this.#events += count;
    this.#show();
  }

  step(folder: string, { object, ofDay }: Step): void {
    this.#objects += 1;
    this.#share = (this.#days.indexOf(folder + object.date) + ofDay) / this.#days.length;
    this.#show();
  }

  #show(): void {
    this.#report({ share: this.#share, objects: this.#objects, events: this.#events });
  }
}
