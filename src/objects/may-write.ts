import type { Audit } from '../event.js';

/** What changes data, in any statement that does. */
const WRITING = /\b(?:insert|update|delete|merge)\b/i;

/** pgAudit's command for a kind of node that it does not know (pgaudit.c, CreateCommandTag). */
const UNKNOWN_COMMAND = '???';

/** Whether a record that pgAudit filed as READ or MISC may change data all the same, as far as that shows without parsing. */
export function mayWrite({ class: auditClass, command, objectName, statement }: Audit): boolean {
  if (auditClass !== 'READ' && auditClass !== 'MISC') return false;
  if (auditClass === 'MISC' && command !== UNKNOWN_COMMAND && command !== 'MERGE') return false;
  return objectName === null && statement !== null && WRITING.test(statement);
}
