/** Makes events from what the stages found: everything but their place in the chain. */

import { basename } from 'node:path';
import { isoWriter } from '../lib/clock.js';
import type { AlertFields } from './alert.js';
import type { Audit, FailureFields, SuspectFields, UnauditedFields } from './audit.js';
import type { ConfigFields } from './config.js';
import type { Envelope, NewEvent } from './event.js';
import { type Gap, type GapFields, type Missing, rangeOf } from './gap.js';
import type { LifecycleFields } from './lifecycle.js';
import type { PopulationFields } from './population.js';
import type { SourceFile } from './position.js';
import type { RowFields } from './row.js';
import type { Actor, LoggedBy, LogLine, Source } from './session.js';

/** Reads a log_time: milliseconds since the epoch, `null` if it cannot be read. */
interface TimeReader {
  read(logTime: string): number | null;
}

/** The instance and node that an event names. */
export type DaemonName = Pick<Envelope, 'instance' | 'node'>;

/** The file and position of a record, and when it was read. */
export interface Reading {
  readonly file: SourceFile;
  /** Bytes. */
  readonly record: { readonly offset: number; readonly length: number };
  readonly now: number;
}

export function statementEvent(
  line: LogLine,
  audit: Audit,
  actor: Actor,
  reading: Reading,
  daemon: DaemonName,
): NewEvent {
  const { database, session } = line;
  // The raw record would hold what was scrubbed.
  const raw = audit.redacted === undefined ? line.raw : null;
  const source = sourceOf(reading, raw);
  return { kind: 'statement', ...fromLog(line, reading, daemon), database, actor, audit, session, source };
}

export function suspectEvent(
  line: LogLine,
  suspect: SuspectFields['suspect'],
  actor: Actor,
  reading: Reading,
  daemon: DaemonName,
): NewEvent {
  const { database, session } = line;
  const source = sourceOf(reading, suspect.redacted === undefined ? line.raw : null);
  return { kind: 'suspect', ...fromLog(line, reading, daemon), database, actor, suspect, session, source };
}

export function failureEvent(
  line: LogLine,
  failure: FailureFields['failure'],
  actor: Actor,
  reading: Reading,
  daemon: DaemonName,
): NewEvent {
  const { database, session } = line;
  // The raw record would hold the error's message.
  const source = sourceOf(reading, null);
  return { kind: 'failure', ...fromLog(line, reading, daemon), database, actor, failure, session, source };
}

/** About a statement that was read before: the event has no id of its own. */
export function unauditedEvent(
  line: LoggedBy,
  unaudited: UnauditedFields['unaudited'],
  actor: Actor,
  source: Source,
  now: number,
  { instance, node }: DaemonName,
): NewEvent {
  const { database, session } = line;
  const times = { time: writeTime(line.time), receivedAt: writeReceivedAt(now) };
  return { kind: 'unaudited', ...times, instance, node, database, actor, unaudited, session, source };
}

export function gapEvent(gap: Gap, reading: Reading, daemon: DaemonName, times: TimeReader): NewEvent {
  const { reason, record, after = null, before } = gap;
  const end = before === undefined ? {} : { before: new Date(before).toISOString() };
  return lossEvent({ reason, ...record, ...bounds({ after }, times), ...end }, reading, daemon);
}

export function missingEvent(missing: Missing, now: number, daemon: DaemonName, times: TimeReader): NewEvent {
  const { of, user, session, after, before, file, record } = missing;
  const gap = { user, session, ...rangeOf(missing), ...bounds({ after, before }, times) };
  return lossEvent({ reason: `missing-${of}`, ...gap }, { file, record, now }, daemon);
}

function lossEvent(gap: GapFields['gap'], reading: Reading, daemon: DaemonName): NewEvent {
  const now = new Date(reading.now).toISOString();
  return { kind: 'gap', time: now, receivedAt: now, ...daemon, gap, source: sourceOf(reading, null) };
}

export function lifecycleEvent(
  lifecycle: LifecycleFields['lifecycle'],
  now: number,
  daemon: DaemonName,
): NewEvent {
  return { kind: 'lifecycle', time: new Date(now).toISOString(), ...daemon, lifecycle };
}

export function configEvent(fields: ConfigFields, now: number, daemon: DaemonName): NewEvent {
  const { kind, ...rest } = fields;
  return { kind, time: new Date(now).toISOString(), ...daemon, ...rest };
}

export function populationEvent(fields: PopulationFields, now: number, daemon: DaemonName): NewEvent {
  const { kind, ...rest } = fields;
  return { kind, time: new Date(now).toISOString(), ...daemon, ...rest };
}

/**
 * @param id the row's uuid in its history
 * @param time when the row changed, in milliseconds since the epoch
 */
export function rowEvent(
  { kind, receivedAt, ...rest }: RowFields,
  id: string,
  time: number,
  daemon: DaemonName,
): NewEvent {
  return { kind, id: rowId(id, daemon), time: new Date(time).toISOString(), receivedAt, ...daemon, ...rest };
}

function rowId(id: string, { instance }: DaemonName): string {
  return `${instance}/row/${id}`;
}

/** @param of the event that completed it */
export function alertEvent(
  alert: AlertFields['alert'],
  {
    time,
    receivedAt,
    instance,
    node,
    database,
    actor,
  }: Omit<AlertFields, 'kind' | 'alert'> & DaemonName & { time: string },
): NewEvent {
  const who = { ...(database !== undefined && { database }), ...(actor !== undefined && { actor }) };
  return { kind: 'alert', time, receivedAt, instance, node, ...who, alert };
}

/** log_times in UTC, as far as they are known. */
function bounds(
  { after, before = null }: { after: string | null; before?: string | null },
  times: TimeReader,
): { after?: string; before?: string } {
  const [from, to] = [after, before].map(logTime => (logTime === null ? null : times.read(logTime)));
  return {
    ...(from == null ? {} : { after: new Date(from).toISOString() }),
    ...(to == null ? {} : { before: new Date(to).toISOString() }),
  };
}

const writeTime = isoWriter();
const writeReceivedAt = isoWriter();

/** PostgreSQL's own key of a log line makes the id: the same line always makes the same event. */
export function eventId({ session, number }: LogLine, { instance }: DaemonName): string {
  return `${instance}/${session.id}/${number}`;
}

function fromLog(line: LogLine, { now }: Reading, daemon: DaemonName) {
  const { instance, node } = daemon;
  return {
    id: eventId(line, daemon),
    time: writeTime(line.time),
    receivedAt: writeReceivedAt(now),
    instance,
    node,
  };
}

export function sourceOf({ file, record }: Reading, raw: string | null): Source {
  const { offset, length } = record;
  return { file: basename(file.path), fileId: file.fileId, offset, length, ...(raw === null ? {} : { raw }) };
}
