/** What a shipped statement says to the rows that it changed. */

import type { Audit } from '../../event/audit.js';
import { type DaemonName, eventId } from '../../event/make.js';
import type { LogLine } from '../../event/session.js';
import type { Write } from '../../session/writes.js';
import type { Objects } from '../records/outcome.js';

export function writeOf(line: LogLine, audit: Audit, { objects }: Objects, daemon: DaemonName): Write {
  return {
    id: eventId(line, daemon),
    session: line.session.id,
    transaction: line.session.virtualTransactionId ?? '',
    time: line.time,
    command: audit.command,
    ...(objects !== undefined && { tables: [...objects] }),
    ...(audit.rows !== null && { atEnd: true }),
  };
}
