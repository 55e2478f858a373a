/** The result of a look at a server: who is audited, and what somebody must fix. */

import { resolve } from 'node:path';
import { type FilterConfig, groupRoles } from '../../config/schema.js';
import type { RoleKind } from '../../database/audit-settings.js';
import type { ServerLook } from '../../database/look.js';
import { activeFile } from '../../database/population/active-file.js';
import { populationParts } from '../../database/population/parts.js';
import { populationOf } from '../../database/population/population.js';
import { type AuditProblem, problemsOf } from '../../database/population/problems.js';
import type { AuditRules } from '../../database/population/rules.js';
import type { LookResult } from '../../database/settings-watch.js';
import { type Sorted, sortRoles } from '../../decide/roles.js';
import type { Memberships } from '../../decide/users.js';
import { discover } from '../../read/files/discover.js';

export interface ServerLookResult extends LookResult {
  readonly problems: readonly AuditProblem[];
}

export interface ServerRules {
  /** `source.files` */
  readonly files: readonly string[];
  readonly filter: FilterConfig;
  readonly pgauditLogLevel: AuditRules['pgauditLogLevel'];
}

/** @param wasPerson knows who left a group of persons lately; `null` if no rule asks for memberships */
export async function evaluateServer(
  look: ServerLook,
  { files, filter, pgauditLogLevel }: ServerRules,
  wasPerson: Memberships['wasPerson'] | null = null,
): Promise<ServerLookResult> {
  // A person who leaves the group is reported at once, but is shipped for a while, and has to be audited as long.
  const sorted = await sortRoles(look.roles, filter);
  const shipped = wasPerson === null ? sorted : await sortRoles(look.roles, filter, wasPerson);
  const { classes, otherUsers } = filter;
  const population = await populationOf(look, shipped, { classes, otherUsers, pgauditLogLevel });
  const { files: listed } = await discover(files.map(pattern => resolve(pattern)));
  return {
    kinds: kindsOf(sorted),
    population: populationParts(population),
    unaudited: population.unaudited,
    problems: problemsOf(look, population, await activeFile(look, listed), groupRoles(filter)),
  };
}

function kindsOf(sorted: readonly Sorted[]): Record<string, RoleKind> {
  return Object.fromEntries(
    sorted.flatMap(({ role, kind }) =>
      kind === 'nobody' || kind === 'unknown' ? [] : [[role.name, kind] as const],
    ),
  );
}
