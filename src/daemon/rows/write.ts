/** What a shipped statement says to the rows that it changed. */

import { hash } from 'node:crypto';
import type { Audit } from '../../event/audit.js';
import { type DaemonName, eventId } from '../../event/make.js';
import type { LogLine } from '../../event/session.js';
import type { Write } from '../../session/change.js';
import type { Objects } from '../records/outcome.js';

/** @param original before secrets were redacted */
export function writeOf(
  line: LogLine,
  { command, rows, statement, statementId }: Audit,
  { objects }: Objects,
  daemon: DaemonName,
): Write {
  return {
    id: eventId(line, daemon),
    session: line.session.id,
    transaction: line.session.virtualTransactionId ?? '',
    time: line.time,
    line: line.session.line,
    number: statementId,
    command,
    digest: hash('md5', statement ?? ''),
    ...(objects !== undefined && { tables: [...objects] }),
    // pgAudit logs a TRUNCATE once it is done.
    ...((rows !== null || command.startsWith('TRUNCATE')) && { atEnd: true }),
  };
}
