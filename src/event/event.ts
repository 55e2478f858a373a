/**
 * The audit event, version 1: its schema, from which all types are derived. Only this folder knows what an event is:
 * how it is made (`make.ts`) and how its line is laid out (`line.ts`). It imports `lib/` and nothing else.
 */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { alertSchema } from './alert.js';
import { failureSchema, statementSchema, suspectSchema, unauditedSchema } from './audit.js';
import { configSchema } from './config.js';
import { gapSchema } from './gap.js';
import { lifecycleSchema } from './lifecycle.js';
import { populationSchema } from './population.js';
import { rowSchema } from './row.js';
import { sealSchema } from './seal.js';

/** In every event. */
export const envelopeSchema = z.object({
  v: z.literal(1),
  chain: z.string(),
  seq: z.int().positive(),
  /** SHA-256 (hex) of the line before, without its newline. */
  previousHash: z.string(),
  /** `<instance>/<session id>/<session line>`, `<instance>/row/<uuid>`, or `<instance>/<chain>/<seq>` if the event is of neither. */
  id: z.string(),
  /** UTC with milliseconds. */
  time: z.string(),
  instance: z.string(),
  node: z.string(),
});
export type Envelope = DeepReadonly<z.infer<typeof envelopeSchema>>;

const whole = envelopeSchema.shape;

/** Any event, by its kind. */
export const eventSchema = z.discriminatedUnion('kind', [
  statementSchema.extend(whole),
  failureSchema.extend(whole),
  suspectSchema.extend(whole),
  gapSchema.extend(whole),
  lifecycleSchema.extend(whole),
  configSchema.extend(whole),
  unauditedSchema.extend(whole),
  populationSchema.extend(whole),
  alertSchema.extend(whole),
  rowSchema.extend(whole),
  sealSchema.extend(whole),
]);
export type AuditEvent = DeepReadonly<z.infer<typeof eventSchema>>;
export type EventKind = AuditEvent['kind'];

/** An event without its place in the chain. If it is not of one record, it has no `id` of its own. */
export type NewEvent = WithoutPlace<AuditEvent>;
type WithoutPlace<Event extends AuditEvent> = Event extends AuditEvent
  ? Omit<Event, 'v' | 'chain' | 'seq' | 'previousHash' | 'id'> & { readonly id?: string }
  : never;
