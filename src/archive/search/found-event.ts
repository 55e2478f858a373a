/** The fields of an event that a search reads; the others stay in its line. */

import { z } from 'zod';
import { alertSchema } from '../../event/alert.js';
import { failureSchema, statementSchema, suspectSchema, unauditedSchema } from '../../event/audit.js';
import { gapSchema } from '../../event/gap.js';
import { ACTOR_STATUSES, AUDIT_CLASSES, type AuditClass } from '../../event/names.js';
import { statementReader } from '../../event/plain-statement.js';
import { rowSchema } from '../../event/row.js';
import { sessionSchema } from '../../event/session.js';
import { parseJson } from '../../lib/json.js';

const { actor, audit, database } = statementSchema.shape;

/** Kinds may be added, and fields of other versions may be missing. */
const searchedEvent = z.object({
  kind: z.string(),
  id: z.string().optional(),
  time: z.string(),
  database: database.optional(),
  actor: actor.omit({ unit: true, resolvedBy: true }).optional(),
  audit: audit
    .pick({
      class: true,
      command: true,
      objectName: true,
      statement: true,
      parameters: true,
      objects: true,
    })
    .extend({
      objectName: audit.shape.objectName.optional(),
      objects: z.array(z.string()).optional(),
      sensitive: z.literal(true).optional(),
    })
    .optional(),
  session: sessionSchema.pick({ id: true }).optional(),
  failure: failureSchema.shape.failure.pick({ statement: true, sqlState: true }).optional(),
  suspect: suspectSchema.shape.suspect.pick({ reason: true, message: true }).optional(),
  unaudited: unauditedSchema.shape.unaudited.pick({ class: true, statement: true }).optional(),
  gap: gapSchema.shape.gap.pick({ reason: true, user: true, session: true }).optional(),
  alert: alertSchema.shape.alert.pick({ rule: true, why: true }).optional(),
  row: rowSchema.shape.row
    .pick({ operation: true, table: true, key: true, old: true, new: true, statement: true })
    .extend({ old: rowSchema.shape.row.shape.old.optional(), new: rowSchema.shape.row.shape.new.optional() })
    .extend({ statement: z.string().optional() })
    .optional(),
});

export type SearchedEvent = z.infer<typeof searchedEvent>;

/** `null` if the line is not an event. */
export function readEvent(line: Buffer): SearchedEvent | null {
  const fields = fieldsOf(line);
  return fields === null ? readAny(line) : new PlainStatement(fields);
}

/** The same as `readEvent`, by parsing the whole line. */
export function readAny(line: Buffer): SearchedEvent | null {
  const parsed = searchedEvent.safeParse(parseJson(line));
  return parsed.success ? parsed.data : null;
}

const fieldsOf = statementReader(
  ...(['id', 'time', 'database', 'user', 'status', 'actorId', 'name', 'email', 'class', 'command'] as const),
  ...(['objectName', 'statement', 'parameters', 'objects', 'sensitive', 'session'] as const),
);

type Fields = readonly (string | undefined)[];

/** Nearly every line is a statement. A search that reads them all needs few fields of each. */
class PlainStatement implements SearchedEvent {
  readonly kind = 'statement';
  readonly time: string;
  readonly audit: PlainAudit;
  readonly #fields: Fields;
  #actor: SearchedEvent['actor'];

  constructor(fields: Fields) {
    this.time = fields[2] ?? '';
    this.audit = new PlainAudit(fields);
    this.#fields = fields;
  }

  get id(): string {
    return this.#fields[1] ?? '';
  }

  get database(): string | null {
    return decoded(this.#fields[3]);
  }

  get actor(): NonNullable<SearchedEvent['actor']> {
    this.#actor ??= actorOf(this.#fields);
    return this.#actor;
  }

  get session(): { id: string } {
    return { id: this.#fields[16] ?? '' };
  }
}

class PlainAudit implements NonNullable<SearchedEvent['audit']> {
  readonly #fields: Fields;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  get class(): AuditClass {
    return AUDIT_CLASSES.find(one => one === this.#fields[9]) ?? 'MISC';
  }

  get command(): string {
    return decoded(this.#fields[10]) ?? '';
  }

  get objectName(): string | null {
    return decoded(this.#fields[11]);
  }

  get statement(): string | null {
    return decoded(this.#fields[12]);
  }

  get parameters(): string[] | null {
    return textsOf(this.#fields[13]);
  }

  get objects(): string[] | undefined {
    return textsOf(this.#fields[14]) ?? undefined;
  }

  get sensitive(): true | undefined {
    return this.#fields[15] === undefined ? undefined : true;
  }
}

function actorOf([, , , , user, status, id, name, email]: Fields): NonNullable<SearchedEvent['actor']> {
  return {
    user: decoded(user) ?? '',
    status: ACTOR_STATUSES.find(one => one === status) ?? 'unresolved',
    ...(id !== undefined && { id: decoded(id) ?? '' }),
    ...(name !== undefined && { name: decoded(name) ?? '' }),
    ...(email !== undefined && { email: decoded(email) ?? '' }),
  };
}

/** The value of a JSON text, `null` or nothing, given as its bytes in latin1. */
function decoded(json: string | undefined): string | null {
  if (json === undefined || json === 'null') return null;
  if (/^[ !#-[\]-~]*$/.test(json.slice(1, -1))) return json.slice(1, -1);
  return z.string().parse(parseJson(Buffer.from(json, 'latin1')));
}

function textsOf(json: string | undefined): string[] | null {
  if (json === undefined || json === 'null') return null;
  return texts.parse(parseJson(Buffer.from(json, 'latin1')));
}
const texts = z.array(z.string());

/** The login role: that of the actor, or of the missing record. */
export function userOf({ actor, gap }: SearchedEvent): string | null {
  return actor?.user ?? gap?.user ?? null;
}

/** pgAudit's command, or what changed a row. */
export function commandOf({ audit, row }: SearchedEvent): string | null {
  return audit?.command ?? row?.operation ?? null;
}

/** pgAudit's class, also of what it did not log. */
export function classOf({ audit, unaudited }: SearchedEvent): string | null {
  return audit?.class ?? unaudited?.class ?? null;
}

/** The person as auditors call them; `?` if only the client itself says so. */
export function personOf(event: SearchedEvent): string | null {
  return asClaimed(event, event.actor?.name ?? event.actor?.id);
}

/** An identity that differs for two persons with the same name, and from one that a client only claims. */
export function personKeyOf(event: SearchedEvent): string | null {
  return asClaimed(event, event.actor?.id ?? event.actor?.email);
}

function asClaimed(event: SearchedEvent, known: string | undefined): string | null {
  const person = known ?? userOf(event);
  return event.actor?.status === 'claimed' && person !== null ? `${person}?` : person;
}

/** The relations or other objects as the event names them. */
export function objectsOf({ audit, row }: SearchedEvent): readonly string[] {
  if (row !== undefined) return [row.table];
  if (audit === undefined) return [];
  return audit.objects ?? (audit.objectName == null ? [] : [audit.objectName]);
}
