/** The rules of a configuration: built-in ones and those of one's own are made of the same conditions. */

import { ALERT_SEVERITIES, type AlertSeverity, type AuditClass, type RuleName } from '../event/names.js';
import {
  type Calendar,
  type Condition,
  type ConditionName,
  type Context,
  conditionsOf,
  isWork,
  type Pattern,
} from './conditions.js';
import type { Sight } from './sight.js';
import type { Often } from './state.js';
import type { Count } from './window.js';

export interface Rule {
  readonly name: string;
  readonly severity: AlertSeverity;
  /** Without a count: raises an alert; with one: is counted. */
  readonly holds: Condition;
  readonly count: Count | null;
  /** Of statements that change nothing, it counts neither rows nor relations. */
  readonly countsChanges: boolean;
  /** In place of what was found. */
  readonly why: string | null;
  readonly often: Often;
  /** Whose alerts and counts belong together. */
  readonly of: 'person' | 'user';
}

export interface RuleSet {
  readonly rules: readonly Rule[];
  /** Milliseconds after which somebody who was not seen is new. */
  readonly absence: number;
}

/** All conditions must hold; what is missing is none. */
export interface When {
  /** Of these conditions, any. */
  readonly is?: readonly ConditionName[];
  readonly users?: readonly Pattern[];
  /** Of the person's id, name or e-mail. */
  readonly persons?: readonly Pattern[];
  readonly relations?: readonly Pattern[];
  readonly classes?: readonly AuditClass[];
  /** Of pgAudit's commands. */
  readonly commands?: readonly Pattern[];
}

export interface OwnRule {
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly why?: string;
  readonly when: When;
  readonly count?: Count;
  /** Milliseconds: one alert for each person in this time. */
  readonly again?: number;
}

interface OnOff {
  readonly severity: AlertSeverity;
}

/** As configured; `null` is off. */
export interface DetectSettings {
  readonly calendar: Calendar;
  readonly rules: { readonly [name in Exclude<RuleName, keyof WithNumbers>]: OnOff | null } & {
    readonly [name in keyof WithNumbers]: (OnOff & WithNumbers[name]) | null;
  };
  readonly own: readonly OwnRule[];
}

interface WithNumbers {
  readonly bulk: Count;
  readonly failures: { readonly count: number; readonly within: number };
  readonly destroyed: { readonly relations: readonly Pattern[] };
  readonly 'first-seen': { readonly after: number };
  readonly 'outside-hours': { readonly again: number };
  readonly 'shared-role': { readonly again: number };
  readonly watched: Pick<When, 'users' | 'persons' | 'relations'> & { readonly again: number };
}

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
/** More would wake nobody sooner; whoever makes them must not fill the journal. */
const EVENTS: Often = { most: 20, within: HOUR };

export function ruleSetOf({ calendar, rules, own }: DetectSettings): RuleSet {
  const absence = rules['first-seen']?.after ?? 90 * DAY;
  const destroyed = rules.destroyed?.relations ?? [];
  const conditions = conditionsOf({ calendar, absence, destroyed });
  const built = [
    ...(['no-where', 'destroyed', 'rights', 'audit-off', 'server-files', 'untrusted-language'] as const),
    ...(['first-seen', 'unaudited'] as const),
  ].map(name => ruleOf(name, rules[name], conditions[name], EVENTS));
  const repeated = (['outside-hours', 'shared-role'] as const).map(name =>
    ruleOf(name, rules[name], conditions[name], once(rules[name]?.again ?? DAY)),
  );
  const all = [
    bulkRule(rules.bulk),
    ...built,
    ...repeated,
    failureRule(rules.failures, conditions.failures),
    watchedRule(rules.watched),
    ...own.map(one => ownRule(one, conditions)),
  ];
  return { rules: all.filter(rule => rule !== null), absence };
}

const once = (within: number): Often => ({ most: 1, within });

