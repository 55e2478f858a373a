/** What a text's statements do that is rarely right: give rights, turn auditing off, reach the server's files. */

import { AUDITING } from '../lib/auditing.ts';
import { isAnalyzed } from './bounds.ts';
import { isObject, STORED } from './tree.ts';

/**
 * `predefined`: membership in a pg_* role or one that a provider made a superuser; `public`: a GRANT to everybody;
 * `setting`: a setting of pgAudit or of the log; `disabled`: pgAudit itself dropped or switched off; `owned`: DROP OWNED; `language`: code in a
 * language that can do all that the server's own user can.
 */
export type Sign =
  | ('superuser' | 'createrole' | 'bypassrls' | 'replication' | 'predefined' | 'public' | 'policy')
  | ('setting' | 'disabled' | 'owned')
  | ('program' | 'file' | 'language');

type Node = Readonly<Record<string, unknown>>;

const ROLE_OPTIONS = new Map<unknown, Sign>([
  ['superuser', 'superuser'],
  ['createrole', 'createrole'],
  ['bypassrls', 'bypassrls'],
  ['isreplication', 'replication'],
]);
const PREDEFINED = /^(?:pg_|cloudsqlsuperuser$|rds_|azure_pg_admin$|alloydbsuperuser$)/;
/** PostgreSQL's own that are not trusted, and those whose names say so: a `u` at the end. */
const UNTRUSTED = /^(?:c|internal|pl[a-z0-9_]{1,60}u)$/i;
const ROW_SECURITY = ['AT_DisableRowSecurity', 'AT_NoForceRowSecurity'];
/** Functions that read, write or list files of the server, with those of the extension adminpack. */
const FILE_FUNCTIONS =
  /^(?:pg_read_(?:binary_)?file|pg_ls_[a-z_]{0,40}dir|pg_logdir_ls|pg_stat_file|pg_file_(?:write|rename|unlink|sync)|pg_current_logfile|lo_(?:import|export))$/;

/** What each kind of node says; those without an entry say nothing. */
const KINDS: Readonly<Record<string, (node: Node) => (Sign | null)[]>> = {
  CreateRoleStmt: ({ options }) => definitions(options).flatMap(roleOption),
  AlterRoleStmt: ({ options, role, action }) => [
    ...definitions(options).flatMap(roleOption),
    // ALTER GROUP … DROP USER has another action.
    action === 1 && names(options, 'rolemembers').length > 0 ? predefined([text(role, 'rolename')]) : null,
  ],
  GrantRoleStmt: ({ is_grant, granted_roles }) => [
    is_grant === true ? predefined(inner(granted_roles, 'AccessPriv').map(one => one.priv_name)) : null,
  ],
  GrantStmt: ofGrant,
  AlterDefaultPrivilegesStmt: ({ action }) => (isObject(action) ? ofGrant(action) : []),
  DropStmt: ofDrop,
  DropOwnedStmt: () => ['owned'],
  AlterTableCmd: ({ subtype, def }) => [
    ROW_SECURITY.includes(String(subtype)) ? 'policy' : null,
    // ALTER FOREIGN TABLE … OPTIONS (SET filename '…').
    ...(subtype === 'AT_GenericOptions' && isObject(def) && isObject(def.List)
      ? ofForeign(def.List.items)
      : []),
  ],
  AlterPolicyStmt: () => ['policy'],
  VariableSetStmt: ({ name }) => [setting(name)],
  setstmt: ({ name, kind }) => [kind === 'VAR_RESET_ALL' ? 'setting' : setting(name)],
  // ENABLE REPLICA: it does not fire in sessions of persons.
  AlterEventTrigStmt: ({ trigname, tgenabled }) => [
    AUDITING.test(String(trigname)) && (tgenabled === 'D' || tgenabled === 'R') ? 'disabled' : null,
  ],
  FuncCall: ofCall,
  CopyStmt: ({ filename, is_program }) => [
    typeof filename === 'string' ? (is_program === true ? 'program' : 'file') : null,
  ],
  CreateForeignTableStmt: ({ options }) => ofForeign(options),
  CreateFunctionStmt: ({ options }) => [untrusted(language(options))],
  DoStmt: ({ args }) => [untrusted(language(args))],
  CreatePLangStmt: ({ plname, pltrusted }) => [pltrusted === true ? null : untrusted(plname)],
  CreateExtensionStmt: ({ extname }) => [untrusted(extname)],
};

/**
 * Each sign once, of all statements of a text. Uses a work list instead of recursion: a tree may be tens of thousands of
 * levels deep.
 *
 * @param tree libpg_query's JSON, as for `changesIn`
 */
