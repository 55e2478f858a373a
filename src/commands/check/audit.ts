/** Whether pgAudit logs everything that the filter ships, for every person in every database. */

import type { SourceConfig } from '../../config/schema.js';
import {
  describeOrigin,
  deviations,
  fixOrigin,
  isOn,
  type Person,
  serverValue,
} from '../../database/population/effective.js';
import {
  ALL_CLASSES,
  isHiddenWrite,
  isShortened,
  loggedClasses,
  missingClasses,
} from '../../database/population/rules.js';
import { notLoaded, takenAway } from '../../database/population/server.js';
import type { Snapshot } from '../../database/snapshot.js';
import type { AuditClass } from '../../event/names.js';
import { identifier, some } from '../../lib/sql/compose.js';
import { type Finding, failure, ofServer, ok, warning } from './finding.js';
import { levelFindings } from './levels.js';

/** pgAudit's own settings. */
export function auditFindings(
  server: Snapshot,
  persons: readonly Person[],
  { filter, pgauditLogLevel }: SourceConfig,
): Finding[] {
  const missing = notLoaded(server);
  if (missing !== null) return [ofServer(missing)];
  const elsewhere = takenAway(server);
  const ofRules = RULES.flatMap(rule => ruleFindings(rule, server, persons));
  const findings = [
    ...(elsewhere === null ? [] : [ofServer(elsewhere)]),
    ...classFindings(server, persons, filter.classes),
    ...relationFindings(server, persons, filter.classes),
    ...ofRules,
    ...levelFindings(server, persons, pgauditLogLevel),
    ...roleFindings(server, persons),
    ...hiddenFindings(server),
    unseenFinding(),
  ];
  return [
    ok('pgaudit', `loaded; pgaudit.log is ${serverValue(server, 'pgaudit.log') ?? 'hidden'}`),
    ...findings,
  ];
}

function classFindings(
  server: Snapshot,
  persons: readonly Person[],
  classes: readonly AuditClass[],
): Finding[] {
  const missingIn = (value: string): AuditClass[] => missingClasses(value, classes);
  const isFine = (value: string): boolean => missingIn(value).length === 0;
  const own = serverValue(server, 'pgaudit.log');
  return deviations(server, 'pgaudit.log', persons, isFine).map(({ origin, value, persons: who }) => {
    const wanted = wantedClasses(origin.isOverride ? value : (own ?? ''), classes);
    return failure(
      'pgaudit.log',
      `${value || 'nothing'} ${describeOrigin(origin)}: ${missingIn(value).join(', ')} of ${nameAll(who)} is not audited`,
      'filter.classes ships it, but it is never logged',
      fixOrigin('pgaudit.log', origin, wanted, own !== null && isFine(own)),
    );
  });
}

function wantedClasses(value: string, classes: readonly string[]): string {
  const logged = [...loggedClasses(value)].filter(name => ALL_CLASSES.includes(name));
  return [...new Set([...classes, ...logged])].map(name => name.toLowerCase()).join(', ');
}

function nameAll(persons: readonly Person[]): string {
  const named = persons.filter(person => person !== null).map(identifier);
  return named.length === 0 ? 'every new person' : some(named);
}

interface Rule {
  readonly setting: string;
  readonly wanted: string;
  readonly status: 'warning' | 'failure';
  readonly why: string;
  readonly isFine?: (value: string) => boolean;
}

const RULES: readonly Rule[] = [
  {
    setting: 'pgaudit.log_parameter',
    wanted: 'on',
    status: 'failure',
    why: 'the parameter values of statements are not logged',
  },
  {
    setting: 'pgaudit.log_statement',
    wanted: 'on',
    status: 'failure',
    why: 'the statements themselves are not logged',
  },
  {
    setting: 'pgaudit.log_statement_once',
    wanted: 'off',
    status: 'warning',
    why: 'only the first of several records has the text; the shipper adds it to the others if it has read the first',
  },
  {
    setting: 'pgaudit.log_rows',
    wanted: 'off',
    status: 'warning',
    why: 'if on, pgAudit logs a statement after it has ended, and a failed statement never',
  },
  {
    setting: 'pgaudit.log_client',
    wanted: 'off',
    status: 'warning',
    why: 'if on, clients see what is audited, and pgaudit.log_level decides whether the records reach the log',
  },
  {
    setting: 'pgaudit.log_catalog',
    wanted: 'on',
    status: 'failure',
    why: 'changes of the system catalogs are not logged',
  },
  {
    setting: 'pgaudit.log_parameter_max_size',
    wanted: '0',
    status: 'failure',
    why: 'longer parameters are not logged',
    isFine: value => !isShortened(value),
  },
];

