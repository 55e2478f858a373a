/** What becomes of a frame of the log, what that takes, and the events that it is. */

import { claimsOf } from '../../audit/claims.js';
import { readLogLine } from '../../audit/columns.js';
import type { DecoderOf, GenuineRule } from '../../audit/genuine.js';
import type { TimeReader } from '../../audit/time.js';
import type { Heartbeat } from '../../database/heartbeat.js';
import type { Filter } from '../../decide/filter.js';
import type { Audit } from '../../event/audit.js';
import type { NewEvent } from '../../event/event.js';
import type { Gap } from '../../event/gap.js';
import type { Place } from '../../event/make.js';
import { gapEvent, type Reading } from '../../event/make.js';
import type { AuditClass } from '../../event/names.js';
import type { Actor, LogLine } from '../../event/session.js';
import type { Asker } from '../../identity/resolver.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { LargeText } from '../../lib/large-text.js';
import { andThen } from '../../lib/settled.js';
import type { RawRecord } from '../../read/record.js';
import type { Redact } from '../../redact/redact.js';
import type { Memory } from '../../session/facts.js';
import type { LargeReader } from '../large/reader.js';
import type { Telemetry } from '../telemetry/telemetry.js';

export interface Judges {
  readonly times: TimeReader;
  readonly memory: Memory;
  readonly filter: Filter;
  readonly identify: (asker: Asker) => Actor | Promise<Actor>;
  readonly redact: Redact;
  /** Encrypts the original of what is scrubbed; `null` where nobody is to have it. */
  readonly escrow: ((original: string) => Promise<string>) | null;
  /** Reads pgAudit's large records; `null`: they are read here as others are. */
  readonly large: Pick<LargeReader, 'read'> | null;
  /** The relations that a statement changes. */
  readonly relations: (audit: Audit) => Objects | Promise<Objects>;
  /** Whether a record that pgAudit filed as READ or MISC changes data all the same. */
  readonly isWrite: (audit: Audit) => boolean | 'unknown' | Promise<boolean | 'unknown'>;
  /** pgAudit's class of each statement of a text that changes something; `null` where the text cannot be parsed. */
  readonly classesOf: (sql: string) => readonly AuditClass[] | null | Promise<readonly AuditClass[] | null>;
  /** What the server has pgAudit log, unless that is set otherwise for a role or a database. */
  readonly auditedClasses: () => ReadonlySet<string>;
  /** How texts of a database are read; `null` for UTF-8. */
  readonly decoderOf: DecoderOf;
  readonly genuine: GenuineRule;
  /** What the server was asked to write to its log; `null` where no database is configured. */
  readonly heartbeat: Pick<Heartbeat, 'reads' | 'readAt' | 'isMissing'> | null;
  readonly place: Place;
  readonly telemetry: Telemetry;
}

export type Objects = Pick<Audit, 'objects' | 'objectsFrom'>;
export type Verdict =
  | {
      readonly outcome: 'shipped' | 'rejected';
      readonly reason: string;
      /** A promise where the statement is still parsed; what comes later need not wait for that. */
      readonly draft: NewEvent | Promise<NewEvent>;
      /** What the same record tells of earlier statements: no other record is counted for it. */
      readonly derived?: NewEvent | Promise<NewEvent>;
      /** What the draft's JSON holds in place of their tokens. */
      readonly texts?: readonly LargeText[];
      /** SHA-256 (base64) of the record's bytes, where it is known. */
      readonly digest?: string;
    }
  | {
      readonly outcome: 'dropped';
      readonly reason: string;
      readonly derived?: NewEvent | Promise<NewEvent>;
    };

/** An event about what the record's own user did. */
export function ship(
  reason: string,
  record: RawRecord,
  claims: readonly string[],
  reading: Reading,
  judges: Judges,
  make: (line: LogLine, actor: Actor) => NewEvent | Promise<NewEvent>,
): Verdict | Promise<Verdict> {
  const read = readLine(record, judges);
  if (read === null) return rejectTime(reading, judges);
  const line = { ...read, ...(reading.raw !== undefined && { raw: reading.raw.token }) };
  return andThen(actorOf(line, claims, judges), known => ({
    outcome: 'shipped',
    reason,
    draft: make(line, known),
  }));
}

/** `null` where its time cannot be told. */
export function readLine(record: RawRecord, judges: Judges): LogLine | null {
  const read = readLogLine(record, judges.times, judges.memory.logins);
  if (read === null) return null;
  return { ...read, session: { ...read.session, application: scrubbed(read.session.application, judges) } };
}

/** @param claims what the statement itself says */
export function actorOf(
  { user, time, session }: LogLine,
  claims: readonly string[],
  judges: Judges,
): Actor | Promise<Actor> {
  const authentication = session.authentication ?? null;
  const all = [...claims, ...claimsOf(null, session.application)];
  return judges.identify({ user, time, authentication, claims: all });
}

/** A connection's URL in the name of the program is a common mistake. */
function scrubbed(application: string | null, { redact }: Judges): string | null {
  return application === null ? null : redact({ statement: application, parameters: null }).statement;
}

export function timeOf(record: RawRecord, { now }: Reading, { times }: Judges): number {
  return times.read(record.text(COLUMN.logTime)) ?? now;
}

function rejectTime(reading: Reading, judges: Judges): Verdict {
  return reject({ kind: 'gap', reason: 'time', ...reading.record }, reading, judges);
}

export function reject(gap: Gap, reading: Reading, { telemetry, place, times }: Judges): Verdict {
  telemetry.gap(gap, reading.file.path);
  return { outcome: 'rejected', reason: gap.reason, draft: gapEvent(gap, reading, place, times) };
}
