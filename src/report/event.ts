/** The parts of an event that a report reads. */

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

const names = z.array(z.string());
const unaudited = z.object({ count: z.number(), names });

const population = z.object({
  part: z.object({ index: z.number(), total: z.number() }),
  groups: z.array(
    z.object({ roles: names, databases: z.array(z.object({ databases: names, isAudited: z.boolean() })) }),
  ),
  unaudited,
  mayTurnOff: z.array(z.object({ role: z.string(), by: names })),
});

const reportedEvent = z.object({
  kind: z.string(),
  id: z.string(),
  time: z.iso.datetime(),
  instance: z.string(),
  node: z.string().optional(),
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
  failure: z
    .object({
      statement: z.string(),
      sqlState: text,
      outcome: z.string().optional(),
      certain: z.boolean().optional(),
    })
    .optional(),
  suspect: z.object({ reason: z.string(), message: z.string(), redacted: count }).optional(),
  unaudited: z
    .object({ class: z.string(), statement: z.string(), isCut: z.boolean().optional(), redacted: count })
    .optional(),
  gap: z
    .object({
      reason: z.string(),
      user: text,
      session: text,
      firstLine: count,
      lastLine: count,
      firstStatement: count,
      lastStatement: count,
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
  config: z.object({ since: text, changes: z.array(change), unaudited: unaudited.optional() }).optional(),
  population: population.optional(),
});

export type ReportedEvent = z.infer<typeof reportedEvent>;
export type ReportedActor = NonNullable<ReportedEvent['actor']>;
export type ReportedAudit = NonNullable<ReportedEvent['audit']>;

/** Bytes of an event without any text from a client. */
const LONGEST_OWN = 256 * 1024;
const WITH_TEXT = ['statement', 'suspect', 'unaudited'];
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
