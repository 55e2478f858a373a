/**
 * The data's way, on one screen:
 *
 *   read → audit → decide → identity → journal        journal → sinks
 *
 * The first part runs once for each server. The only loop back is the journal: it keeps the checkpoint from which `tail`
 * continues.
 *
 * This folder joins the stages, and nothing else but `commands/` does: it may import everything.
 */

import { setImmediate } from 'node:timers/promises';
import type { ReportEvent, ReportedFields } from '../database/settings-watch.js';
import type { SinkName } from '../deliver/deliver.js';
import { countRecord, type EventCounts, noRecords, type RecordCounts } from '../event/counts.js';
import type { NewEvent } from '../event/event.js';
import type { Missing } from '../event/gap.js';
import { type EventJson, jsonOf, jsonWith } from '../event/line.js';
import { configEvent, missingEvent, populationEvent } from '../event/make.js';
import type { SourceFile } from '../event/position.js';
import type { Progress } from '../journal/covered.js';
import type { Journal } from '../journal/journal.js';
import type { Reader } from '../journal/reader.js';
import type { SourceCheckpoint } from '../journal/sources.js';
import type { Clock } from '../lib/clock.js';
import { andThen } from '../lib/settled.js';
import type { Covered } from '../read/files/batch.js';
import type { FormatChange } from '../read/files/format-choice.js';
import type { Tail } from '../read/files/tail.js';
import type { Frame } from '../read/record.js';
import { type Discovery, LET_GO } from './discovery.js';
import { Pending } from './pending.js';
import { decide } from './records/record.js';
import { Skipper } from './records/skipper.js';
import { reportOverdue } from './records/unaudited.js';
import { followRows, readRows } from './rows/source.js';
import { keepReading, type OpenSource, type Source } from './source.js';

export interface Stages {
  /** Reading ends once everything is read. */
  readonly once: boolean;
  /** One for each server; they are read at the same time. Those that are found come and go. */
  readonly sources: readonly Source[];
  /** Finds servers that the configuration does not name; `null` if it names all. */
  readonly discovery: Pick<Discovery, 'run'> | null;
  readonly journal: Journal;
  /** The witness and the SIEM only if there is one. */
  readonly sinks: { readonly [sink in SinkName]: sink extends 'witness' | 'siem' ? Sink | null : Sink };
  /** The first and the last event of a run. */
  readonly lifecycle: { started(): NewEvent; stopped(): NewEvent };
  /** Changes of the configuration since the last run, and what to do once their events are durable; it never rejects. */
  readonly changed: { readonly events: readonly NewEvent[]; journaled(): Promise<void> };
  readonly clock: Clock;
}

/** Delivers the journal independently, until it is closed and delivered or the signal aborts. */
interface Sink {
  run(abort: AbortSignal): Promise<void>;
  readonly reader: Reader;
}

/**
 * Runs until `stop` aborts or every source ends. Then what was read is committed, sealed and delivered, as far as that
 * succeeds before `abort` aborts. Rejects if a stage fails.
 */
export async function runPipeline(stages: Stages, stop: AbortSignal, abort: AbortSignal): Promise<void> {
  const { sources, discovery, journal, sinks, lifecycle, changed } = stages;
  const read = async (): Promise<void> => {
    const durable = journal.append({ events: [lifecycle.started(), ...changed.events].map(jsonOf) });
    // If it does not become durable, the next run reports it again.
    void durable.then(changed.journaled, () => undefined);
    const readOne = (source: Source, until: AbortSignal): Promise<void> =>
      keepReading(source, stages, until, () => readSource(source, stages, until));
    await Promise.all([...sources.map(source => readOne(source, stop)), discovery?.run(stop, readOne)]);
    journal.append({ events: [jsonOf(lifecycle.stopped())] });
    journal.close();
  };
  const { logging, archive, witness, siem } = sinks;
  await Promise.all([
    read(),
    journal.run(abort),
    logging.run(abort),
    archive.run(abort),
    witness?.run(abort),
    siem?.run(abort),
  ]);
}

