/** What persons did: a statement, what came of it, and what only looks like one. */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { AUDIT_CLASSES, SUSPECT_REASONS } from './names.js';
import { fromLogSchema } from './session.js';

const auditClass = z.enum(AUDIT_CLASSES);
/** How many secrets were redacted in the texts; each shows as `<redacted>`. */
const redacted = z.number().exactOptional();
/** The text as it was, as an age file in base64 (`redact.escrowTo`). In the archive only. */
const escrow = z.string().exactOptional();

/** What pgAudit says about one statement. */
const auditSchema = z.object({
  type: z.enum(['SESSION', 'OBJECT']),
  statementId: z.number(),
  substatementId: z.number(),
  class: auditClass,
  command: z.string(),
  objectType: z.string().nullable(),
  objectName: z.string().nullable(),
  /** `null` if it was not logged; then `statementMissing` may say why. */
  statement: z.string().nullable(),
  /** `[]` if the statement has none, `null` if they were not logged. */
  parameters: z.array(z.string()).nullable(),
  /** Rows retrieved or changed (`pgaudit.log_rows`). */
  rows: z.number().nullable(),
  statementMissing: z.literal('previously-logged').exactOptional(),
  /** It touches what is audited or logged: settings of pgAudit or of the log, or the extension. */
  sensitive: z.literal(true).exactOptional(),
  redacted,
  escrow,
  /** The relations that a WRITE changes, as pgAudit or the statement names them; absent if unknown. */
  objects: z.array(z.string()).exactOptional(),
  /**
   * Who named them: pgAudit (`pgaudit.log_relation`), or PostgreSQL's parser, which knows no search_path. `ambiguous`: by
   * the parser, from a text that holds several such statements or whose quotes the server may have read otherwise.
   */
  objectsFrom: z.enum(['pgaudit', 'parsed', 'ambiguous']).exactOptional(),
  /** PostgreSQL's parser found that it writes; pgAudit filed it under `loggedClass`. */
  classFrom: z.literal('parsed').exactOptional(),
  loggedClass: auditClass.exactOptional(),
});
export type Audit = DeepReadonly<z.infer<typeof auditSchema>>;

export const statementSchema = fromLogSchema.extend({ kind: z.literal('statement'), audit: auditSchema });
export type StatementFields = DeepReadonly<z.infer<typeof statementSchema>>;

/** A record that looks like pgAudit's and is not: somebody may be forging the trail. */
export const suspectSchema = fromLogSchema.extend({
  kind: z.literal('suspect'),
  suspect: z.object({ reason: z.enum(SUSPECT_REASONS), message: z.string(), redacted, escrow }),
});
export type SuspectFields = DeepReadonly<z.infer<typeof suspectSchema>>;

/** Shipped statements were undone, or succeeded after all. */
export const failureSchema = fromLogSchema.extend({
  kind: z.literal('failure'),
  failure: z.object({
    /** The id of the latest statement of that transaction that was shipped. */
    statement: z.string(),
    /** Of the error; `null` if there was none. Its message may hold content, and is not shipped. */
    sqlState: z.string().nullable(),
    /**
     * `failed`: the transaction raised an error; `undone`: it was rolled back, or its session ended inside of it;
     * `caught`: a savepoint caught the error of an earlier `failed`, and the transaction continued. Version 0.1 had none.
     */
    outcome: z.enum(['failed', 'undone', 'caught']).exactOptional(),
    /** The session ended inside a transaction, and the log does not say whether the statement was part of it. */
    certain: z.literal(false).exactOptional(),
  }),
});
export type FailureFields = DeepReadonly<z.infer<typeof failureSchema>>;

/** A person's change that the server logged (`log_statement`, durations) and pgAudit did not. */
export const unauditedSchema = fromLogSchema.extend({
  kind: z.literal('unaudited'),
  unaudited: z.object({
    /** By PostgreSQL's parser. */
    class: auditClass,
    /** The first bytes of what the server logged; secrets are redacted. */
    statement: z.string(),
    /** The text was longer. */
    isCut: z.literal(true).exactOptional(),
    redacted,
    escrow,
    /** How many statement ids were expected of pgAudit, and how many came. */
    expected: z.number(),
    audited: z.number(),
  }),
});
export type UnauditedFields = DeepReadonly<z.infer<typeof unauditedSchema>>;
