/** A statement as the lists of a report show it. */

import type { When } from './amount.js';
import {
  nameLike,
  objectsOf,
  type Person,
  type ReportedActor,
  type ReportedAudit,
  type ReportedEvent,
  start,
} from './event.js';

/** At most this many objects of a statement are named. */
const MOST_OBJECTS = 8;

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
  /** `null` if the log does not say. */
  readonly rows: number | null;
}

export interface Said {
  readonly event: ReportedEvent;
  readonly actor: ReportedActor;
  readonly audit: ReportedAudit;
  readonly at: number;
  readonly when: When;
  readonly person: Person;
}

/** @param room characters of the statement that are kept, at most */
export function listed({ event, actor, audit, at, when, person }: Said, room: number): Listed {
  const statement = audit.statement === null ? null : start(audit.statement, room);
  const place = event.database == null ? event.instance : `${event.instance}/${event.database}`;
  return {
    id: nameLike(event.id),
    at,
    when,
    person,
    user: nameLike(actor.user),
    place: nameLike(place),
    audit: {
      class: nameLike(audit.class),
      command: nameLike(audit.command),
      objects: objectsOf(audit).slice(0, MOST_OBJECTS),
      statement,
      more: (audit.statement?.length ?? 0) - (statement?.length ?? 0),
      parameters: audit.parameters?.length ?? null,
      rows: audit.rows ?? null,
    },
  };
}