export function signsIn(tree: unknown): Sign[] {
  const found = new Set<Sign>();
  const rest: unknown[] = [tree];
  while (rest.length > 0) {
    const node = rest.pop();
    if (Array.isArray(node)) for (const item of node) rest.push(item);
    else if (isObject(node))
      for (const [kind, value] of Object.entries(node)) {
        if (kind === 'ExplainStmt' && !isAnalyzed(value)) continue;
        const signs = isObject(value) && Object.hasOwn(KINDS, kind) ? KINDS[kind]?.(value) : undefined;
        for (const sign of signs ?? []) if (sign !== null) found.add(sign);
        if (!STORED.has(kind)) rest.push(value);
      }
  }
  return [...found];
}

function ofGrant({ is_grant, grantees, objtype, objects }: Node): (Sign | null)[] {
  if (is_grant !== true) return [];
  const isPublic = inner(grantees, 'RoleSpec').some(({ roletype }) => roletype === 'ROLESPEC_PUBLIC');
  const parameters = objtype === 'OBJECT_PARAMETER_ACL' ? inner(objects, 'String') : [];
  return [
    isPublic ? 'public' : null,
    parameters.some(({ sval }) => AUDITING.test(String(sval))) ? 'setting' : null,
  ];
}

const PGAUDIT_OBJECTS = ['OBJECT_EXTENSION', 'OBJECT_EVENT_TRIGGER', 'OBJECT_FUNCTION', 'OBJECT_ROUTINE'];

function ofDrop({ removeType, objects }: Node): (Sign | null)[] {
  if (removeType === 'OBJECT_POLICY') return ['policy'];
  const isOwn = PGAUDIT_OBJECTS.includes(String(removeType)) && /pgaudit/i.test(JSON.stringify(objects));
  return [isOwn ? 'disabled' : null];
}

/** Of a foreign table of file_fdw; one that is dropped reaches nothing. */
function ofForeign(options: unknown): (Sign | null)[] {
  const set = definitions(options).filter(({ defaction }) => defaction !== 'DEFELEM_DROP');
  return [
    set.some(({ defname }) => defname === 'program') ? 'program' : null,
    set.some(({ defname }) => defname === 'filename') ? 'file' : null,
  ];
}

function ofCall({ funcname, args }: Node): (Sign | null)[] {
  const name = inner(funcname, 'String').at(-1)?.sval;
  if (typeof name !== 'string') return [];
  if (FILE_FUNCTIONS.test(name)) return ['file'];
  if (name !== 'set_config') return [];
  // A name that is not a plain literal may be any setting.
  const [first] = Array.isArray(args) ? args : [];
  const constant = isObject(first) && isObject(first.A_Const) ? first.A_Const.sval : undefined;
  return [isObject(constant) ? setting(constant.sval) : 'setting'];
}

function roleOption({ defname, arg }: Node): (Sign | null)[] {
  if (defname === 'addroleto') return [predefined(listed(arg).map(one => text(one, 'rolename')))];
  const isOn = isObject(arg) && isObject(arg.Boolean) && arg.Boolean.boolval === true;
  return isOn ? [ROLE_OPTIONS.get(defname) ?? null] : [];
}

function predefined(roles: readonly unknown[]): Sign | null {
  return roles.some(role => typeof role === 'string' && PREDEFINED.test(role)) ? 'predefined' : null;
}

function setting(name: unknown): Sign | null {
  return typeof name === 'string' && AUDITING.test(name) ? 'setting' : null;
}

function untrusted(name: unknown): Sign | null {
  return typeof name === 'string' && UNTRUSTED.test(name) ? 'language' : null;
}

function language(options: unknown): unknown {
  const arg = definitions(options).find(({ defname }) => defname === 'language')?.arg;
  return isObject(arg) && isObject(arg.String) ? arg.String.sval : undefined;
}

function names(options: unknown, named: string): readonly Node[] {
  return listed(definitions(options).find(({ defname }) => defname === named)?.arg);
}

function definitions(options: unknown): readonly Node[] {
  return inner(options, 'DefElem');
}

/** The roles of a list. */
function listed(arg: unknown): readonly Node[] {
  return isObject(arg) && isObject(arg.List) ? inner(arg.List.items, 'RoleSpec') : [];
}

/** The nodes of this kind in an array. */
function inner(items: unknown, kind: string): readonly Node[] {
  const all: unknown[] = Array.isArray(items) ? items : [];
  return all.map(item => (isObject(item) ? item[kind] : undefined)).filter(isObject);
}

function text(node: unknown, member: string): unknown {
  return isObject(node) ? node[member] : undefined;
}
