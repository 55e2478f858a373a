/** What may be wrong with an event, each with its reason in one sentence, without anything that a client wrote. */

import type { RuleName } from '../event/names.js';
import { isWithin, type WorkingHours, type Zone } from '../lib/zone.js';
import type { SeenStatement, Sight } from './sight.js';

/** What can be said of an event by itself, and of when its person was seen before. */
export type ConditionName = Exclude<RuleName, 'bulk' | 'watched'>;

export interface Calendar {
  readonly zone: Zone;
  readonly hours: WorkingHours;
  /** `2026-12-25`, or `12-25` of each year. */
  readonly holidays: ReadonlySet<string>;
}

/** An expression that takes linear time. */
export interface Pattern {
  test(text: string): boolean;
}

export interface Settings {
  readonly calendar: Calendar;
  /** Milliseconds after which somebody who was not seen is new. */
  readonly absence: number;
  /** Of the relations that must not be emptied or dropped. */
  readonly destroyed: readonly Pattern[];
}

export interface Context {
  readonly sight: Sight;
  /** Milliseconds since the person was seen; `null`: never; `undefined`: not known, since too little was learned yet. */
  readonly absent: number | null | undefined;
}

/** Why the event meets it; `null` if it does not. */
export type Condition = (context: Context) => string | null;

export function conditionsOf(settings: Settings): Readonly<Record<ConditionName, Condition>> {
  return {
    'no-where': ofStatement(withoutWhere),
    destroyed: ofStatement(statement => destroyed(statement, settings.destroyed)),
    'outside-hours': ({ sight }) => (isWork(sight) ? outside(sight.time, settings.calendar) : null),
    rights: ofStatement(rights),
    'audit-off': ({ sight }) => auditOff(sight),
    'server-files': ofStatement(serverFiles),
    'untrusted-language': ofStatement(({ signs }) =>
      signs.includes('language') ? 'Code in an untrusted language was installed or run.' : null,
    ),
    'first-seen': ({ absent }) => firstSeen(absent, settings.absence),
    'shared-role': ({ sight }) => sharedRole(sight),
    failures: ({ sight }) => (sight.hasFailed ? 'A transaction failed.' : null),
    unaudited: ({ sight }) =>
      sight.kind === 'unaudited' ? 'A change by a person was logged by the server and not by pgAudit.' : null,
  };
}

function ofStatement(reason: (statement: SeenStatement) => string | null): Condition {
  return ({ sight: { statement } }) => (statement === null ? null : reason(statement));
}

/** A person's statement that does something. */
export function isWork({ statement, user }: Sight): boolean {
  return statement !== null && !statement.isPlan && user !== '';
}

const LACKS: Readonly<Record<SeenStatement['withoutWhere'], string | null>> = {
  no: null,
  yes: 'An UPDATE or DELETE has no WHERE.',
  maybe: 'An UPDATE or DELETE may have no WHERE: there are several in its text, or it does not parse.',
  unknown:
    'It is not known whether an UPDATE or DELETE has a WHERE: its text is too large, or does not parse.',
};

function withoutWhere({ isPlan, withoutWhere: lack }: SeenStatement): string | null {
  return isPlan ? null : LACKS[lack];
}

const DROPPED = /^DROP (?:TABLE|MATERIALIZED VIEW|FOREIGN TABLE)\b/;
/** They hold relations that the record does not name. */
const DROPPED_WHOLE = /^DROP (?:SCHEMA|DATABASE|TABLESPACE)\b/;
/** Schemas of temporary relations. A table may be called so, too, and an event may name it without its schema. */
const TEMPORARY = /^(?:pg_temp(?:_\d+)?|"pg_temp(?:_\d+)?")\./;

function destroyed(statement: SeenStatement, watched: readonly Pattern[]): string | null {
  const { command, signs, relations } = statement;
  if (DROPPED_WHOLE.test(command)) return 'A schema, a database or a tablespace was dropped.';
  if (signs.includes('owned') && statement.class === 'ROLE') return 'All that a role owns was dropped.';
  const isEmptied = command.startsWith('TRUNCATE');
  if (!isEmptied && !DROPPED.test(command)) return null;
  const what = isEmptied ? 'emptied by TRUNCATE' : 'dropped';
  if (relations.length === 0) return `A relation was ${what}, and it is not known which.`;
  const isWatched = relations.some(
    name => !TEMPORARY.test(name) && watched.some(pattern => pattern.test(name)),
  );
  return isWatched ? `A watched relation was ${what}.` : null;
}

function outside(time: number, { zone, hours, holidays }: Calendar): string | null {
  const { day, minute, isWeekend } = zone.at(time);
  if (isWeekend) return 'Somebody worked on a weekend.';
  if (holidays.has(day) || holidays.has(day.slice('2026-'.length))) return 'Somebody worked on a holiday.';
  return isWithin(hours, minute) ? null : 'Somebody worked outside working hours.';
}

const RIGHTS: Readonly<Record<string, string>> = {
  superuser: 'A role became a superuser.',
  bypassrls: 'A role may bypass row security.',
  createrole: 'A role may create roles.',
  replication: 'A role may replicate, and so read everything.',
  predefined: 'A role became a member of a powerful predefined role.',
  public: 'Rights were granted to everybody (PUBLIC).',
};

function rights({ class: name, signs, isUnknown }: SeenStatement): string | null {
  if (name !== 'ROLE' && name !== 'DDL') return null;
  if (isUnknown)
    return 'A statement on rights or definitions is too large or does not parse, so what it does is not known.';
  // Default privileges are DDL.
  const asked = name === 'ROLE' ? Object.keys(RIGHTS) : ['public'];
  const sign = asked.find(one => signs.includes(one));
  if (sign !== undefined) return RIGHTS[sign] ?? null;
  return name === 'DDL' && signs.includes('policy')
    ? 'A policy was changed or dropped, or row security was switched off.'
    : null;
}

function auditOff({ statement, changesAuditing }: Sight): string | null {
  if (changesAuditing) return 'The database says that settings of pgAudit or of the log changed.';
  if (statement === null) return null;
  const { signs, isUnknown, isSensitive } = statement;
  if (signs.includes('disabled')) return 'pgAudit, or a part of it, was dropped or disabled.';
  if (signs.includes('setting'))
    return 'A setting of pgAudit or of the log was set, or the right to set it was given.';
  return isUnknown && isSensitive
    ? 'A text names settings of pgAudit, the log, or files of the server, and does not parse.'
    : null;
}

function serverFiles({ signs }: SeenStatement): string | null {
  if (signs.includes('program')) return 'A program was run on the server (COPY or a foreign table).';
  return signs.includes('file') ? 'Files of the server were read, written or listed.' : null;
}

function firstSeen(absent: Context['absent'], after: number): string | null {
  if (absent === null) return 'The first statement of this person that is known.';
  return absent !== undefined && absent >= after
    ? 'The first statement of this person after a long time.'
    : null;
}

function sharedRole(sight: Sight): string | null {
  const status = sight.event.actor?.status;
  if (!isWork(sight)) return null;
  if (status === 'unresolved') return 'Nobody knows which person used this login role.';
  return status === 'claimed' ? 'Only the client itself says which person used this login role.' : null;
}