async function readSource(
  source: Source,
  { once, journal, sinks }: Stages,
  stop: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const until = AbortSignal.any([stop, failed.signal]);
  let watching: Promise<unknown> | undefined;
  try {
    const open = await source.open(until);
    journal.append({ source: source.name, events: [], checkpoint: checkpointOf(open) });
    const reportEvent: ReportEvent = fields => reportAudit(fields, open, journal);
    if (once) await Promise.all([open.auditSettings?.look(reportEvent), open.rows?.reader.look()]);
    else
      watching = Promise.all([
        open.auditSettings?.follow(until, reportEvent),
        open.beat?.(until),
        followRows(open, journal, sinks.archive.reader, until),
      ]);
    await readLog(open, journal, stop);
    noteUntil(open, journal);
    if (once) await readRows(open, journal, sinks.archive.reader, until);
    // Missing numbers may still appear before the next start, unless this was everything.
    const isOver = stop.aborted ? stop.reason === LET_GO : once;
    const isAll = isOver && !open.tail.isHindered;
    const events = isAll ? reportMissing(open.facts.sessions.takeAll(), open) : [];
    journal.append({ source: source.name, events, checkpoint: checkpointOf(open) });
  } finally {
    failed.abort();
    await watching;
    await source.close();
  }
}

/** Everything that was read until this time is appended: a seal may say so. */
function noteUntil({ name, tail, heartbeat, telemetry }: OpenSource, journal: Journal): void {
  telemetry.heartbeatMissing(heartbeat?.isMissing(tail.readUntil) === true);
  const until = heartbeat === null ? tail.readUntil : earlier(tail.readUntil, heartbeat.readAt);
  if (until !== null) journal.readUntil(name, until);
}

/** Without a heartbeat it is not known whose log was read. */
function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.min(a, b);
}

async function reportAudit(fields: ReportedFields, source: OpenSource, journal: Journal): Promise<void> {
  const { telemetry, now, daemon } = source;
  if (fields.kind === 'config') telemetry.settingsChanged(fields.config.changes);
  const event =
    fields.kind === 'config' ? configEvent(fields, now(), daemon) : populationEvent(fields, now(), daemon);
  // Without a checkpoint: a batch may be half decided, and its session facts are ahead of its position.
  await journal.append({ events: [await written(event, source)] });
}

/** With the alerts that it raises. */
function written(
  event: NewEvent,
  { detection }: OpenSource,
  json = jsonOf(event),
): EventJson | Promise<EventJson> {
  return detection === null ? json : detection.watch(event, json);
}

async function readLog(stages: OpenSource, journal: Journal, stop: AbortSignal): Promise<void> {
  const { name: source, tail, telemetry } = stages;
  const skip = new Skipper(stages);
  const pending = new Pending(source, journal, () => checkpointOf(stages));
  const take = async (frames: Iterable<Frame>, file: SourceFile): Promise<Outcomes | null> =>
    (await waitForRoom(journal, tail, stop)) ? await decideAll(frames, file, stages, skip) : null;
  for await (const batch of tail.batches({ skip, take }, stop)) {
    // Session facts say so already: the events are in the same commit.
    pending.add(stages.takeFormatChanges().map(change => formatEvent(change, stages)));
    if (batch !== null) {
      if (batch.taken === null) break;
      if (batch.taken.events.length > 0) tail.isUrgent = true;
      pending.add(batch.taken.events, progressOf(batch, batch.taken, stages));
      if (batch.carried !== undefined) pending.add([], progressOf(batch.carried, NOTHING, stages));
      if (stages.large?.isUnsettled) await settleLarge(batch.taken, pending.append(), stages.large);
      else pending.appendIfDue();
    } else void pending.append();
    if (pending.isEmpty) noteUntil(stages, journal);
    // Other work gets its turn between two batches.
    await setImmediate();
    pending.add(await reportAllOverdue(stages));
    pending.appendIfDue();
    telemetry.sourceReads();
  }
  void pending.append();
}

