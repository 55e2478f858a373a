/** The fields of an event that a search reads; the others stay in its line. */

import { z } from 'zod';
import { failureSchema, statementSchema, suspectSchema, unauditedSchema } from '../../event/audit.js';
import { gapSchema } from '../../event/gap.js';
import { sessionSchema } from '../../event/session.js';
import { parseJson } from '../../lib/json.js';

const { actor, audit, database } = statementSchema.shape;

/** Kinds may be added, and fields of other versions may be missing. */
const searchedEvent = z.object({
  kind: z.string(),
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
    .partial({ objectName: true })
    .optional(),
  session: sessionSchema.pick({ id: true }).optional(),
  failure: failureSchema.shape.failure.pick({ statement: true, sqlState: true }).optional(),
  suspect: suspectSchema.shape.suspect.pick({ reason: true, message: true }).optional(),
  unaudited: unauditedSchema.shape.unaudited.pick({ class: true, statement: true }).optional(),
  gap: gapSchema.shape.gap.pick({ reason: true, user: true, session: true }).optional(),
});

export type SearchedEvent = z.infer<typeof searchedEvent>;

/** `null` if the line is not an event. */
export function readEvent(line: Buffer): SearchedEvent | null {
  const parsed = searchedEvent.safeParse(parseJson(line));
  return parsed.success ? parsed.data : null;
}

/** The login role: that of the actor, or of the missing record. */
export function userOf({ actor, gap }: SearchedEvent): string | null {
  return actor?.user ?? gap?.user ?? null;
}

/** The person as auditors call them. */
export function personOf(event: SearchedEvent): string | null {
  return event.actor?.name ?? event.actor?.id ?? userOf(event);
}

/** An identity that differs for two persons with the same name. */
export function personKeyOf(event: SearchedEvent): string | null {
  return event.actor?.id ?? event.actor?.email ?? userOf(event);
}

/** The relations or other objects as the event names them. */
export function objectsOf({ audit }: SearchedEvent): readonly string[] {
  if (audit === undefined) return [];
  return audit.objects ?? (audit.objectName == null ? [] : [audit.objectName]);
}
