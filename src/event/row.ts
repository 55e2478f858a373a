/**
 * What became of one row (kind `row`), from the history that triggers in the database keep of the tables under watch
 * (config/postgresql/row-history.sql). Only committed changes are in it.
 */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { recordCountsSchema } from './counts.js';
import { ROW_OPERATIONS } from './names.js';
import { fromLogSchema, sessionSchema } from './session.js';

/**
 * Values by column, as PostgreSQL writes them in JSON. A number that is not whole, or beyond 2^53, is a text: no digit of it
 * is lost in a reader.
 */
const valuesSchema = z.record(z.string(), z.json());
export type RowValues = DeepReadonly<z.infer<typeof valuesSchema>>;

/** Where in the history the row is: a server's system id and timeline, and the transaction's 64-bit number. */
const placeSchema = z.object({
  system: z.string().regex(/^\d+$/),
  timeline: z.int().positive(),
  transaction: z.string().regex(/^\d+$/),
});

export const rowSchema = z.object({
  kind: z.literal('row'),
  receivedAt: fromLogSchema.shape.receivedAt,
  database: fromLogSchema.shape.database,
  actor: fromLogSchema.shape.actor,
  row: placeSchema.extend({
    operation: z.enum(ROW_OPERATIONS),
    /** With its schema, quoted where PostgreSQL would. Of a partition: the table that it is part of. */
    table: z.string(),
    partition: z.string().exactOptional(),
    /** The values of its primary key before the change; `null` if the table has none. */
    key: valuesSchema.nullable(),
    /** Of an UPDATE: what changed. Of a DELETE: all; INSERT and TRUNCATE have none. */
    old: valuesSchema.exactOptional(),
    new: valuesSchema.exactOptional(),
    /** Columns that belong to `old` or `new`, and whose values are kept nowhere (`row_history.mask`). */
    masked: z.array(z.string()).exactOptional(),
    /** Columns whose values are not whole; `*`: none could be kept. */
    shortened: z.array(z.string()).exactOptional(),
    /** Of a TRUNCATE: how many rows the table had, as PostgreSQL estimates. */
    estimatedRows: z.number().exactOptional(),
    /** When the statement began (UTC). */
    statementAt: z.string(),
    /** The id of the statement that did it, if pgAudit logged it and it was shipped. */
    statement: z.string().exactOptional(),
    /** It was one of these: their times do not show which. */
    statements: z.array(z.string()).exactOptional(),
    /** What the session itself says of its user (`app.current_user`). */
    claimed: z.string().exactOptional(),
    /** How many secrets were redacted in the values; each shows as `<redacted>`. */
    redacted: z.number().exactOptional(),
    /** Key, old and new values, and the claim, as they were, as an age file in base64 (`redact.escrowTo`). In the archive only. */
    escrow: z.string().exactOptional(),
  }),
  session: sessionSchema.pick({ id: true, startedAt: true, pid: true, virtualTransactionId: true }),
});
export type RowFields = DeepReadonly<z.infer<typeof rowSchema>>;

/** How far a history was read: each committed row up to here. */
export const rowPositionSchema = placeSchema.extend({
  /** The row's uuid. */
  id: z.uuid(),
  database: z.object({ name: z.string(), oid: z.int().positive() }),
  /**
   * After a failover, a restore, or a change of the database: rows up to this transaction and uuid that changed before `since` (UTC) are not read again.
   */
  again: placeSchema
    .pick({ transaction: true })
    .extend({ id: z.uuid(), since: z.iso.datetime() })
    .exactOptional(),
  /** When it was read (UTC). */
  time: z.iso.datetime(),
});
export type RowPosition = DeepReadonly<z.infer<typeof rowPositionSchema>>;

/** In seals and the checkpoint: the position of one server's history, and what was read of it since the last seal. */
export const readRowsSchema = rowPositionSchema.extend({
  /** The server's instance, if it is another than that of the chain. */
  source: z.string().exactOptional(),
  records: recordCountsSchema,
});
export type ReadRows = DeepReadonly<z.infer<typeof readRowsSchema>>;
