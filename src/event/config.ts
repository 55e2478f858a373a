/** The event that says what changed of what is audited or shipped (kind `config`). */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { unauditedRolesSchema } from './population.js';

/** One change; `null`: it is not set, or was not. Names and values of settings only, never SQL. */
const changeSchema = z.object({
  /**
   * `setting`: the server's, or with `role` or `database` an override of it. `library`: pgAudit itself, `loaded` or
   * not. `escrow`: to whom originals of redacted texts are encrypted. `role`: what the filter takes a login role for,
   * by its present memberships: `person`, `service` or `other`. `key`: the one that signs the seals, by its fingerprint.
   * `format`: of the log that is read. `rows`: of a table under watch, or its partition: `watched`, or why its triggers do
   * not record; of `services`: whose rows they do not record; of `functions`: their digest.
   */
  what: z.enum(['setting', 'library', 'role', 'escrow', 'key', 'format', 'rows']),
  /** Of the setting, the library or the role. */
  name: z.string(),
  /** Whose override; neither for `ALTER ROLE ALL`, which `isOverride` sets apart from the server's own value. */
  role: z.string().exactOptional(),
  database: z.string().exactOptional(),
  isOverride: z.literal(true).exactOptional(),
  before: z.string().nullable(),
  after: z.string().nullable(),
});
export type AuditChange = DeepReadonly<z.infer<typeof changeSchema>>;

export const configSchema = z.object({
  kind: z.literal('config'),
  config: z.object({
    /** When the settings were last seen as before (UTC): they may have changed at any time since. */
    since: z.iso.datetime(),
    changes: z.array(changeSchema),
    /** After these changes. */
    unaudited: unauditedRolesSchema.exactOptional(),
  }),
});
export type ConfigFields = DeepReadonly<z.infer<typeof configSchema>>;
