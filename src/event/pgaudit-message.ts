/** Writes pgAudit's message as log_audit_event in pgaudit.c does. */

import type { Audit } from './audit.js';

/** With the statement and parameters of the event, and with pgAudit's own class. */
export function messageOf(audit: Audit, quoted = quotedField): string {
  const { type, statementId, substatementId, command, objectType, objectName, rows } = audit;
  const statement = audit.statement ?? '<not logged>';
  const ids = [String(statementId), String(substatementId)];
  const names = [command, objectType ?? '', objectName ?? ''];
  const fields = [type, ...ids, loggedClassOf(audit), ...names, statement, parametersOf(audit, quoted)];
  return `AUDIT: ${[...fields, ...(rows === null ? [] : [String(rows)])].map(quoted).join(',')}`;
}

/** The class under which pgAudit logged it. */
export function loggedClassOf({ class: auditClass, loggedClass }: Audit): string {
  return loggedClass ?? auditClass;
}

export function parametersOf({ parameters }: Audit, quoted = quotedField): string {
  if (parameters === null) return '<not logged>';
  return parameters.length === 0 ? '<none>' : parameters.map(quoted).join(',');
}

/** A CSV field, in quotes if it needs them. */
export function quotedField(field: string): string {
  return /[,"\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