/** Returns false if the signal aborts before there is room. */
async function waitForRoom(journal: Journal, tail: Tail, stop: AbortSignal): Promise<boolean> {
  while (!(await journal.waitForRoom(stop))) {
    if (stop.aborted) return false;
    // The log grows meanwhile: unread files are held open, so that they can be read even if they are deleted.
    await tail.look();
  }
  return true;
}

/**
 * Only one large record is in memory at a time. Its mark is removed once its result is durable: it can do no more harm
 * then.
 */
async function settleLarge(
  { events }: Outcomes,
  durable: Promise<void>,
  large: NonNullable<OpenSource['large']>,
): Promise<void> {
  if (events.length === 0) return await large.settle();
  // If the journal ends, it reports the reason itself; the record stays marked.
  await durable.then(
    () => large.settle(),
    () => undefined,
  );
}

/** The outcomes of a batch's frames. */
interface Outcomes {
  readonly events: readonly EventJson[];
  readonly records: RecordCounts;
  /** How many records were shipped, by reason. */
  readonly shipped: EventCounts;
}

async function decideAll(
  frames: Iterable<Frame>,
  file: SourceFile,
  stages: OpenSource,
  skip: Skipper,
): Promise<Outcomes> {
  // Events are kept as JSON, which takes far less memory.
  const events: (EventJson | Promise<EventJson>)[] = [];
  const records = noRecords();
  const shipped: EventCounts = {};
  for (const frame of frames) {
    const reading = { file, record: { offset: frame.offset, length: frame.length }, now: stages.now() };
    const decided = decide(frame, reading, stages);
    // Most records are dropped at once: no await for them.
    const result = decided instanceof Promise ? await decided : decided;
    countRecord(records, result.outcome, result.reason);
    // Events about earlier statements come before the record that shows them.
    if (result.derived !== undefined) events.push(andThen(result.derived, event => written(event, stages)));
    if (result.outcome !== 'dropped')
      events.push(
        andThen(result.event, event => written(event, stages, jsonWith(event, result.texts ?? []))),
      );
    if (result.outcome === 'shipped') shipped[result.reason] = (shipped[result.reason] ?? 0) + 1;
  }
  skip.countInto(records);
  return { events: await Promise.all(events), records, shipped };
}

function formatEvent({ from, to }: FormatChange, { telemetry, now, daemon }: OpenSource): EventJson {
  const changes = [{ what: 'format', name: 'source.format', before: from, after: to }] as const;
  telemetry.formatChanged(from, to);
  const config = { since: new Date(now()).toISOString(), changes };
  return jsonOf(configEvent({ kind: 'config', config }, now(), daemon));
}

const NOTHING = { records: noRecords(), shipped: {} };

function progressOf(
  { file, from, end: to }: Covered,
  { records, shipped }: Pick<Outcomes, 'records' | 'shipped'>,
  { telemetry }: OpenSource,
): Progress {
  telemetry.recordsRead(to - from, records, shipped);
  return { file, from, to, records };
}

/** Reports lines, statements and records of pgAudit that will not come any more. */
async function reportAllOverdue(stages: OpenSource): Promise<EventJson[]> {
  const { facts, tail, now } = stages;
  if (tail.isHindered) facts.sessions.postpone(now());
  const missing = reportMissing(facts.sessions.takeOverdue(now()), stages);
  if (tail.isHindered || tail.hasUnread) return missing;
  const overdue = await reportOverdue(now(), stages);
  return [...missing, ...(await Promise.all(overdue.map(event => written(event, stages))))];
}

function reportMissing(all: readonly Missing[], { times, daemon, telemetry, now }: OpenSource): EventJson[] {
  return all.map(missing => {
    telemetry.missing(missing);
    return jsonOf(missingEvent(missing, now(), daemon, times));
  });
}

/** To be appended at once: what changed is given only once. */
function checkpointOf({ tail, facts }: OpenSource): SourceCheckpoint {
  return { ...tail.takeChanges(), facts: facts.saved };
}
