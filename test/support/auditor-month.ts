/**
 * A month of work as an auditor would find it, and what is right about it. What is expected comes from the generator's own
 * plan: local days, hours and weekdays as they were meant, not as the program computes them.
 */

import type { Audit } from '../../src/event/audit.js';
import type { NewEvent } from '../../src/event/event.js';
import {
  failureOf,
  gap,
  type NewStatement,
  type Said,
  type Segment,
  statement,
  suspectOf,
} from './search.js';

export const KARI = { user: 'Z990001', name: 'Kari Nordmann', email: 'kari.nordmann@nav.no' };
export const OLA = { user: 'Z990002', name: 'Ola Hansen', email: 'ola.hansen@nav.no' };
export const LIV = { user: 'Z990003', name: 'Liv Dahl', email: 'liv.dahl@nav.no' };
/** A role that several share, for emergencies. */
export const BREAK_GLASS = { user: 'breakglass', name: 'Break Glass', email: 'vakt@nav.no' };

/** What was planned about one statement. */
export interface Fact {
  readonly id: string;
  readonly user: string;
  /** On the wall in Oslo. */
  readonly day: string;
  readonly hour: number;
  readonly isWeekend: boolean;
  readonly command: string;
  readonly table: string | null;
  readonly class: Audit['class'];
  readonly lacksWhere: boolean;
  readonly hasFailed: boolean;
  readonly statement: string;
}

export interface Month {
  readonly segments: readonly Segment[];
  readonly facts: readonly Fact[];
}

type Plan = Partial<Audit> & { lacksWhere?: boolean; failure?: 'failed' | 'undone' };

class Planner {
  readonly facts: Fact[] = [];
  readonly events: NewEvent[] = [];

  /** @param at Oslo's wall clock: `2026-10-03 02:30` */
  do(who: Said & { user: string }, at: string, table: string | null, plan: Plan): NewStatement {
    const { lacksWhere = false, failure, ...audit } = plan;
    const named = table === null ? {} : ({ objects: [table], objectsFrom: 'pgaudit' } as const);
    const made = statement({ ...who, time: utc(at), audit: { ...named, ...audit } });
    this.events.push(made);
    if (failure !== undefined)
      this.events.push(failureOf(made, failure === 'failed' ? '23505' : null, failure));
    const [day = '', clock = ''] = at.split(' ');
    this.facts.push({
      id: made.id,
      user: who.user,
      day,
      hour: Number(clock.slice(0, 2)),
      isWeekend: WEEKENDS.has(day),
      command: made.audit.command,
      table,
      class: made.audit.class,
      lacksWhere,
      hasFailed: failure !== undefined,
      statement: made.audit.statement ?? '',
    });
    return made;
  }
}

/** Of October 2026, by the calendar on the wall. */
const WEEKENDS = new Set(['03', '04', '10', '11', '17', '18', '24', '25', '31'].map(day => `2026-10-${day}`));
const OCTOBER = Array.from({ length: 31 }, (_, index) => `2026-10-${String(index + 1).padStart(2, '0')}`);
const TABLES = ['public.konto', 'public.vedtak', 'crm.kunde'];
/** DDL of one migration. */
export const MIGRATION = 4000;
/** Updates of one row each, by Ola on 14 October. */
export const BULK = 150;
/** Statements of September, all Kari's. */
export const SEPTEMBER = 60;

/** Clocks in Oslo went back at 03:00 on 25 October 2026. */
function utc(at: string): string {
  const offset = at < '2026-10-25 03:00' ? '+02:00' : '+01:00';
  return new Date(`${at.replace(' ', 'T')}:00${offset}`).toISOString();
}

export function auditorMonth(): Month {
  const planner = new Planner();
  for (let index = 0; index < SEPTEMBER; index++)
    planner.do(
      KARI,
      `2026-09-${String(1 + (index % 28)).padStart(2, '0')} 10:${minute(index)}`,
      'public.konto',
      update(index),
    );
  for (const [index, day] of OCTOBER.entries()) if (!WEEKENDS.has(day)) ordinaryDay(planner, day, index);
  bulk(planner);
  migration(planner);
  roles(planner);
  nights(planner);
  failures(planner);
  planner.events.push(
    gap('Z990003', '6b.lost', utc('2026-10-21 11:00')),
    suspectOf(statement({ ...LIV, time: utc('2026-10-22 11:00') }), 'AUDIT: SESSION,1,1,WRITE,UPDATE,,,x'),
  );
  return { segments: byDay(planner.events), facts: planner.facts };
}

