/** What a look at a server comes to: who is audited, and what somebody must see to. */

import type { FilterConfig } from '../config/schema.js';
import type { RoleKind } from '../database/audit-settings.js';
import type { ServerLook } from '../database/look.js';
import type { Judged } from '../database/settings-watch.js';
import { populationParts } from './parts.js';
import { type Sorted, sortRoles } from './people.js';
import { populationOf } from './population.js';
import { type AuditProblem, problemsOf } from './problems.js';
import type { AuditRules } from './rules.js';

export interface JudgedServer extends Judged {
  readonly problems: readonly AuditProblem[];
}

export interface ServerRules {
  readonly filter: FilterConfig;
  readonly pgauditLogLevel: AuditRules['pgauditLogLevel'];
}

export async function judgeServer(
  look: ServerLook,
  { filter, pgauditLogLevel }: ServerRules,
): Promise<JudgedServer> {
  const sorted = await sortRoles(look.roles, filter);
  const { classes, otherUsers } = filter;
  const population = await populationOf(look, sorted, { classes, otherUsers, pgauditLogLevel });
  return {
    kinds: kindsOf(sorted),
    population: populationParts(population),
    unaudited: population.unaudited,
    problems: problemsOf(look, population),
  };
}

function kindsOf(sorted: readonly Sorted[]): Record<string, RoleKind> {
  return Object.fromEntries(
    sorted.flatMap(({ role, kind }) =>
      kind === 'nobody' || kind === 'unknown' ? [] : [[role.name, kind] as const],
    ),
  );
}
