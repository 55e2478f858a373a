/** The findings about a period's events, in memory that does not grow with their number. */

import { LRUCache } from 'lru-cache';
import { isWithin, type WorkingHours, type Zone } from '../lib/zone.js';
import { type Amount, addChange, type Change, classOf, noAmount, type When } from './amount.js';
import { Weightiest } from './bounded.js';
import { Definitions } from './definitions.js';
import { nameLike, objectsOf, type Person, personOf, type ReportedEvent } from './event.js';
import { Heavy } from './heavy.js';
import { type Listed, listed, type Said } from './listed.js';
import { Looks } from './looks.js';
import { type Marked, UNMARKED } from './marked.js';
import { Outcomes } from './outcomes.js';
import { Populations } from './population.js';
import { Roles } from './roles.js';
import { Rows } from './rows.js';
import { Signs } from './signs.js';

/** At most this many items are listed. */
const MOST_SAMPLED = 15;
/** Characters of one statement. */
const LONGEST_STATEMENT = 20_000;
const LONGEST_EXCERPT = 500;
/** Transactions that failed and may yet go on; the latest are kept. */
const MOST_FAILED = 50_000;
/** At most this many login roles of one person are named. */
const MOST_USERS = 8;

/** Days in local time, both included. */
export interface Period {
  readonly since: string;
  readonly until: string;
}

export interface FindingsOptions {
  readonly period: Period;
  readonly zone: Zone;
  readonly hours: WorkingHours;
  /** Takes each statement of class ROLE: they are all listed, and not kept here. */
  readonly onRole?: (role: Listed) => void;
}

export interface PersonAmount extends Amount {
  readonly person: Person;
  readonly users: Set<string>;
}

export interface PersonDay extends Amount {
  readonly person: Person;
  readonly day: string;
}

export interface Touched extends PersonDay {
  /** `null` if it could not be determined. */
  readonly object: string | null;
}

export interface ObjectAmount extends Amount {
  readonly object: string | null;
}

export interface FailureCount {
  readonly person: Person;
  /** `null`: rolled back. */
  readonly sqlState: string | null;
  /** Its session ended inside a transaction that may not have contained the statement. */
  readonly isUncertain: boolean;
  events: number;
  readonly first: number;
  last: number;
}

/** Statements by day of the week (Monday is 0) and hour. */
export type Week = readonly (readonly { inside: number; outside: number }[])[];

export class Findings {
  readonly #options: FindingsOptions;
  /** By local day; the number of days in a period is limited. */
  readonly days = new Map<string, Amount>();
  readonly week: Week = Array.from({ length: 7 }, () =>
    Array.from({ length: 24 }, () => ({ inside: 0, outside: 0 })),
  );
  readonly total = noAmount();
  readonly persons = new Heavy<PersonAmount>();
  readonly personDays = new Heavy<PersonDay>();
  /** By person, object and day; what is only planned touches nothing. */
  readonly touched = new Heavy<Touched>();
  readonly objects = new Heavy<ObjectAmount>();
  readonly failures = new Heavy<FailureCount>();
  readonly outcomes = new Outcomes();
  readonly looks = new Looks();
  readonly roles = new Roles();
  readonly definitions = new Definitions();
  readonly writes = new Weightiest<Listed>(MOST_SAMPLED);
  readonly outside = new Weightiest<Listed>(MOST_SAMPLED);
  readonly signs = new Signs();
  readonly populations = new Populations();
  readonly rows = new Rows();
  /** Secrets in statements, parameters, suspects and rows. */
  redacted = 0;
  /** The day of a transaction's failure, by the id of its latest statement: a savepoint may catch it on a later one. */
  readonly #failedOn = new LRUCache<string, string>({ max: MOST_FAILED });

  constructor(options: FindingsOptions) {
    this.#options = options;
  }

  /**
   * Counts and lists an event, if it is within the period.
   *
   * @param hash of its line
   */
  add(event: ReportedEvent, hash: string, marked: Marked = UNMARKED): void {
    const at = Date.parse(event.time);
    const { since, until } = this.#options.period;
    const local = this.#options.zone.at(at);
    if (local.day < since || local.day > until) return;
    this.populations.add(event, at, local.day);
    const { actor, audit, failure } = event;
    if (event.kind === 'statement' && actor !== undefined && audit !== undefined) {
      const person = personOf(actor);
      const time = this.#timeOf(local);
      this.#statement({ event, actor, audit, at, person, marked, hash, ...time });
    } else if (event.kind === 'failure' && actor !== undefined && failure !== undefined) {
      this.outcomes.failure(event);
      this.#failure(personOf(actor), failure, at, local.day);
    } else if (event.kind === 'row') {
      this.redacted += event.row?.redacted ?? 0;
      this.rows.add(event, at, hash);
    } else {
      this.redacted += this.signs.add(event, at, hash);
    }
  }