function ordinaryDay(planner: Planner, day: string, index: number): void {
  for (const [person, who] of [KARI, OLA, LIV].entries())
    for (let n = 0; n < 12; n++) {
      const at = `${day} ${String(8 + ((n + person) % 8)).padStart(2, '0')}:${minute(n * 5)}`;
      const table = TABLES[(n + index) % TABLES.length] ?? null;
      if (n % 6 === 5)
        planner.do(who, at, table, { command: 'DELETE', statement: `DELETE FROM ${table} WHERE id = ${n}` });
      else planner.do(who, at, table, update(n, table ?? ''));
    }
}

function update(n: number, table = 'public.konto'): Plan {
  return { statement: `UPDATE ${table} SET saldo = $1 WHERE id = ${n}`, parameters: [`=${n}+1`] };
}

function bulk(planner: Planner): void {
  for (let n = 0; n < BULK; n++)
    planner.do(OLA, `2026-10-14 13:${minute(n)}`, 'public.sats', update(n, 'public.sats'));
}

/** On a weekday, in working hours; indexes, and one table that goes. */
function migration(planner: Planner): void {
  for (let n = 0; n < MIGRATION; n++)
    planner.do(LIV, `2026-10-20 14:${minute(n)}`, null, {
      class: 'DDL',
      command: 'CREATE INDEX',
      objectName: `public.i${n}`,
      statement: `CREATE INDEX i${n} ON konto (a${n})`,
    });
  planner.do(LIV, '2026-10-20 15:01', null, {
    class: 'DDL',
    command: 'DROP TABLE',
    objectName: 'public.gammel',
    statement: 'DROP TABLE public.gammel',
  });
}

function roles(planner: Planner): void {
  const role = (at: string, command: string, text: string): unknown =>
    planner.do(KARI, at, null, { class: 'ROLE', command, statement: text });
  role('2026-10-06 09:15', 'GRANT', 'GRANT SELECT ON konto TO ekstern');
  role('2026-10-07 09:15', 'GRANT ROLE', 'GRANT leder TO ola');
  role('2026-10-08 09:15', 'REVOKE', 'REVOKE SELECT ON konto FROM ekstern');
  role('2026-10-09 09:15', 'CREATE ROLE', 'CREATE ROLE ekstern LOGIN');
  role('2026-10-09 09:16', 'ALTER ROLE', 'ALTER ROLE ekstern SUPERUSER');
}

function nights(planner: Planner): void {
  const { do: plan } = { do: planner.do.bind(planner) };
  // A Saturday night; the day in UTC is Friday for the second.
  plan(BREAK_GLASS, '2026-10-03 02:30', 'public.konto', {
    command: 'TRUNCATE TABLE',
    statement: 'TRUNCATE public.konto',
  });
  plan(BREAK_GLASS, '2026-10-03 00:30', 'public.vedtak', {
    command: 'DELETE',
    statement: 'DELETE FROM public.vedtak',
    lacksWhere: true,
  });
  plan(KARI, '2026-10-12 06:59', 'public.konto', update(1));
  plan(KARI, '2026-10-12 17:00', 'public.konto', update(2));
  // The first minute of a week in Oslo, still Sunday in UTC, and the last one.
  plan(KARI, '2026-10-12 00:00', 'public.konto', update(3));
  plan(KARI, '2026-10-18 23:59', 'public.konto', update(4));
  // The clock shows 07:30 one hour later in UTC from this day.
  plan(LIV, '2026-10-26 07:30', 'crm.kunde', update(5, 'crm.kunde'));
  plan(OLA, '2026-10-16 11:00', 'crm.kunde', {
    statement: "UPDATE crm.kunde SET a = 'where'",
    lacksWhere: true,
  });
  // Without effect, whatever its class says.
  plan(OLA, '2026-10-16 11:01', 'crm.kunde', {
    command: 'EXPLAIN',
    statement: 'EXPLAIN DELETE FROM crm.kunde',
  });
  plan(OLA, '2026-10-16 11:02', null, {
    command: 'PREPARE',
    statement: 'PREPARE p AS DELETE FROM crm.kunde',
  });
}

function failures(planner: Planner): void {
  planner.do(KARI, '2026-10-13 10:00', 'public.vedtak', { ...update(6, 'public.vedtak'), failure: 'failed' });
  planner.do(OLA, '2026-10-15 10:00', 'crm.kunde', {
    command: 'DELETE',
    statement: 'DELETE FROM crm.kunde WHERE id = 3',
    failure: 'undone',
  });
}

function minute(n: number): string {
  return String(n % 60).padStart(2, '0');
}

/** Each event in the partition of the UTC day on which it was read. */
function byDay(events: readonly NewEvent[]): Segment[] {
  const days = Map.groupBy(
    events.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)),
    ({ time }) => time.slice(0, 10),
  );
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([date, some]) => ({ date, events: some }));
}
