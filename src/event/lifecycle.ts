/** The first and the last event of a run (kind `lifecycle`), and how its chain began. */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { NEW_CHAIN_REASONS, type NewChainReason } from './names.js';

/** Where a chain ended: its last event in the archive, and the SHA-256 (hex) of that line. */
const previousChainSchema = z.object({
  chain: z.string(),
  seq: z.int().nonnegative(),
  hash: z.string(),
});
export type PreviousChain = DeepReadonly<z.infer<typeof previousChainSchema>>;

/** Why a chain begins, and which one came before it, if the archive says. */
export interface NewChain {
  readonly reason: NewChainReason;
  readonly previousChain?: PreviousChain;
}

export const lifecycleSchema = z.object({
  kind: z.literal('lifecycle'),
  lifecycle: z.object({
    /** `found`, `retired`: one of several servers, whose instance the event has, is expected from now on, or no longer. */
    action: z.enum(['started', 'stopped', 'found', 'retired']),
    version: z.string(),
    /** Present if this start began a new chain, with the reason. */
    newChain: z.boolean().exactOptional(),
    reason: z.enum(NEW_CHAIN_REASONS).exactOptional(),
    /** True if the state folder was lost, and the chain continues from the newest seal in the archive. */
    takenUpFromArchive: z.boolean().exactOptional(),
    /** The servers whose logs this daemon reads, if there are several: each is expected from now on. */
    servers: z.array(z.string()).exactOptional(),
    /** Of a new chain: where the one before it ended, if the archive says. */
    previousChain: previousChainSchema.exactOptional(),
    /** Nothing is expected after this stop (`run --once --retire`). */
    retired: z.literal(true).exactOptional(),
  }),
});
export type LifecycleFields = DeepReadonly<z.infer<typeof lifecycleSchema>>;
