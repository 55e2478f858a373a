/** The answer of the process for large records. That process imports only the type: it does without the library. */

import { z } from 'zod';
import { ROLLBACKS } from '../../audit/transaction-control.js';
import { statementSchema } from '../../event/audit.js';
import { SUSPECT_REASONS } from '../../event/names.js';

const { audit } = statementSchema.shape;
/** All but the texts, and what follows from them. */
const OF_AUDIT = {
  ...({ type: true, statementId: true, substatementId: true, class: true, command: true } as const),
  ...({ objectType: true, objectName: true, rows: true, redacted: true } as const),
};

/** A statement, whose second text is its parameters; or a suspect, with its message. */
export const answerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('audit'),
    audit: audit.pick(OF_AUDIT),
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
