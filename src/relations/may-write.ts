import type { Audit } from '../event/audit.js';

/** What changes data, in any text that says so; a function with an SQL body is logged with an empty one. */
const WRITING = /^$|\b(?:insert|update|delete|merge)\b/i;

/** pgAudit's command for a kind of node that it does not know (pgaudit.c, CreateCommandTag). */
const UNKNOWN_COMMAND = '???';

/** Whether a record that pgAudit filed as READ or MISC may change data all the same, as far as that shows without parsing. */
export function mayWrite({ class: auditClass, command, objectName, statement }: Audit): boolean {
  if (auditClass !== 'READ' && auditClass !== 'MISC') return false;
  if (auditClass === 'MISC' && command !== UNKNOWN_COMMAND && command !== 'MERGE') return false;
  if (objectName !== null) return false;
  return statement === null ? auditClass === 'MISC' : WRITING.test(statement);
}
