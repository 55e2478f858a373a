/** A made month of 220,000 statements by 21 login roles, and what was planted in it. */

import type { NewEvent } from '../../src/event/event.js';
import { ddl, write } from './reviewed.js';
import type { SealedSegment } from './sealed.js';
import { failureOf, type NewStatement, type Said } from './search.js';

const DAYS = 30;
const WORKDAYS = 20;
/** On a day of work, and on one of a weekend. */
const WRITES = [10_500, 600] as const;
const DDL_A_WORKDAY = 200;
const ROLES_A_WORKDAY = 15;

/** What a review must find, by the words that the page quotes. */
export const PLANTED = {
  truncate: 'TRUNCATE utbetaling',
  deletion: 'DELETE FROM mottaker',
  program: "COPY import FROM PROGRAM 'curl http://example.org/x'",
  file: "COPY import FROM '/tmp/x.csv'",
  silencing: "ALTER ROLE ola SET pgaudit.log = 'none'",
  power: 'ALTER ROLE ola SUPERUSER',
  plan: 'EXPLAIN DELETE FROM mottaker',
} as const;

/** Writes of one person on `lonn` in the night of Saturday. */
export const NIGHTLY = 120;

/** Role statements of the month, those planted included. */
export const ROLES = WORKDAYS * ROLES_A_WORKDAY + 2;
export const DEFINITIONS = WORKDAYS * DDL_A_WORKDAY;
export const STATEMENTS =
  WORKDAYS * WRITES[0] + (DAYS - WORKDAYS) * WRITES[1] + DEFINITIONS + ROLES + 5 + NIGHTLY;

export const person = (n: number): Said => ({
  user: `Z99${String(n % 20).padStart(4, '0')}`,
  name: `Person Nummer ${n % 20}`,
  email: `person.${n % 20}@nav.no`,
});

/** One segment a day, made when it is asked for; covered to its end. */
export function month(): SealedSegment[] {
  return Array.from({ length: DAYS }, (_, index) => {
    const date = `2025-11-${String(index + 1).padStart(2, '0')}`;
    const until = `${date}T23:59:59.000Z`;
    return {
      date,
      until: [{ time: until }],
      sealedAt: until,
      get events() {
        return eventsOf(date, index);
      },
    };
  });
}

function eventsOf(date: string, index: number): NewEvent[] {
  return inOrder([...ordinaryDay(date), ...plantedOn(date, index)]);
}

export function inOrder(events: readonly NewEvent[]): NewEvent[] {
  return events.toSorted((a, b) => (a.time < b.time ? -1 : 1));
}

/** What persons do on a day, from 7 to 16 o'clock in UTC. */
export function ordinaryDay(date: string): NewEvent[] {
  const isWeekend = [0, 6].includes(new Date(date).getUTCDay());
  const others = isWeekend ? 0 : DDL_A_WORKDAY + ROLES_A_WORKDAY;
  const length = (isWeekend ? WRITES[1] : WRITES[0]) + others;
  return Array.from({ length }, (_, n) => {
    // Most work is done in the middle of the day.
    const hour = 7 + (9 * Math.acos(1 - (2 * n) / length)) / Math.PI;
    return ordinaryEvent(at(date, 0, Math.floor(hour * 60 * 60 * 1000)), n, isWeekend);
  }).flat();
}

function at(date: string, hour: number, plus: number): string {
  return new Date(Date.parse(`${date}T${String(hour).padStart(2, '0')}:00:00.000Z`) + plus).toISOString();
}

/** Most are writes; each person has tables of their own. */
function ordinaryEvent(time: string, n: number, isWeekend: boolean): NewEvent[] {
  const who = person(n * 7);
  if (!isWeekend && n % 100 === 0 && n / 100 < ROLES_A_WORKDAY)
    return [
      roleOf(
        time,
        who,
        'GRANT',
        `GRANT SELECT, INSERT ON TABLE skjema_${n}.tabell_${n} TO saksbehandler_${n}`,
      ),
    ];
  if (!isWeekend && n % 50 === 1 && n / 50 < DDL_A_WORKDAY)
    return [
      ddl(time, person(n % 3), 'CREATE INDEX', `CREATE INDEX i_${n} ON tabell_${n % 40} (kolonne_${n})`),
    ];
  const table = `tabell_${Math.floor(40 * (n / 12_000) ** 2)}`;
  const statement = `UPDATE ${table} SET verdi = ${n} WHERE id = ${n}`;
  const made = write(time, who, { statement, objects: [table] });
  return n % 400 === 0 ? [made, { ...failureOf(made), time }] : [made];
}

export function roleOf(time: string, who: Said, command: string, statement: string): NewStatement {
  const { audit, ...rest } = write(time, who, { class: 'ROLE', command, statement });
  const { objects: _, objectsFrom: _from, ...bare } = audit;
  return { ...rest, audit: bare };
}

/** On Saturday the 8th, at night, by somebody in no directory and with a break-glass role. */
function plantedOn(date: string, index: number): NewEvent[] {
  if (index !== 7) return [];
  const { name: _, email: _email, id: _id, ...nobody } = write(date, { user: 'tmp_dba' }).actor;
  const unknown = (made: NewStatement): NewStatement => ({
    ...made,
    actor: { ...nobody, status: 'unresolved', resolvedBy: [] },
  });
  const glass = (made: NewStatement): NewStatement => ({
    ...made,
    actor: { ...made.actor, user: 'breakglass' },
  });
  const of = (minute: number, who: Said, command: string, statement: string, object: string): NewStatement =>
    write(at(date, 1, (30 + minute) * 60_000), who, { command, statement, objects: [object] });
  const silencing = roleOf(at(date, 1, 0), person(3), 'ALTER ROLE', PLANTED.silencing);
  return [
    { ...silencing, audit: { ...silencing.audit, sensitive: true } },
    roleOf(at(date, 1, 1000), person(3), 'ALTER ROLE', PLANTED.power),
    glass(of(0, person(4), 'TRUNCATE TABLE', PLANTED.truncate, 'utbetaling')),
    unknown(of(1, { user: 'tmp_dba' }, 'DELETE', PLANTED.deletion, 'mottaker')),
    glass(of(2, person(5), 'COPY', PLANTED.program, 'import')),
    glass(of(3, person(5), 'COPY', PLANTED.file, 'import')),
    of(4, person(6), 'DELETE', PLANTED.plan, 'mottaker'),
    ...Array.from({ length: NIGHTLY }, () =>
      of(5, person(8), 'UPDATE', 'UPDATE lonn SET sum = 1 WHERE id = 2', 'lonn'),
    ),
  ];
}
