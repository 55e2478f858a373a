/** A search's conditions, and whether an event meets them. */

import { isWithin, type WorkingHours, type Zone } from '../../lib/zone.js';
import { type AskedRow, textOf } from './asked-row.js';
import { classOf, commandOf, type SearchedEvent, userOf } from './found-event.js';
import { folded, wildcard } from './pattern.js';
import { AskedRelation } from './relation.js';

/** Conditions that must all hold; `null` and empty lists are no condition. */
export interface Query {
  /** Kinds of events; empty: all. */
  readonly kinds: readonly string[];
  /** The login role; `*` matches anything. */
  readonly user: string | null;
  /** Part of a person's id, name or e-mail; case is ignored. */
  readonly actor: string | null;
  /** Event time, UTC with milliseconds: from `since`, and before `before`. */
  readonly since: string | null;
  readonly before: string | null;
  /** UTC day: objects of later days are not read. */
  readonly archivedUntil: string | null;
  readonly classes: readonly string[];
  /** pgAudit's commands in upper case; `*` matches anything. */
  readonly commands: readonly string[];
  readonly object: string | null;
  readonly session: string | null;
  /** Part of a statement, its parameters, an unaudited statement, a suspect's message, or a row's value; case is ignored. */
  readonly text: string | null;
  /** Only statements of a transaction that failed later. */
  readonly isFailed: boolean;
  /** Only statements that touch what is audited or logged. */
  readonly isSensitive: boolean;
  readonly id: string | null;
  /** Only events with one of these ids; `null`: any. */
  readonly ids: ReadonlySet<string> | null;
  /** The history of one row. */
  readonly row: AskedRow | null;
  /** Only what happened outside these hours of a zone; with `weekdays`, the hours are those of Monday to Friday alone. */
  readonly outside: { readonly zone: Zone; readonly hours: WorkingHours; readonly weekdays: boolean } | null;
}

export const EVERYTHING: Query = {
  kinds: [],
  user: null,
  actor: null,
  since: null,
  before: null,
  archivedUntil: null,
  classes: [],
  commands: [],
  object: null,
  session: null,
  text: null,
  isFailed: false,
  isSensitive: false,
  id: null,
  ids: null,
  row: null,
  outside: null,
};

export interface Match {
  /** It is only a guess that the event is about the relation. */
  readonly isGuess: boolean;
}

const SURE: Match = { isGuess: false };
const GUESS: Match = { isGuess: true };

type Condition = (event: SearchedEvent) => boolean;

/** `null` if the event does not match the query; whether its transaction failed is not checked here. */
export function matcher(query: Query): (event: SearchedEvent) => Match | null {
  const conditions = conditionsOf(query);
  const relation = query.object === null ? null : new AskedRelation(query.object);
  return event => {
    if (!conditions.every(holds => holds(event))) return null;
    if (relation === null) return SURE;
    const match = relation.matchOf(event);
    if (match === null) return null;
    return match === 'guessed' ? GUESS : SURE;
  };
}

function conditionsOf(query: Query): Condition[] {
  const { kinds, user, actor, since, before, classes, commands, session, text, id, ids, row, outside } =
    query;
  const isAskedUser = user === null ? null : wildcard(user);
  const areCommands = commands.map(wildcard);
  const person = actor === null ? null : folded(actor);
  const content = text === null ? null : folded(text);
  const conditions: (Condition | null)[] = [
    kinds.length === 0 ? null : ({ kind }) => kinds.includes(kind),
    isAskedUser && (event => isAskedUser(userOf(event) ?? '')),
    since === null ? null : ({ time }) => time >= since,
    before === null ? null : ({ time }) => time < before,
    classes.length === 0 ? null : event => classes.includes(classOf(event) ?? ''),
    commands.length === 0 ? null : event => areCommands.some(is => is(commandOf(event) ?? '')),
    query.isSensitive ? ({ audit }) => audit?.sensitive === true : null,
    id === null ? null : event => event.id === id,
    ids && (event => ids.has(event.id ?? '')),
    row && (event => row.isOf(event)),
    outside && (({ time }) => isOutside(outside, time)),
    session === null ? null : event => session === (event.session?.id ?? event.gap?.session),
    person === null ? null : event => namesOf(event).some(name => folded(name).includes(person)),
    content === null ? null : event => textsOf(event).some(one => folded(one).includes(content)),
  ];
  return conditions.filter(condition => condition !== null);
}

function isOutside({ zone, hours, weekdays }: NonNullable<Query['outside']>, time: string): boolean {
  const local = zone.at(Date.parse(time));
  return (weekdays && local.isWeekend) || !isWithin(hours, local.minute);
}

function namesOf({ actor }: SearchedEvent): string[] {
  return [actor?.id, actor?.name, actor?.email].filter(name => name != null);
}

function textsOf({ audit, suspect, unaudited, row }: SearchedEvent): string[] {
  const values = [row?.key, row?.old, row?.new].flatMap(some => Object.values(some ?? {}).map(textOf));
  const texts = [audit?.statement, ...(audit?.parameters ?? []), suspect?.message, unaudited?.statement];
  return [...texts, ...values].filter(text => text != null);
}