function ruleFindings(rule: Rule, server: Snapshot, persons: readonly Person[]): Finding[] {
  const { setting, wanted, status, why } = rule;
  const { isFine = (value: string) => isOn(value) === isOn(wanted) } = rule;
  const own = serverValue(server, setting);
  const found = deviations(server, setting, persons, isFine);
  return found.map(({ origin, value }) => ({
    what: setting,
    status,
    detail: `${value} ${describeOrigin(origin)}`,
    why,
    fix: fixOrigin(setting, origin, wanted, own !== null && isFine(own)),
  }));
}

/** If such writes are in the log at all, the shipper recognizes those that pgAudit logs under another class. */
function relationFindings(
  server: Snapshot,
  persons: readonly Person[],
  classes: readonly AuditClass[],
): Finding[] {
  const setting = 'pgaudit.log_relation';
  const own = serverValue(server, setting);
  const isHidden = (value: string): boolean => isHiddenWrite(value, classes);
  return deviations(server, setting, persons, isOn).map(({ origin, value, persons: who }) => {
    const unseen = deviations(server, 'pgaudit.log', who, one => !isHidden(one)).flatMap(one => one.persons);
    const detail = `${value} ${describeOrigin(origin)}`;
    const fix = fixOrigin(setting, origin, 'on', own !== null && isOn(own));
    if (unseen.length === 0)
      return warning(
        setting,
        detail,
        'events name only the tables that the parser finds in the statement',
        fix,
      );
    return failure(
      setting,
      `${detail}: MERGE, and WITH that changes rows under a SELECT, of ${nameAll(unseen)} are not audited`,
      'pgAudit logs them as MISC and READ, which pgaudit.log does not include',
      fix,
    );
  });
}

/** What pgAudit never shows as a change, whatever its settings are. */
function unseenFinding(): Finding {
  return ok(
    'not audited',
    'what a function with SECURITY DEFINER does; large objects (lo_*), setval, nextval, dblink_exec and cron.schedule inside SELECT, which are READ, FUNCTION or nothing to pgAudit; what replication applies; a SET of pgaudit.log by a superuser',
  );
}

/** `pgaudit.role`: what is granted to it is audited as well, whatever pgaudit.log says. */
function roleFindings(server: Snapshot, persons: readonly Person[]): Finding[] {
  const names = new Set(server.roles.map(({ name }) => name));
  const isFine = (value: string): boolean => value === '' || names.has(value);
  const lost = deviations(server, 'pgaudit.role', persons, isFine).map(({ origin, value }) =>
    warning(
      'pgaudit.role',
      `${identifier(value)} ${describeOrigin(origin)} does not exist`,
      'the intended object auditing does not happen',
      `CREATE ROLE ${identifier(value)} NOLOGIN; or ${fixOrigin('pgaudit.role', origin, '', false)}`,
    ),
  );
  const role = serverValue(server, 'pgaudit.role') ?? '';
  if (role === '' || !names.has(role)) return lost;
  return [
    ...lost,
    ok('pgaudit.role', `${identifier(role)}: what is granted to it is audited as OBJECT, too`),
  ];
}

/** Settings of pgAudit that the shipper's own role overrides for itself. */
function hiddenFindings({ settings, overrides, user }: Snapshot): Finding[] {
  // If the setting is set for all roles, the server's own value applies to nobody.
  const isForAll = (name: string): boolean =>
    overrides.some(({ setting, role, database }) => setting === name && role === null && database === null);
  const hidden = [...settings.values()].filter(
    ({ name, value }) => name.startsWith('pgaudit.') && value === null && !isForAll(name),
  );
  if (hidden.length === 0) return [];
  const names = hidden.map(({ name }) => name);
  return [
    warning(
      'pgaudit',
      `the server's own ${some(names)} cannot be seen`,
      'overrides of the role that check connects as hide it; only the overrides of others were checked',
      names.map(name => `ALTER ROLE ${identifier(user)} RESET ${name};`).join(' '),
    ),
  ];
}
