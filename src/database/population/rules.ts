/**
 * What pgAudit's settings must be so that everything the filter ships reaches the log: `check` and the daemon share the
 * rules.
 */

import type { AuditClass } from '../../event/names.js';
import { isOn } from './effective.js';

export interface AuditRules {
  /** `filter.classes` */
  readonly classes: readonly AuditClass[];
  /** `source.pgauditLogLevel` */
  readonly pgauditLogLevel: 'log' | 'warning';
}

/** The value of a setting for one person in one database; `null` if the server does not show it. */
export type ReadSetting = (setting: string) => string | null;

/** Why not everything is logged. */
export interface AuditFault {
  /** Text without names of roles and databases. */
  readonly words: string;
  /** As far as can be seen, a whole class is missing in the log; else the records are there, but incomplete. */
  readonly isLost: boolean;
}

/** The settings that `faultsOf` reads. */
export const AUDIT_SETTINGS = [
  'pgaudit.log',
  'pgaudit.log_catalog',
  'pgaudit.log_client',
  'pgaudit.log_level',
  'pgaudit.log_parameter',
  'pgaudit.log_parameter_max_size',
  'pgaudit.log_relation',
  'pgaudit.log_statement',
  'log_min_messages',
];

/** The faults for one person in one database. To be called only if pgAudit is loaded. */
export function faultsOf(read: ReadSetting, { classes, pgauditLogLevel }: AuditRules): AuditFault[] {
  const log = read('pgaudit.log');
  if (log === null) return [unseen('pgaudit.log')];
  const missing = missingClasses(log, classes);
  const found: (AuditFault | null)[] = [
    missing.length === 0 ? null : lost(`pgaudit.log ${shown(log)}: ${missing.join(', ')} not audited`),
    ...levelFaults(read, pgauditLogLevel),
    isHiddenWrite(log, classes) && isOff(read('pgaudit.log_relation'))
      ? {
          words: 'pgaudit.log_relation off: MERGE, and WITH that changes rows under a SELECT, not audited',
          isLost: false,
        }
      : null,
    ...PARTS.map(({ setting, words }) =>
      isOff(read(setting)) ? { words: `${setting} off: ${words}`, isLost: false } : null,
    ),
    isShortened(read(MAX_SIZE))
      ? { words: `${MAX_SIZE}: longer parameters are not logged`, isLost: false }
      : null,
  ];
  return found.filter(fault => fault !== null);
}

const PARTS = [
  { setting: 'pgaudit.log_catalog', words: 'changes of the system catalogs are not logged' },
  { setting: 'pgaudit.log_statement', words: 'the statements themselves are not logged' },
  { setting: 'pgaudit.log_parameter', words: 'the parameters are not logged' },
];

const MAX_SIZE = 'pgaudit.log_parameter_max_size';

/** Whether parameters over some size are left out; 0 means none (pgaudit.c). Older versions of pgAudit lack the setting. */
export function isShortened(maxSize: string | null): boolean {
  return maxSize !== null && Number.parseInt(maxSize, 10) !== 0;
}

/** `pgaudit.log_level` counts only if `pgaudit.log_client` is on (pgaudit.c, log_audit_event). */
function levelFaults(read: ReadSetting, expected: AuditRules['pgauditLogLevel']): (AuditFault | null)[] {
  const least = read('log_min_messages');
  if (least === null) return [unseen('log_min_messages')];
  const client = read('pgaudit.log_client');
  const level = client !== null && isOn(client) ? (read('pgaudit.log_level') ?? 'log') : 'log';
  if (!passes(level, least))
    return [lost(`log_min_messages ${shown(least)}: records of level ${shown(level)} do not reach the log`)];
  const isMistaken = level.toLowerCase() === 'warning' && expected === 'log';
  return [
    isMistaken
      ? { words: 'pgaudit.log_level warning: records are shipped as suspects', isLost: false }
      : null,
  ];
}

function lost(words: string): AuditFault {
  return { words, isLost: true };
}

/** What nobody can see does not count as fine. */
function unseen(setting: string): AuditFault {
  return lost(`the server's own ${setting} cannot be seen: it is unknown whether everything is audited`);
}

/** Values come from the server, and may have any length. */
const LONGEST_VALUE = 100;

function shown(value: string): string {
  return value.slice(0, LONGEST_VALUE) || 'empty';
}

function isOff(value: string | null): boolean {
  return value !== null && !isOn(value);
}

/** The classes in a value of `pgaudit.log` (pgaudit.c, check_pgaudit_log): each name adds, each with `-` removes. */
export function loggedClasses(value: string): ReadonlySet<string> {
  const classes = new Set<string>();
  for (const word of value
    .toUpperCase()
    .split(',')
    .map(part => part.trim().replaceAll('"', ''))) {
    const name = word.replace(/^-/, '');
    const meant = name === 'ALL' ? ALL_CLASSES : [name];
    for (const one of meant) {
      if (word.startsWith('-')) classes.delete(one);
      else classes.add(one);
    }
  }
  return classes;
}

export const ALL_CLASSES: readonly string[] = [
  'READ',
  'WRITE',
  'FUNCTION',
  'ROLE',
  'DDL',
  'MISC',
  'MISC_SET',
];

/** The shipped classes that this `pgaudit.log` does not include. */
export function missingClasses(log: string, classes: readonly AuditClass[]): AuditClass[] {
  const logged = loggedClasses(log);
  return classes.filter(one => !logged.has(one));
}

/**
 * Without `pgaudit.log_relation`, pgAudit logs MERGE as MISC, and a WITH that changes rows under a SELECT as READ:
 * whether this `pgaudit.log` excludes them although writes are shipped.
 */
export function isHiddenWrite(log: string, shipped: readonly AuditClass[]): boolean {
  const classes = loggedClasses(log);
  return shipped.includes('WRITE') && (!classes.has('READ') || !classes.has('MISC'));
}

/** From the lowest to the highest; LOG is between ERROR and FATAL (elog.c, is_log_level_output). */
const LEVELS = ['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'info', 'notice', 'warning', 'error'];

/**
 * Whether messages of pgAudit, or errors, in a client's session pass `log_min_messages`. Since PostgreSQL 19 that may
 * be a list by backend type (`fatal, backend:warning`): the level for `backend` counts, else the one without a type.
 */
export function passes(level: string, least: string): boolean {
  const entries = least.split(',').map(entry => entry.trim().toLowerCase());
  const ofBackends = entries
    .find(entry => entry.startsWith('backend:'))
    ?.slice('backend:'.length)
    .trim();
  const bare = ofBackends ?? entries.find(entry => !entry.includes(':')) ?? 'warning';
  const [of, from] = [level.toLowerCase(), bare].map(name => name.replace(/^debug$/, 'debug2'));
  if (of === undefined || from === undefined) return false;
  if (of === 'log') return from === 'log' || LEVELS.includes(from);
  return LEVELS.includes(from) && LEVELS.indexOf(of) >= LEVELS.indexOf(from);
}
