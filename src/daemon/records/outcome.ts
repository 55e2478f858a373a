/** The outcome of a frame of the log, its events, and the stages that decide it. */

import { claimsOf } from '../../audit/claims.js';
import { readLogLine } from '../../audit/columns.js';
import type { DecoderOf, GenuineRule } from '../../audit/genuine.js';
import type { TimeReader } from '../../audit/time.js';
import type { Heartbeat } from '../../database/heartbeat.js';
import type { Filter } from '../../decide/filter.js';
import type { Audit } from '../../event/audit.js';
import type { NewEvent } from '../../event/event.js';
import type { Gap } from '../../event/gap.js';
import type { DaemonName } from '../../event/make.js';
import { gapEvent, type Reading } from '../../event/make.js';
import type { AuditClass } from '../../event/names.js';
import type { Actor, LoggedBy, LogLine } from '../../event/session.js';
import type { Identify } from '../../identity/resolver.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { LargeText } from '../../lib/large-text.js';
import { andThen } from '../../lib/settled.js';
import type { RawRecord } from '../../read/record.js';
import type { Redact } from '../../redact/redact.js';
import type { SessionFacts } from '../../session/facts.js';
import type { LargeReader } from '../large/reader.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { rawOf } from './raw.js';
import { scrubText } from './scrub.js';

export interface Deciders {
  readonly times: TimeReader;
  readonly facts: SessionFacts;
  readonly filter: Filter;
  readonly identify: Identify;
  readonly redact: Redact;
  /** Encrypts the original of a redacted text; `null` if originals are not kept. */
  readonly escrow: ((original: string) => Promise<string>) | null;
  /** Reads pgAudit's large records; `null`: they are read here like others. */
  readonly large: Pick<LargeReader, 'read'> | null;
  /** The relations that a statement changes. */
  readonly relations: (audit: Audit) => Objects | Promise<Objects>;
  /** Whether a record that pgAudit logged as READ or MISC changes data all the same. */
  readonly isWrite: (audit: Audit) => boolean | 'unknown' | Promise<boolean | 'unknown'>;
  /** pgAudit's class of each statement in a text that changes something; `null` if the text cannot be parsed. */
  readonly classesOf: (sql: string) => readonly AuditClass[] | null | Promise<readonly AuditClass[] | null>;
  /** The classes that pgAudit logs on this server, unless a role or a database has its own setting. */
  readonly auditedClasses: () => ReadonlySet<string>;
  /** The decoder for a database's texts; `null` for UTF-8. */
  readonly decoderOf: DecoderOf;
  readonly genuine: GenuineRule;
  /** Whether the record was read in another format of the log. */
  readonly isTwin: (record: RawRecord) => boolean;
  /** The heartbeat that the server is asked to log; `null` if no database is configured. */
  readonly heartbeat: Pick<Heartbeat, 'reads' | 'readAt' | 'isMissing'> | null;
  readonly daemon: DaemonName;
  readonly telemetry: Telemetry;
}

export type Objects = Pick<Audit, 'objects' | 'objectsFrom'>;
export type RecordOutcome =
  | {
      readonly outcome: 'shipped' | 'rejected';
      readonly reason: string;
      /** A promise while the statement is being parsed; later records do not wait for it. */
      readonly event: NewEvent | Promise<NewEvent>;
      /** What the same record shows about earlier statements; it does not count as another record. */
      readonly derived?: NewEvent | Promise<NewEvent>;
      /** The texts that replace tokens in the event's JSON. */
      readonly texts?: readonly LargeText[];
      /** SHA-256 (base64) of the record's bytes, if known. */
      readonly digest?: string;
    }
  | {
      readonly outcome: 'dropped';
      readonly reason: string;
      readonly derived?: NewEvent | Promise<NewEvent>;
    };

/** What a statement says about its author. */
export type Claims = () => readonly string[];

export const NO_CLAIMS: Claims = () => [];

/** Makes an event about what the record's user did. */
export function ship(
  reason: string,
  record: RawRecord,
  claims: Claims,
  reading: Reading,
  deciders: Deciders,
  make: (line: LogLine, actor: Actor) => NewEvent | Promise<NewEvent>,
): RecordOutcome | Promise<RecordOutcome> {
  const line = readLine(record, deciders);
  if (line === null) return rejectTime(reading, deciders);
  return andThen(actorOf(line, claims, deciders), known => ({
    outcome: 'shipped',
    reason,
    event: make(line, known),
  }));
}

/** `null` if its time cannot be read. */
export function readLine(record: RawRecord, deciders: Deciders): LogLine | null {
  const { times, facts, redact, decoderOf } = deciders;
  // A connection's URL as application_name is a common mistake.
  const scrub = (application: string): string => scrubText(application, redact).text;
  return readLogLine(record, times, facts, { scrub, raw: rawOf(record, redact, decoderOf) });
}

export function actorOf(
  { user, time, session }: LoggedBy,
  claims: Claims,
  deciders: Deciders,
): Actor | Promise<Actor> {
  const authentication = session.authentication ?? null;
  const all = (): string[] => [...claims(), ...claimsOf(null, session.application)];
  return deciders.identify({ user, time, authentication, claims: all });
}

export function timeOf(record: RawRecord, { now }: Reading, { times }: Deciders): number {
  return times.read(record.text(COLUMN.logTime)) ?? now;
}

function rejectTime(reading: Reading, deciders: Deciders): RecordOutcome {
  return reject({ kind: 'gap', reason: 'time', ...reading.record }, reading, deciders);
}

export function reject(gap: Gap, reading: Reading, { telemetry, daemon, times }: Deciders): RecordOutcome {
  telemetry.gap(gap, reading.file.path);
  return { outcome: 'rejected', reason: gap.reason, event: gapEvent(gap, reading, daemon, times) };
}
