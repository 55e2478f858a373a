/** The fields of an event that a search reads; the others stay in its line. */

import { z } from 'zod';
import { parseJson } from '../json.js';

const text = z.string().nullable().optional();

const searchedEvent = z.object({
  kind: z.string(),
  time: z.string(),
  database: text,
  actor: z.object({ user: z.string(), status: z.string(), id: text, name: text, email: text }).optional(),
  audit: z
    .object({
      class: z.string(),
      command: z.string(),
      objectName: text,
      statement: z.string().nullable(),
      parameters: z.array(z.string()).nullable(),
      objects: z.array(z.string()).optional(),
    })
    .optional(),
  session: z.object({ id: z.string() }).optional(),
  failure: z.object({ statement: z.string(), sqlState: text }).optional(),
  suspect: z.object({ reason: z.string(), message: z.string() }).optional(),
  unaudited: z.object({ class: z.string(), statement: z.string() }).optional(),
  gap: z.object({ reason: z.string(), user: text, session: text }).optional(),
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