function ruleOf(
  name: RuleName,
  setting: OnOff | null,
  holds: Condition,
  often: Often,
  count: Count | null = null,
): Rule | null {
  if (setting === null) return null;
  const of = name === 'shared-role' ? 'user' : 'person';
  return { name, severity: setting.severity, holds, count, countsChanges: true, why: null, often, of };
}

function bulkRule(setting: DetectSettings['rules']['bulk']): Rule | null {
  const holds: Condition = ({ sight }) => (isWork(sight) ? 'by one person' : null);
  return setting === null ? null : ruleOf('bulk', setting, holds, once(setting.within), setting);
}

function failureRule(setting: DetectSettings['rules']['failures'], failed: Condition): Rule | null {
  if (setting === null) return null;
  const count = { statements: setting.count, within: setting.within };
  const holds: Condition = context => failed(context) && 'by one person that failed';
  return ruleOf('failures', setting, holds, once(setting.within), count);
}

function watchedRule(setting: DetectSettings['rules']['watched']): Rule | null {
  if (setting === null) return null;
  const { users = [], persons = [], relations = [], again } = setting;
  const holds: Condition = ({ sight }) => {
    if (!isWork(sight)) return null;
    if (matchesUser(users, sight) || matchesPerson(persons, sight)) return 'A watched person did something.';
    return matchesRelation(relations, sight) ? 'A watched relation was changed.' : null;
  };
  return ruleOf('watched', setting, holds, again === 0 ? EVENTS : once(again));
}

function ownRule(
  { name, severity, when, again, ...own }: OwnRule,
  conditions: Readonly<Record<ConditionName, Condition>>,
): Rule {
  const { why = null, count = null }: { why?: string | null; count?: Count | null } = own;
  const asked = (when.is ?? []).map(one => conditions[one]);
  const holds: Condition = context => {
    if (!meets(when, context)) return null;
    const reason = asked.length === 0 ? 'It is what the rule describes.' : firstOf(asked, context);
    return reason === null || count === null ? reason : 'by one person that the rule describes';
  };
  const usual = count === null ? EVENTS : once(count.within);
  return {
    name,
    severity,
    holds,
    count,
    // It may be about what is read.
    countsChanges: false,
    why,
    often: again === undefined ? usual : once(again),
    of: 'person',
  };
}

function firstOf(conditions: readonly Condition[], context: Context): string | null {
  for (const condition of conditions) {
    const reason = condition(context);
    if (reason !== null) return reason;
  }
  return null;
}

function meets({ users, persons, relations, classes, commands }: When, { sight }: Context): boolean {
  const { statement } = sight;
  if (statement?.isPlan === true) return false;
  if (users !== undefined && !matchesUser(users, sight)) return false;
  if (persons !== undefined && !matchesPerson(persons, sight)) return false;
  if (relations !== undefined && !matchesRelation(relations, sight)) return false;
  if (classes !== undefined && (statement === null || !classes.includes(statement.class))) return false;
  return commands === undefined || (statement !== null && commands.some(one => one.test(statement.command)));
}

function matchesUser(patterns: readonly Pattern[], { user }: Sight): boolean {
  return user !== '' && patterns.some(one => one.test(user));
}

/** A claim counts, too: it makes more alerts, never fewer. */
function matchesPerson(patterns: readonly Pattern[], { event: { actor } }: Sight): boolean {
  if (actor === undefined) return false;
  const names = [actor.id, actor.name, actor.email].filter(name => name !== undefined);
  return names.some(name => patterns.some(one => one.test(name)));
}

function matchesRelation(patterns: readonly Pattern[], { statement }: Sight): boolean {
  return (statement?.relations ?? []).some(name => patterns.some(one => one.test(name)));
}

/** The weightiest first. */
export function bySeverity(a: { severity: AlertSeverity }, b: { severity: AlertSeverity }): number {
  return ALERT_SEVERITIES.indexOf(b.severity) - ALERT_SEVERITIES.indexOf(a.severity);
}
