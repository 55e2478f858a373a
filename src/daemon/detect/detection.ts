/** Raises alerts from the events that go into the journal: each follows the event that completed it, in the same commit. */

import { type Alert, Detector } from '../../detect/detector.js';
import type { RuleSet } from '../../detect/rules.js';
import type { Sight } from '../../detect/sight.js';
import { DetectState } from '../../detect/state.js';
import type { NewEvent } from '../../event/event.js';
import { type EventJson, jsonOf } from '../../event/line.js';
import { alertEvent } from '../../event/make.js';
import type { Journal } from '../../journal/journal.js';
import { StateError } from '../../lib/errors.js';
import { andThen } from '../../lib/settled.js';
import type { MarkParser } from '../../relations/relations.js';
import { watchedIn } from './read.js';
import { seenBy } from './sight.js';

interface DetectionReport {
  /** A rule raised an alert, which is in the next commit. */
  alerted(rule: string): void;
  /** @param isNew whether nothing is known yet of earlier events */
  detects(rules: readonly string[], isNew: boolean): void;
}

export class Detection {
  readonly #rules: RuleSet;
  readonly #parser: MarkParser;
  readonly #report: DetectionReport;
  #detector: Detector;

  constructor(rules: RuleSet, parser: MarkParser, report: DetectionReport) {
    this.#rules = rules;
    this.#parser = parser;
    this.#report = report;
    this.#detector = new Detector(rules, new DetectState());
  }

  /** For the journal, which keeps it at each seal. */
  get saved(): string {
    return this.#detector.saved;
  }

  /** Continues where the chain ends. What its events raise was appended with them, and is not raised again. */
  async resume(journal: Journal): Promise<void> {
    const followed = await journal.followed();
    const state = followed && DetectState.parse(followed.saved);
    const names = this.#rules.rules.map(({ name }) => name);
    this.#report.detects(names, state === null);
    if (state !== null && followed !== null) {
      this.#detector = new Detector(this.#rules, state);
      for await (const lines of followed.lines) await this.#takeLines(lines);
    } else {
      await journal.keepFollower(this.saved);
    }
  }

  /** The parser gets all texts at once; what they raise is taken in the order of the lines. */
  async #takeLines(lines: readonly Buffer[]): Promise<void> {
    const seen = await Promise.all(lines.map(line => this.#see(line)));
    for (const { sight, id } of seen) if (sight !== null) this.#detector.take(sight, id);
  }

  async #see(line: Buffer): Promise<{ sight: Sight | null; id: string }> {
    const event = await watchedIn(line);
    if (event === null)
      throw new StateError('The journal holds a line that is not an event: its disk is damaged.');
    return { sight: await seenBy(event, this.#parser), id: event.id };
  }

  /** The event's JSON, with what it raises once it has its place in the chain. Never rejects. */
  watch(event: NewEvent, json: EventJson): EventJson | Promise<EventJson> {
    return andThen(seenBy(event, this.#parser), sight =>
      sight === null ? json : { ...json, following: id => this.#raise(sight, event.id ?? id) },
    );
  }

  #raise(sight: Sight, id: string): EventJson[] {
    return this.#detector.take(sight, id).map(alert => {
      this.#report.alerted(alert.rule);
      return alertJson(alert, sight);
    });
  }
}

function alertJson(alert: Alert, { event }: Sight): EventJson {
  const { receivedAt = event.time } = event;
  return jsonOf(alertEvent(alert, { ...event, receivedAt }));
}
