/** Which of a text's statements change something, and under which class pgAudit logs each. */

import type { AuditClass } from '../event/names.js';
import { isObject } from './tree.ts';

/**
 * Kinds in PostgreSQL's parse tree that pgAudit certainly logs as one statement each if the class is logged (measured).
 * Kinds that it may log under another class, or not at all, are missing: MERGE and a WITH under a SELECT
 * (`pgaudit.log_relation` off), EXPLAIN, PREPARE, EXECUTE, DROP OWNED; so are statements that change nothing.
 */
const CLASSES: Readonly<Record<string, AuditClass>> = {
  InsertStmt: 'WRITE',
  UpdateStmt: 'WRITE',
  DeleteStmt: 'WRITE',
  TruncateStmt: 'WRITE',
  CopyStmt: 'WRITE',
  AlterDatabaseSetStmt: 'DDL',
  AlterEventTrigStmt: 'DDL',
  AlterExtensionContentsStmt: 'DDL',
  AlterExtensionStmt: 'DDL',
  AlterFdwStmt: 'DDL',
  AlterForeignServerStmt: 'DDL',
  AlterObjectDependsStmt: 'DDL',
  AlterOpFamilyStmt: 'DDL',
  AlterOperatorStmt: 'DDL',
  AlterPublicationStmt: 'DDL',
  AlterStatsStmt: 'DDL',
  AlterSubscriptionStmt: 'DDL',
  AlterTableMoveAllStmt: 'DDL',
  AlterTSConfigurationStmt: 'DDL',
  AlterTSDictionaryStmt: 'DDL',
  AlterUserMappingStmt: 'DDL',
  AlterDatabaseStmt: 'DDL',
  AlterDomainStmt: 'DDL',
  AlterEnumStmt: 'DDL',
  AlterFunctionStmt: 'DDL',
  AlterObjectSchemaStmt: 'DDL',
  AlterOwnerStmt: 'DDL',
  AlterPolicyStmt: 'DDL',
  AlterSeqStmt: 'DDL',
  AlterSystemStmt: 'DDL',
  AlterTableStmt: 'DDL',
  CommentStmt: 'DDL',
  CompositeTypeStmt: 'DDL',
  CreateAmStmt: 'DDL',
  CreateCastStmt: 'DDL',
  CreateConversionStmt: 'DDL',
  CreateDomainStmt: 'DDL',
  CreateEventTrigStmt: 'DDL',
  CreateFdwStmt: 'DDL',
  CreateForeignServerStmt: 'DDL',
  CreateForeignTableStmt: 'DDL',
  CreateOpClassStmt: 'DDL',
  CreateOpFamilyStmt: 'DDL',
  CreatePLangStmt: 'DDL',
  CreatePublicationStmt: 'DDL',
  CreateRangeStmt: 'DDL',
  CreateStatsStmt: 'DDL',
  CreateSubscriptionStmt: 'DDL',
  CreateUserMappingStmt: 'DDL',
  DefineStmt: 'DDL',
  CreateEnumStmt: 'DDL',
  CreateExtensionStmt: 'DDL',
  CreateFunctionStmt: 'DDL',
  CreatePolicyStmt: 'DDL',
  CreateSchemaStmt: 'DDL',
  CreateSeqStmt: 'DDL',
  CreateStmt: 'DDL',
  CreateTableAsStmt: 'DDL',
  CreateTrigStmt: 'DDL',
  CreatedbStmt: 'DDL',
  DropStmt: 'DDL',
  DropSubscriptionStmt: 'DDL',
  DropUserMappingStmt: 'DDL',
  DropdbStmt: 'DDL',
  IndexStmt: 'DDL',
  RefreshMatViewStmt: 'DDL',
  ReassignOwnedStmt: 'DDL',
  RenameStmt: 'DDL',
  RuleStmt: 'DDL',
  ViewStmt: 'DDL',
  AlterDefaultPrivilegesStmt: 'ROLE',
  AlterRoleSetStmt: 'ROLE',
  AlterRoleStmt: 'ROLE',
  CreateRoleStmt: 'ROLE',
  DropRoleStmt: 'ROLE',
  GrantRoleStmt: 'ROLE',
  GrantStmt: 'ROLE',
};

/** @param tree libpg_query's JSON, as for `changesIn` */
export function classesIn(tree: unknown): AuditClass[] {
  const statements: unknown[] = isObject(tree) && Array.isArray(tree.stmts) ? tree.stmts : [];
  return statements.flatMap(raw => {
    const statement = isObject(raw) ? raw.stmt : undefined;
    const [[kind, value] = ['', undefined]] = isObject(statement) ? Object.entries(statement) : [];
    const auditClass = CLASSES[kind];
    if (auditClass === undefined || !isObject(value) || isException(kind, value)) return [];
    return [kind === 'RenameStmt' && value.renameType === 'OBJECT_ROLE' ? 'ROLE' : auditClass];
  });
}

function isException(kind: string, value: Readonly<Record<string, unknown>>): boolean {
  if (kind === 'CopyStmt' && value.is_from !== true) return true;
  // `pgaudit.log_catalog` may be off.
  return isOfCatalog(value.relation);
}

function isOfCatalog(relation: unknown): boolean {
  if (!isObject(relation)) return false;
  const { schemaname, relname } = relation;
  return [schemaname, relname].some(
    name => typeof name === 'string' && /^(?:pg_|information_schema$)/.test(name),
  );
}
