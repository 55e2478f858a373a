/** The findings about a period's events, in memory that does not grow with their number. */

import { type Amount, addChange, type Change, classOf, noAmount, type When } from './amount.js';
import { Bounded, Sample } from './bounded.js';
import {
  nameLike,
  objectsOf,
  type Person,
  personOf,
  type ReportedActor,
  type ReportedAudit,
  type ReportedEvent,
  start,
} from './event.js';
import { Heavy } from './heavy.js';
import { Populations } from './population.js';
import { isWithin, type WorkingHours, type Zone } from './zone.js';

/** At most this many items are listed. */
const MOST_STATEMENTS = 1000;
const MOST_LISTED = 200;
const MOST_SAMPLED = 25;
/** Characters of one statement, and of all listed statements together. */
const LONGEST_STATEMENT = 20_000;
const MOST_CHARACTERS = 2_000_000;
const LONGEST_EXCERPT = 500;
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

/** A statement in a list. */
export interface Listed {
  readonly id: string;
  readonly at: number;
  readonly when: When;
  readonly person: Person;
  readonly user: string;
  readonly place: string;
  readonly audit: Excerpt;
}

export interface Excerpt {
  readonly class: string;
  readonly command: string;
  readonly objects: readonly string[];
  /** `null` if it was not logged. */
  readonly statement: string | null;
  /** How many more characters of it the archive has. */
  readonly more: number;
  /** `null` if they were not logged. */
  readonly parameters: number | null;
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

export interface NotResolved {
  readonly user: string;
  readonly status: string;
  events: number;
}

/** Kinds of events that report something about the audit trail itself. */
export type Sign = 'suspect' | 'unaudited' | 'gap' | 'config' | 'lifecycle';

export interface Reported<K extends Sign> {
  readonly id: string;
  readonly at: number;
  readonly instance: string;
  readonly user: string | null;
  readonly source: ReportedEvent['source'];
  readonly what: NonNullable<ReportedEvent[K]>;
}

export class Findings {
  readonly #options: FindingsOptions;
  /** By local day; the number of days in a period is limited. */
  readonly days = new Map<string, Amount>();
  /** By local hour. */
  readonly hours = Array.from({ length: 24 }, () => ({ inside: 0, outside: 0, weekend: 0 }));
  readonly total = noAmount();
  readonly persons = new Heavy<PersonAmount>();
  readonly personDays = new Heavy<PersonDay>();
  /** By person, object and day. */
  readonly touched = new Heavy<Touched>();
  readonly objects = new Heavy<ObjectAmount>();
  readonly failures = new Heavy<FailureCount>();
  readonly notResolved = new Heavy<NotResolved>();
  readonly definitions = new Bounded<Listed>(MOST_STATEMENTS);
  readonly writes = new Sample<Listed>(MOST_SAMPLED);
  readonly outside = new Sample<Listed>(MOST_SAMPLED);
  /** Statements with redactions: a change may have been made to look like a secret. */
  readonly withRedactions = new Bounded<Listed>(MOST_LISTED);
  readonly suspects = new Bounded<Reported<'suspect'>>(MOST_LISTED);
  readonly unaudited = new Bounded<Reported<'unaudited'>>(MOST_LISTED);
  readonly gaps = new Bounded<Reported<'gap'>>(MOST_LISTED);
  readonly settings = new Bounded<Reported<'config'>>(MOST_LISTED);
  readonly starts = new Bounded<Reported<'lifecycle'>>(MOST_LISTED);
  readonly populations = new Populations();
  readonly gapReasons = new Heavy<{ readonly reason: string; events: number }>(100);
  redacted = 0;
  #characters = 0;

  constructor(options: FindingsOptions) {
    this.#options = options;
  }

  /**
   * Counts and lists an event, if it is within the period.
   *
   * @param hash of its line
   */
  add(event: ReportedEvent, hash: string): void {
    const at = Date.parse(event.time);
    const { since, until } = this.#options.period;
    const local = this.#options.zone.at(at);
    if (local.day < since || local.day > until) return;
    this.populations.add(event, at, local.day);
    const { actor, audit, failure } = event;
    if (event.kind === 'statement' && actor !== undefined && audit !== undefined)
      this.#statement({ event, actor, audit, at, ...this.#whenIs(local) }, hash);
    else if (event.kind === 'failure' && actor !== undefined && failure !== undefined)
      this.#failure(personOf(actor), failure, at, local.day);
    else this.#sign(event, at);
  }

  #whenIs({ day, minute, isWeekend }: ReturnType<Zone['at']>): Pick<Statement, 'day' | 'hour' | 'when'> {
    const when = isWeekend ? 'weekend' : isWithin(this.#options.hours, minute) ? 'inside' : 'outside';
    return { day, hour: Math.floor(minute / 60), when };
  }