  #timeOf({ day, minute, isWeekend }: ReturnType<Zone['at']>): Pick<Statement, 'day' | 'hour' | 'when'> {
    const when = isWeekend ? 'weekend' : isWithin(this.#options.hours, minute) ? 'inside' : 'outside';
    return { day, hour: Math.floor(minute / 60), when };
  }

  #statement(statement: Statement): void {
    const { event, actor, audit, when, hash, marked, person, at } = statement;
    const change: Change = { class: classOf(audit.class), when, rows: audit.rows ?? null };
    this.#count(statement, change);
    this.outcomes.statement(event);
    this.redacted += audit.redacted ?? 0;
    this.roles.add(actor, person, at);
    const excerpt = (): Listed => listed(statement, LONGEST_EXCERPT);
    this.#look(statement, change.class, excerpt);
    if (change.class === 'ddl') this.definitions.add(statement, hash);
    else if (change.class === 'role') this.#options.onRole?.(listed(statement, LONGEST_STATEMENT));
    else if (change.class === 'write' && !marked.isPlan) this.writes.add(change.rows ?? 0, hash, excerpt);
    if (when !== 'inside') this.outside.add(change.class === 'write' ? 0 : 1, hash, excerpt);
  }

  #look({ audit, actor, marked, hash, when }: Statement, name: Change['class'], excerpt: () => Listed): void {
    const { command, statement, sensitive = false, redacted = 0 } = audit;
    const isUnknown = actor.status === 'unresolved' || actor.status === 'claimed';
    const rows = audit.rows ?? 0;
    const looked = {
      class: name,
      command,
      statement,
      when,
      rows,
      isSensitive: sensitive,
      redacted,
      isUnknown,
      marked,
    };
    this.looks.add(looked, hash, excerpt);
  }

  #count({ day, hour, actor, audit, person, marked }: Statement, change: Change): void {
    addChange(this.total, change);
    addChange(this.#dayOf(day), change);
    const weekday = (new Date(day).getUTCDay() + 6) % 7;
    const cell = this.week[weekday]?.[hour];
    if (cell !== undefined) cell[change.when === 'inside' ? 'inside' : 'outside'] += 1;
    const one = this.persons.at(person.key, () => newPerson(person));
    addChange(one, change);
    if (one.users.size < MOST_USERS) one.users.add(nameLike(actor.user));
    const ofDay = `${day} ${person.key}`;
    addChange(
      this.personDays.at(ofDay, () => ({ ...noAmount(), person, day })),
      change,
    );
    if (marked.isPlan) return;
    const objects = objectsOf(audit);
    for (const object of objects.length === 0 ? [null] : new Set(objects)) {
      const name = object ?? '';
      addChange(
        this.objects.at(name, () => ({ ...noAmount(), object })),
        change,
      );
      const key = `${ofDay} ${name}`;
      addChange(
        this.touched.at(key, () => ({ ...noAmount(), person, day, object })),
        change,
      );
    }
  }

  #dayOf(day: string): Amount {
    const amount = this.days.get(day) ?? noAmount();
    this.days.set(day, amount);
    return amount;
  }

  /** If a savepoint caught the error, the failure counted before is taken back: one of before the period was not. */
  #failure(
    person: Person,
    { statement, sqlState = null, outcome, certain }: NonNullable<ReportedEvent['failure']>,
    at: number,
    today: string,
  ): void {
    const isUncertain = certain === false;
    const isCaught = outcome === 'caught';
    const day = isCaught ? this.#failedOn.get(statement) : today;
    if (day === undefined) return;
    if (isCaught) this.#failedOn.delete(statement);
    else this.#failedOn.set(statement, day);
    const by = isCaught ? -1 : 1;
    if (!isUncertain) {
      this.total.failed += by;
      this.#dayOf(day).failed += by;
      this.persons.at(person.key, () => newPerson(person)).failed += by;
    }
    const key = `${sqlState ?? ''} ${isUncertain} ${person.key}`;
    const fresh = { person, sqlState, isUncertain, events: 0, first: at, last: at };
    const entry = this.failures.at(key, () => fresh);
    entry.events += by;
    entry.last = Math.max(entry.last, at);
  }
}

interface Statement extends Said {
  readonly day: string;
  readonly hour: number;
  readonly when: When;
  readonly marked: Marked;
  /** Of its line. */
  readonly hash: string;
}

function newPerson(person: Person): PersonAmount {
  return { ...noAmount(), person, users: new Set() };
}
