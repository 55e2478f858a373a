/** The event that says who could log in to a server, and what pgAudit logs of them (kind `population`). */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';

/** Who is not audited as `filter.classes` asks for, of all persons. */
export const unauditedRolesSchema = z.object({
  count: z.int().nonnegative(),
  /** The first 100 of them, in their order. */
  names: z.array(z.string()),
});
export type UnauditedRoles = DeepReadonly<z.infer<typeof unauditedRolesSchema>>;

/** Persons with the same audit state: in each database that they may connect to. */
const groupSchema = z.object({
  roles: z.array(z.string()),
  databases: z.array(
    z.object({
      databases: z.array(z.string()),
      /** `pgaudit.log` as it counts there; `null` if pgAudit is not loaded. */
      log: z.string().nullable(),
      /** Whether all of `filter.classes` reaches the log, as far as the catalogs show. */
      isAudited: z.boolean(),
      /** What is wrong, by the rules of `check`. A fault may concern only a part, such as the parameters. */
      faults: z.array(z.string()),
    }),
  ),
});
export type PopulationGroup = DeepReadonly<z.infer<typeof groupSchema>>;

/** Written daily, and at a start if the population is not as before. */
export const populationSchema = z.object({
  kind: z.literal('population'),
  population: z.object({
    /** From 0; a large population takes several events. */
    part: z.object({ index: z.number(), total: z.number() }),
    /** PostgreSQL's version, and pgAudit's; `null` if it is not loaded. */
    server: z.object({ version: z.string(), pgaudit: z.string().nullable() }),
    databases: z.number(),
    persons: z.number(),
    services: z.number(),
    others: z.number(),
    groups: z.array(groupSchema),
    unaudited: unauditedRolesSchema,
    /** Persons and others who may turn auditing off, or forge what it says, and by what. */
    mayTurnOff: z.array(z.object({ role: z.string(), by: z.array(z.string()) })),
  }),
});
export type PopulationFields = DeepReadonly<z.infer<typeof populationSchema>>;
