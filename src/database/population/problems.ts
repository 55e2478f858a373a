/** Problems that a look at the server finds: without names, since the status page shows them. */

import { identifier, some } from '../../lib/sql/compose.js';
import type { ServerLook } from '../look.js';
import { type ActiveFile, nameActive } from './active-file.js';
import type { Population } from './population.js';
import { collectorOff, noCsvlog, notLoaded, type ServerFault, takenAway } from './server.js';

/** Those of the daemon's problem codes that a look at the server can find. */
export type AuditProblemCode =
  | 'pgaudit-not-loaded'
  | 'pgauditlogtofile'
  | 'log-format'
  | 'log-elsewhere'
  | 'group-missing'
  | 'not-audited'
  | 'audited-in-part';

export interface AuditProblem {
  readonly code: AuditProblemCode;
  readonly what: string;
  readonly fix: string;
}

const WHOM =
  'the newest population or config event in the archive names them; `pgaudit-shipper check` says where it is set, with the SQL that fixes it';
/** Faults that are shown. */
const MOST_FAULTS = 3;

/** @param groups the group roles that the filter's rules name */
export function problemsOf(
  look: ServerLook,
  population: Population,
  active: ActiveFile | null,
  groups: readonly string[] = [],
): AuditProblem[] {
  const { persons, unaudited, lost, lacking } = population;
  return [
    ofServer('pgaudit-not-loaded', notLoaded(look)),
    ofServer('pgauditlogtofile', takenAway(look)),
    ofServer('log-format', collectorOff(look) ?? noCsvlog(look)),
    active?.state === 'unmatched' ? elsewhere(active) : null,
    groupMissing(look, groups),
    unaudited.count === 0
      ? null
      : toProblem(
          'not-audited',
          `${unaudited.count} of ${persons} persons are not audited as filter.classes requires`,
          lost,
        ),
    lacking.length === 0
      ? null
      : toProblem('audited-in-part', "some persons' records are incomplete", lacking),
  ].filter(problem => problem !== null);
}

/** Dropped, or renamed: whoever is in it is not known by the rule any more. */
function groupMissing({ roles }: ServerLook, groups: readonly string[]): AuditProblem | null {
  const names = new Set(roles.map(({ name }) => name));
  const missing = [...new Set(groups)].filter(group => !names.has(group));
  const [first] = missing;
  if (first === undefined) return null;
  return {
    code: 'group-missing',
    what: `${some(
      missing.map(group => `memberOf:${group}`),
      MOST_FAULTS,
    )}: the server has no such role, so the rule matches nobody new`,
    fix: `name the group as it is called now in filter, or CREATE ROLE ${identifier(first)} NOLOGIN; and GRANT it to its members`,
  };
}

function elsewhere(active: ActiveFile): AuditProblem {
  const what = `${active.path} is the file the server writes now, but source.files does not match it: it is not read`;
  return { code: 'log-elsewhere', what, fix: nameActive(active) };
}

function ofServer(code: AuditProblemCode, fault: ServerFault | null): AuditProblem | null {
  if (fault === null) return null;
  return { code, what: `${fault.setting}: ${fault.detail}: ${fault.why}`, fix: fault.fix };
}

function toProblem(code: AuditProblemCode, what: string, faults: readonly string[]): AuditProblem {
  return { code, what: `${what} (${some(faults, MOST_FAULTS)})`, fix: WHOM };
}