  #statement(statement: Statement, hash: string): void {
    const { actor, audit, when } = statement;
    const person = personOf(actor);
    const change: Change = { class: classOf(audit.class), when, rows: audit.rows ?? null };
    this.#count(statement, person, change);
    this.redacted += audit.redacted ?? 0;
    if (audit.redacted) this.withRedactions.add(() => this.#listed(statement, person, LONGEST_EXCERPT));
    if (actor.status !== 'resolved') this.#unknown(actor);
    if (change.class === 'ddl' || change.class === 'role')
      this.definitions.add(() => this.#listed(statement, person, this.#room()));
    else if (change.class === 'write')
      this.writes.add(hash, () => this.#listed(statement, person, LONGEST_EXCERPT));
    if (when !== 'inside') this.outside.add(hash, () => this.#listed(statement, person, LONGEST_EXCERPT));
  }

  #count({ day, hour, actor, audit }: Statement, person: Person, change: Change): void {
    addChange(this.total, change);
    addChange(this.#dayOf(day), change);
    const hours = this.hours[hour];
    if (hours !== undefined) hours[change.when] += 1;
    const one = this.persons.at(person.key, () => newPerson(person));
    addChange(one, change);
    if (one.users.size < MOST_USERS) one.users.add(nameLike(actor.user));
    const ofDay = `${day} ${person.key}`;
    addChange(
      this.personDays.at(ofDay, () => ({ ...noAmount(), person, day })),
      change,
    );
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

  /** If a savepoint caught the error, the failure counted before is taken back. */
  #failure(
    person: Person,
    { sqlState = null, outcome, certain }: NonNullable<ReportedEvent['failure']>,
    at: number,
    day: string,
  ): void {
    const isUncertain = certain === false;
    const by = outcome === 'caught' ? -1 : 1;
    if (!isUncertain) {
      this.total.failed += by;
      this.#dayOf(day).failed += by;
      this.persons.at(person.key, () => newPerson(person)).failed += by;
    }
    const key = `${sqlState ?? ''} ${isUncertain} ${person.key}`;
    const entry = this.failures.at(key, () => ({
      person,
      sqlState,
      isUncertain,
      events: 0,
      first: at,
      last: at,
    }));
    entry.events += by;
    entry.last = Math.max(entry.last, at);
  }

  #unknown({ user, status }: ReportedActor): void {
    const one = { user: nameLike(user), status: nameLike(status), events: 0 };
    this.notResolved.at(`${one.status} ${one.user}`, () => one).events += 1;
  }

  /** Events about the audit trail itself. */
  #sign(event: ReportedEvent, at: number): void {
    const { id, instance, source, suspect, unaudited, gap, config, lifecycle } = event;
    const common = { id, at, instance, source, user: event.actor?.user ?? gap?.user ?? null };
    if (event.kind === 'suspect' && suspect !== undefined) {
      this.redacted += suspect.redacted ?? 0;
      const message = start(suspect.message, LONGEST_EXCERPT);
      this.suspects.add(() => ({ ...common, what: { ...suspect, message } }));
    } else if (event.kind === 'unaudited' && unaudited !== undefined) {
      this.redacted += unaudited.redacted ?? 0;
      const statement = start(unaudited.statement, LONGEST_EXCERPT);
      this.unaudited.add(() => ({ ...common, what: { ...unaudited, statement } }));
    } else if (event.kind === 'gap' && gap !== undefined) {
      this.gapReasons.at(gap.reason, () => ({ reason: gap.reason, events: 0 })).events += 1;
      this.gaps.add(() => ({ ...common, what: gap }));
    } else if (event.kind === 'config' && config !== undefined)
      this.settings.add(() => ({ ...common, what: config }));
    else if (event.kind === 'lifecycle' && lifecycle !== undefined)
      this.starts.add(() => ({ ...common, what: lifecycle }));
  }

  /** Characters that the next statement may take; the beginning of each is always shown. */
  #room(): number {
    return Math.max(LONGEST_EXCERPT, Math.min(LONGEST_STATEMENT, MOST_CHARACTERS - this.#characters));
  }

  #listed({ event, actor, audit, at, when }: Statement, person: Person, room: number): Listed {
    const statement = audit.statement === null ? null : start(audit.statement, room);
    this.#characters += statement?.length ?? 0;
    const { class: name, command, parameters } = audit;
    const excerpt: Excerpt = {
      class: nameLike(name),
      command: nameLike(command),
      objects: objectsOf(audit).slice(0, MOST_USERS),
      statement,
      more: (audit.statement?.length ?? 0) - (statement?.length ?? 0),
      parameters: parameters?.length ?? null,
    };
    const place = event.database == null ? event.instance : `${event.instance}/${event.database}`;
    return {
      id: event.id,
      at,
      when,
      person,
      user: nameLike(actor.user),
      place: nameLike(place),
      audit: excerpt,
    };
  }
}

interface Statement {
  readonly event: ReportedEvent;
  readonly actor: ReportedActor;
  readonly audit: ReportedAudit;
  readonly at: number;
  readonly day: string;
  readonly hour: number;
  readonly when: When;
}

function newPerson(person: Person): PersonAmount {
  return { ...noAmount(), person, users: new Set() };
}
