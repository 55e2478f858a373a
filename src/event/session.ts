/** Who did something, in which session, and where in the log it was read. */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { ACTOR_STATUSES } from './names.js';

const count = z.int().nonnegative();

/** Who did it. `user` is the login role; the rest is what the resolvers found. */
export const actorSchema = z.object({
  user: z.string(),
  status: z.enum(ACTOR_STATUSES),
  id: z.string().exactOptional(),
  name: z.string().exactOptional(),
  email: z.string().exactOptional(),
  unit: z.string().exactOptional(),
  resolvedBy: z.array(z.string()),
});
export type Actor = DeepReadonly<z.infer<typeof actorSchema>>;

/** How a session proved who it is (`connection authenticated`, PostgreSQL 14 and later). */
export const authenticationSchema = z.object({
  /** What the method proved; `null` if it proves nothing (trust). */
  identity: z.string().nullable(),
  /** As in pg_hba.conf: scram-sha-256, cert, gss, ldap, peer, … */
  method: z.string(),
});
export type Authentication = DeepReadonly<z.infer<typeof authenticationSchema>>;

export const sessionSchema = z.object({
  /** PostgreSQL's `%c`: start time and process id in hexadecimal. */
  id: z.string(),
  /** PostgreSQL's `%l`: the number of the log line in its session, from 1. */
  line: count,
  startedAt: z.string().nullable(),
  pid: z.number().nullable(),
  client: z.string().nullable(),
  port: z.number().nullable(),
  application: z.string().nullable(),
  backendType: z.string().exactOptional(),
  /** Of a parallel worker: the process that it works for (PostgreSQL 14 and later). */
  leaderPid: z.number().exactOptional(),
  transactionId: z.string(),
  virtualTransactionId: z.string().nullable(),
  queryId: z.string().exactOptional(),
  /** From the session's `connection authenticated`, if that was read. */
  authentication: authenticationSchema.exactOptional(),
});
export type Session = DeepReadonly<z.infer<typeof sessionSchema>>;

/** Where in the log the event was read: `offset` and `length` in bytes. */
export const sourceSchema = z.object({
  file: z.string(),
  fileId: z.string(),
  offset: count,
  length: count,
  /** The record's bytes in base64, if they are not UTF-8 and hold no secret. */
  raw: z.string().exactOptional(),
});
export type Source = DeepReadonly<z.infer<typeof sourceSchema>>;

/** What an event says of the record that it was made from, whatever its message. */
export const fromLogSchema = z.object({
  receivedAt: z.string(),
  database: z.string().nullable(),
  actor: actorSchema,
  session: sessionSchema,
  source: sourceSchema,
});

/** Who logged something, and when. */
export interface LoggedBy {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The login role; SET ROLE does not change it. */
  readonly user: string;
  readonly database: string | null;
  readonly session: Session;
  /** The record's bytes in base64, if they are not UTF-8 and hold no secret. */
  readonly raw: string | null;
}

/** What a record says of itself, whatever its message. */
export interface LogLine extends LoggedBy {
  /** The number of the line, as the event's id has it. */
  readonly number: string;
}
