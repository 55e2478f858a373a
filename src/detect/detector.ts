/**
 * Finds in a chain's events, in their order, what the rules describe. A function of the state, the event, and its
 * `receivedAt`: whoever goes through the same events again gets the same alerts.
 *
 * Imports `event/` and `lib/` alone.
 */

import type { AlertFields } from '../event/alert.js';
import type { Context } from './conditions.js';
import type { Rule, RuleSet } from './rules.js';
import type { SeenStatement, Sight } from './sight.js';
import type { DetectState } from './state.js';
import type { Count } from './window.js';

export type Alert = AlertFields['alert'];

export class Detector {
  readonly #set: RuleSet;
  readonly #state: DetectState;

  constructor(set: RuleSet, state: DetectState) {
    this.#set = set;
    this.#state = state;
  }

  /** The state, to be read by `DetectState.parse`. */
  get saved(): string {
    return this.#state.toString();
  }

  /**
   * What the event raises, by all events before it. Each must be taken once.
   *
   * @param id of the event
   */
  take(sight: Sight, id: string): Alert[] {
    const context = { sight, absent: this.#absent(sight) };
    const alerts: Alert[] = [];
    for (const rule of this.#set.rules) {
      const alert = this.#raised(rule, context, id);
      if (alert !== null) alerts.push(alert);
    }
    return alerts;
  }

  #absent(sight: Sight): Context['absent'] {
    const { time, receivedAt, person, user, statement } = sight;
    const learned = this.#state.learnedFor(receivedAt);
    if (statement === null || user === '') return undefined;
    const before = this.#state.seen(person, { time, receivedAt });
    if (learned < this.#set.absence) return undefined;
    return before === null ? null : time - before;
  }

  #raised(rule: Rule, context: Context, id: string): Alert | null {
    const why = rule.holds(context);
    if (why === null) return null;
    const key = `${rule.name} ${context.sight[rule.of]}`;
    if (rule.count === null) return this.#alert(rule, key, why, [id], context);
    return this.#counted(rule, rule.count, key, why, id, context);
  }

  #counted(rule: Rule, count: Count, key: string, what: string, id: string, context: Context): Alert | null {
    const { time, statement } = context.sight;
    const { key: own = id } = statement ?? {};
    const counts = statement !== null && (!rule.countsChanges || changes(statement));
    const { rows, relations } = counts ? statement : NOTHING;
    // With other limits, counting begins again.
    const windowKey = this.#state.windowKey(`${count.within} ${key}`, time, count);
    const window = this.#state.count(windowKey, { time, id, key: own, rows, relations }, count);
    const reached = window.reached(count);
    if (reached === null) return null;
    const ids = [window.firstId ?? id, id];
    const why = `At least ${reached} ${what}, within ${duration(count.within)}.`;
    const alert = this.#alert(rule, key, why, [...new Set(ids)], context);
    if (alert !== null) this.#state.restart(windowKey);
    return alert;
  }

  #alert(
    { name, severity, often, why: own }: Rule,
    key: string,
    found: string,
    ids: string[],
    { sight: { time, statement } }: Context,
  ): Alert | null {
    const may = this.#state.mayRaise(key, statement?.key ?? ids.at(-1) ?? '', time, often);
    if (may === 'no') return null;
    const why = own ?? found;
    const rest = `There may be more: this rule is silent for this person for up to ${duration(often.within)}.`;
    return { rule: name, severity, why: may === 'last' ? `${why} ${rest}` : why, ids };
  }
}

const NOTHING = { rows: 0, relations: [] };

/** Others read, or call functions whose statements are events of their own. */
function changes({ class: name }: SeenStatement): boolean {
  return name === 'WRITE' || name === 'DDL' || name === 'ROLE';
}

const UNITS = [
  [24 * 60 * 60_000, 'day'],
  [60 * 60_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
] as const;

function duration(milliseconds: number): string {
  const [size, name] = UNITS.find(([unit]) => milliseconds >= unit && milliseconds % unit === 0) ?? [1, 'ms'];
  const count = milliseconds / size;
  return `${count} ${name}${count === 1 || name === 'ms' ? '' : 's'}`;
}
