import type { Audit } from '../event/audit.js';

/** Words in any text that changes data; a function with an SQL body is logged with an empty text. */
const WRITING = /^$|\b(?:insert|update|delete|merge)\b/i;

/** pgAudit's command for a kind of node that it does not know (pgaudit.c, CreateCommandTag). */
const UNKNOWN_COMMAND = '???';

/**
 * Whether a record that pgAudit logged as READ or MISC may change data nevertheless, as far as that shows without
 * parsing.
 */
export function mayWrite({ class: auditClass, command, objectName, statement }: Audit): boolean {
  if (auditClass !== 'READ' && auditClass !== 'MISC') return false;
  if (auditClass === 'MISC' && command !== UNKNOWN_COMMAND && command !== 'MERGE') return false;
  if (objectName !== null) return false;
  return statement === null ? auditClass === 'MISC' : WRITING.test(statement);
}
