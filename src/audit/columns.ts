/** Reads the columns of a csvlog record (PostgreSQL's manual, 20.8.4). */

import type { Authentication, LogLine, Session } from '../event/session.js';
import { isoWriter } from '../lib/clock.js';
import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import type { TimeReader } from './time.js';

/** How a session was authenticated, if the log says so. */
interface Logins {
  of(session: string): Authentication | null;
}

/** How ids name the lines of a session that began at a time. */
interface Numbering {
  lineOf(start: number, line: number): string;
}

interface Shown {
  /** Removes secrets from the application's name. */
  readonly scrub: (application: string) => string;
  /** As in `LogLine`. */
  readonly raw: string | null;
}

/** Returns `null` if log_time cannot be read. */
export function readLogLine(
  record: RawRecord,
  times: TimeReader,
  { logins, numbering }: { readonly logins: Logins; readonly numbering: Numbering },
  { scrub, raw }: Shown,
): LogLine | null {
  const time = times.read(record.text(COLUMN.logTime));
  if (time === null) return null;
  const session = readSession(record, times, logins, scrub);
  return {
    time,
    user: record.text(COLUMN.user),
    database: record.text(COLUMN.database) || null,
    session,
    number: numbering.lineOf(Number.parseInt(session.id, 16) * 1000, session.line),
    raw,
  };
}

const writeStart = isoWriter();

function readSession(
  record: RawRecord,
  times: TimeReader,
  logins: Logins,
  scrub: (application: string) => string,
): Session {
  const id = record.text(COLUMN.sessionId);
  const authentication = logins.of(id);
  const startedAt = times.read(record.text(COLUMN.sessionStart));
  return {
    id,
    line: Number(record.text(COLUMN.sessionLine)),
    startedAt: startedAt === null ? null : writeStart(startedAt).replace('.000Z', 'Z'),
    pid: record.isEmpty(COLUMN.pid) ? null : Number(record.text(COLUMN.pid)),
    ...readClient(record.text(COLUMN.connectionFrom)),
    application: record.isEmpty(COLUMN.application) ? null : scrub(record.text(COLUMN.application)),
    ...(record.columns > COLUMN.backendType ? { backendType: record.text(COLUMN.backendType) } : {}),
    ...(record.columns > COLUMN.leaderPid && !record.isEmpty(COLUMN.leaderPid)
      ? { leaderPid: Number(record.text(COLUMN.leaderPid)) }
      : {}),
    transactionId: record.text(COLUMN.transactionId),
    virtualTransactionId: record.text(COLUMN.virtualTransactionId) || null,
    ...(record.columns > COLUMN.queryId ? { queryId: record.text(COLUMN.queryId) } : {}),
    ...(authentication === null ? {} : { authentication }),
  };
}

/** `127.0.0.1:58446`, `::1:58446` or `[local]`. */
function readClient(from: string): { client: string | null; port: number | null } {
  const [, host, port] = /^(.*):(\d{1,5})$/s.exec(from) ?? [];
  if (host === undefined || port === undefined) return { client: from || null, port: null };
  return { client: host, port: Number(port) };
}
