/** What a rule of `detect` raised (kind `alert`). */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { ALERT_SEVERITIES } from './names.js';
import { actorSchema, fromLogSchema } from './session.js';

export const alertSchema = z.object({
  kind: z.literal('alert'),
  receivedAt: fromLogSchema.shape.receivedAt,
  /** Of the event that completed it; absent if that has none. */
  database: fromLogSchema.shape.database.exactOptional(),
  actor: actorSchema.exactOptional(),
  alert: z.object({
    /** A rule's name in the configuration. */
    rule: z.string(),
    severity: z.enum(ALERT_SEVERITIES),
    /** One sentence without anything that a client wrote. */
    why: z.string(),
    /** The events that it rests on, the one that completed it last; of a count, the first and the last one. */
    ids: z.array(z.string()).min(1),
  }),
});
export type AlertFields = DeepReadonly<z.infer<typeof alertSchema>>;
