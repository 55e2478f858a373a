/** The answer of the process for large records. That process imports only the type: it does without the library. */

import { z } from 'zod';
import { ROLLBACKS } from '../../audit/transaction-control.js';
import { AUDIT_CLASSES, SUSPECT_REASONS } from '../../event/names.js';

const audit = z.object({
  type: z.enum(['SESSION', 'OBJECT']),
  statementId: z.number(),
  substatementId: z.number(),
  class: z.enum(AUDIT_CLASSES),
  command: z.string(),
  objectType: z.string().nullable(),
  objectName: z.string().nullable(),
  rows: z.number().nullable(),
  redacted: z.number().exactOptional(),
});

/** A statement, whose second text is its parameters; or a suspect, with its message. */
export const answerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('audit'),
    audit,
    isPreviouslyLogged: z.boolean(),
    hasStatement: z.boolean(),
    /** `null` if they were not logged. */
    parameters: z.number().nullable(),
    control: z.object({ rollback: z.enum(ROLLBACKS).nullable(), names: z.array(z.string()).readonly() }),
    claims: z.array(z.string()),
    isSensitive: z.boolean(),
    mayWrite: z.boolean(),
  }),
  z.object({
    kind: z.literal('suspect'),
    /** `null` if the question already said that it is one. */
    reason: z.enum(SUSPECT_REASONS).nullable(),
    redacted: z.number(),
  }),
]);
export type Answer = z.infer<typeof answerSchema>;
