/** The parts of an event that a report reads. */

import { z } from 'zod';
import { alertSchema } from '../event/alert.js';
import { failureSchema, statementSchema, suspectSchema, unauditedSchema } from '../event/audit.js';
import { configSchema } from '../event/config.js';
import { envelopeSchema } from '../event/event.js';
import { gapSchema } from '../event/gap.js';
import { lifecycleSchema } from '../event/lifecycle.js';
import { populationSchema } from '../event/population.js';
import { rowSchema } from '../event/row.js';
import { sessionSchema, sourceSchema } from '../event/session.js';
import { parseJson } from '../lib/json.js';

const { shape } = statementSchema;
const { population } = populationSchema.shape;

/** Kinds may be added, and fields of other versions may be missing. */
const reportedEvent = envelopeSchema.pick({ id: true, instance: true }).extend({
  kind: z.string(),
  time: z.iso.datetime(),
  node: z.string().optional(),
  database: shape.database.optional(),
  actor: shape.actor.partial({ resolvedBy: true }).optional(),
  audit: shape.audit
    .partial({ type: true, statementId: true, substatementId: true, objectType: true, rows: true })
    .partial({ objectName: true, parameters: true })
    .optional(),
  session: sessionSchema
    .pick({ id: true, client: true, application: true, virtualTransactionId: true })
    .partial({ client: true, application: true, virtualTransactionId: true })
    .optional(),
  failure: failureSchema.shape.failure.partial({ sqlState: true }).optional(),
  suspect: suspectSchema.shape.suspect.optional(),
  unaudited: unauditedSchema.shape.unaudited.partial({ expected: true, audited: true }).optional(),
  gap: gapSchema.shape.gap.optional(),
  alert: alertSchema.shape.alert.pick({ rule: true, severity: true, why: true }).optional(),
  row: rowSchema.shape.row
    .pick({ operation: true, table: true, key: true, old: true, new: true, redacted: true })
    .partial({ old: true, new: true, redacted: true })
    .optional(),
  source: sourceSchema.pick({ file: true, offset: true, length: true }).optional(),
  lifecycle: lifecycleSchema.shape.lifecycle.partial({ version: true }).optional(),
  config: configSchema.shape.config.partial({ since: true }).optional(),
  population: population.pick({ part: true, groups: true, unaudited: true, mayTurnOff: true }).optional(),
});

export type ReportedEvent = z.infer<typeof reportedEvent>;
export type ReportedActor = NonNullable<ReportedEvent['actor']>;
export type ReportedAudit = NonNullable<ReportedEvent['audit']>;

/** Bytes of an event without any text from a client. */
const LONGEST_OWN = 256 * 1024;
const WITH_TEXT = ['statement', 'suspect', 'unaudited', 'row'];
/** Bytes of a population: several thousand names, however they are written. */
const LONGEST_POPULATION = 4 * 1024 * 1024;

/** `null` if the line is not one of our events. */
export function readEvent(line: Buffer): ReportedEvent | null {
  const parsed = reportedEvent.safeParse(parseJson(line));
  if (!parsed.success) return null;
  const { kind } = parsed.data;
  const longest = kind === 'population' ? LONGEST_POPULATION : LONGEST_OWN;
  return line.length <= longest || WITH_TEXT.includes(kind) || kind === 'seal' ? parsed.data : null;
}

/** A person as auditors see them. */
export interface Person {
  /** Identifies a person; an identity that a client only claims is never merged with the person whom it names. */
  readonly key: string;
  readonly name: string;
  readonly id: string | null;
  readonly unit: string | null;
  /** A login role of theirs; the only one if nobody knows who it is, or only the client says so. */
  readonly user: string;
  /** The identity comes only from what the client itself wrote. */
  readonly isClaimed: boolean;
  readonly isUnresolved: boolean;
}

export function personOf({ user, status, id, name, email, unit }: ReportedActor): Person {
  const isClaimed = status === 'claimed';
  const identity = id ?? email ?? null;
  const key = JSON.stringify([identity === null || isClaimed ? user : null, identity, isClaimed]);
  return {
    key: nameLike(key),
    name: nameLike(name ?? identity ?? user),
    id: identity === null ? null : nameLike(identity),
    unit: unit == null ? null : nameLike(unit),
    user: nameLike(user),
    isClaimed,
    isUnresolved: status === 'unresolved',
  };
}

/**
 * The relations or the other object that a statement changes, as the event names them; none if they could not be
 * determined.
 */
export function objectsOf({ objects, objectName }: ReportedAudit): readonly string[] {
  return (objects ?? (objectName == null ? [] : [objectName])).map(nameLike);
}

/** No name of PostgreSQL with its schema and quotes, and no person's name, is longer. */
const LONGEST_NAME = 300;

export function nameLike(text: string): string {
  return start(text, LONGEST_NAME);
}

/** The first characters, as a copy: a slice would keep the whole text in memory. */
export function start(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return Buffer.from(text.slice(0, characters), 'utf16le').toString('utf16le');
}
