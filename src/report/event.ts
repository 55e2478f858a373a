/** What a report looks at in an event. */

import { z } from 'zod';
import { parseJson } from '../json.js';

const text = z.string().nullable().optional();
const count = z.number().nullable().optional();

const change = z.object({
  what: z.string(),
  name: z.string(),
  role: text,
  database: text,
  before: z.string().nullable(),
  after: z.string().nullable(),
});

const reportedEvent = z.object({
  kind: z.string(),
  id: z.string(),
  time: z.iso.datetime(),
  instance: z.string(),
  database: text,
  actor: z
    .object({ user: z.string(), status: z.string(), id: text, name: text, email: text, unit: text })
    .optional(),
  audit: z
    .object({
      class: z.string(),
      command: z.string(),
      objectType: text,
      objectName: text,
      statement: z.string().nullable(),
      parameters: z.array(z.string()).nullable().optional(),
      rows: count,
      redacted: count,
      objects: z.array(z.string()).optional(),
    })
    .optional(),
  session: z.object({ id: z.string(), client: text, application: text }).optional(),
  failure: z.object({ statement: z.string(), sqlState: text }).optional(),
  suspect: z.object({ reason: z.string(), message: z.string(), redacted: count }).optional(),
  gap: z
    .object({
      reason: z.string(),
      user: text,
      session: text,
      firstLine: count,
      lastLine: count,
      after: text,
      before: text,
    })
    .optional(),
  source: z.object({ file: z.string(), offset: z.number(), length: z.number() }).optional(),
  lifecycle: z
    .object({
      action: z.string(),
      version: text,
      newChain: z.boolean().optional(),
      reason: text,
      takenUpFromArchive: z.boolean().optional(),
    })
    .optional(),
  config: z.object({ since: text, changes: z.array(change) }).optional(),
});

export type ReportedEvent = z.infer<typeof reportedEvent>;
export type ReportedActor = NonNullable<ReportedEvent['actor']>;
export type ReportedAudit = NonNullable<ReportedEvent['audit']>;

/** `null` where the line is no event. */
export function readEvent(line: Buffer): ReportedEvent | null {
  const parsed = reportedEvent.safeParse(parseJson(line));
  return parsed.success ? parsed.data : null;
}

/** Somebody as auditors know them. */
export interface Person {
  /** Tells people apart; what a client only claims is never taken for the one whom it names. */
  readonly key: string;
  readonly name: string;
  readonly id: string | null;
  readonly unit: string | null;
  /** Who it is hangs on nothing but what the client itself wrote. */
  readonly isClaimed: boolean;
  readonly isUnresolved: boolean;
}

export function personOf({ user, status, id, name, email, unit }: ReportedActor): Person {
  const isClaimed = status === 'claimed';
  const known = id ?? email ?? null;
  const key = JSON.stringify([known === null || isClaimed ? user : null, known, isClaimed]);
  return {
    key,
    name: name ?? id ?? email ?? user,
    id: known,
    unit: unit ?? null,
    isClaimed,
    isUnresolved: status === 'unresolved',
  };
}

/** The relations or the other object that a statement changes, as the event names them; none where nobody could tell. */
export function objectsOf({ objects, objectName }: ReportedAudit): readonly string[] {
  return objects ?? (objectName == null ? [] : [objectName]);
}
