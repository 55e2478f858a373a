/**
 * The data's way, on one screen:
 *
 *   tail → parse → filter → identify → journal        journal → sinks
 *
 * The first part goes its way once for each server. The one loop back is the journal, which knows where `tail` resumes.
 */

import { setImmediate } from 'node:timers/promises';
import type { Tell, Told } from '../database/settings-watch.js';
import type { RecordCounts } from '../event/counts.js';
import { countRecord, noRecords } from '../event/counts.js';
import type { NewEvent } from '../event/event.js';
import type { Missing } from '../event/gap.js';
import { type EventJson, jsonOf, jsonWith } from '../event/line.js';
import { configEvent, missingEvent, populationEvent } from '../event/make.js';
import type { SourceFile } from '../event/position.js';
import type { Journal } from '../journal/journal.js';
import type { Reader } from '../journal/reader.js';
import type { Resume } from '../journal/sources.js';
import type { JournalEntry } from '../journal/state.js';
import type { Clock } from '../lib/clock.js';
import { andThen } from '../lib/settled.js';
import type { Batch } from '../read/files/batch.js';
import type { Tail } from '../read/files/tail.js';
import type { Frame } from '../read/record.js';
import { judge } from './records/record.js';
import { Skipper } from './records/skipper.js';
import { reportOverdue } from './records/unaudited.js';
import { keepReading, type OpenSource, type Source } from './source.js';

export interface Stages {
  /** Reading ends when everything is read. */
  readonly once: boolean;
  /** One for each server; they are read at the same time. */
  readonly sources: readonly Source[];
  readonly journal: Journal;
  readonly sinks: { readonly logging: Sink; readonly archive: Sink };
  /** The first and the last event of a run. */
  readonly lifecycle: { started(): NewEvent; stopped(): NewEvent };
  /** What the configuration changed since the last run, and what is to be done once that is durable; it never rejects. */
  readonly changed: { readonly drafts: readonly NewEvent[]; journaled(): Promise<void> };
  readonly clock: Clock;
}

/** Delivers the journal on its own, until it is closed and delivered or the signal aborts. */
interface Sink {
  run(abort: AbortSignal): Promise<void>;
  readonly reader: Reader;
}

/**
 * Runs until `stop` aborts or every source ends. Then what was read is journaled, sealed and delivered,
 * as far as that succeeds before `abort` aborts. Rejects where a stage fails.
 */
export async function runPipeline(stages: Stages, stop: AbortSignal, abort: AbortSignal): Promise<void> {
  const { sources, journal, sinks, lifecycle, changed } = stages;
  const read = async (): Promise<void> => {
    const durable = journal.append({ contents: [lifecycle.started(), ...changed.drafts].map(jsonOf) });
    // Where it becomes durable no more, the next run tells it again.
    void durable.then(changed.journaled, () => undefined);
    await Promise.all(
      sources.map(source => keepReading(source, stages, stop, () => readSource(source, stages, stop))),
    );
    journal.append({ contents: [jsonOf(lifecycle.stopped())] });
    journal.close();
  };
  await Promise.all([read(), journal.run(abort), sinks.logging.run(abort), sinks.archive.run(abort)]);
}

async function readSource(source: Source, { once, journal }: Stages, stop: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const until = AbortSignal.any([stop, failed.signal]);
  let watching: Promise<unknown> | undefined;
  try {
    const open = await source.open(until);
    journal.append({ source: source.name, contents: [], resume: resumeOf(open) });
    const tell: Tell = content => tellAudit(content, open, journal);
    if (once) await open.auditSettings?.look(tell);
    else watching = Promise.all([open.auditSettings?.follow(until, tell), open.beat?.(until)]);
    await readLog(open, journal, stop);
    noteUntil(open, journal);
    // What is missing may come before the next start, unless this was all there is.
    const isAll = once && !stop.aborted && !open.tail.isHindered;
    const contents = isAll ? tellMissing(open.memory.sessions.takeAll(), open) : [];
    journal.append({ source: source.name, contents, resume: resumeOf(open) });
  } finally {
    failed.abort();
    await watching;
    await source.close();
  }
}

/** What comes of all that was read until then is appended. */
function noteUntil({ name, tail, heartbeat, telemetry }: OpenSource, journal: Journal): void {
  telemetry.heartbeatMissing(heartbeat?.isMissing(tail.readUntil) === true);
  const until = heartbeat === null ? tail.readUntil : earlier(tail.readUntil, heartbeat.readAt);
  if (until !== null) journal.readUntil(name, until);
}

/** Without a heartbeat nobody knows whose log was read. */
function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.min(a, b);
}

async function tellAudit(
  content: Told,
  { telemetry, now, place }: OpenSource,
  journal: Journal,
): Promise<void> {
  if (content.kind === 'config') telemetry.settingsChanged(content.config.changes);
  const draft =
    content.kind === 'config' ? configEvent(content, now(), place) : populationEvent(content, now(), place);
  // Without a place to resume: a batch may be half judged, and its memory is ahead of its position.
  await journal.append({ contents: [jsonOf(draft)] });
}

async function readLog(stages: OpenSource, journal: Journal, stop: AbortSignal): Promise<void> {
  const { name: source, tail, telemetry } = stages;
  const skip = new Skipper(stages);
  const take = async (frames: Iterable<Frame>, file: SourceFile): Promise<Outcomes | null> =>
    (await waitForRoom(journal, tail, stop)) ? await decideAll(frames, file, stages, skip) : null;
  for await (const batch of tail.batches({ skip, take }, stop)) {
    if (batch !== null) {
      if (batch.taken === null) return;
      const entry = entryOf(batch, batch.taken, stages);
      await settleLarge(entry, journal.append(entry), stages.large);
    }
    noteUntil(stages, journal);
    // Everything else gets its turn between two batches.
    await setImmediate();
    const contents = await tellOverdue(stages);
    if (contents.length > 0) journal.append({ source, contents, resume: resumeOf(stages) });
    telemetry.sourceReads();
  }
}

/** Returns false if the signal aborts before there is room. */
async function waitForRoom(journal: Journal, tail: Tail, stop: AbortSignal): Promise<boolean> {
  while (!(await journal.waitForRoom(stop))) {
    if (stop.aborted) return false;
    // The log grows meanwhile: what waits to be read is held open, so that nobody can delete it before.
    await tail.look();
  }
  return true;
}

/** One large record at a time is in memory; if it does harm, it has done so before its mark is removed. */
async function settleLarge(
  { contents }: JournalEntry,
  durable: Promise<void>,
  large: OpenSource['large'],
): Promise<void> {
  if (!large?.isUnsettled) return;
  if (contents.length === 0) return await large.settle();
  // If the journal ends, it says why itself; what was begun stays marked.
  await durable.then(
    () => large.settle(),
    () => undefined,
  );
}

/** What became of the frames of a batch. */
interface Outcomes {
  readonly contents: readonly EventJson[];
  readonly records: RecordCounts;
  /** Reasons of the shipped ones. */
  readonly shipped: readonly string[];
}

async function decideAll(
  frames: Iterable<Frame>,
  file: SourceFile,
  stages: OpenSource,
  skip: Skipper,
): Promise<Outcomes> {
  // Kept as JSON, which takes far less memory.
  const contents: (EventJson | Promise<EventJson>)[] = [];
  const records = noRecords();
  const shipped: string[] = [];
  for (const frame of frames) {
    const reading = { file, record: { offset: frame.offset, length: frame.length }, now: stages.now() };
    const judged = judge(frame, reading, stages);
    // Most records are dropped, and need no turn of the event loop.
    const verdict = judged instanceof Promise ? await judged : judged;
    countRecord(records, verdict.outcome, verdict.reason);
    // What is reported of earlier statements comes before the record that shows it.
    if (verdict.derived !== undefined) contents.push(andThen(verdict.derived, jsonOf));
    if (verdict.outcome !== 'dropped')
      contents.push(andThen(verdict.draft, draft => jsonWith(draft, verdict.texts ?? [])));
    skip.learn(frame);
    if (verdict.outcome === 'shipped') shipped.push(verdict.reason);
  }
  skip.countInto(records);
  return { contents: await Promise.all(contents), records, shipped };
}

function entryOf(
  { file, from, end: to }: Batch<unknown>,
  { contents, records, shipped }: Outcomes,
  stages: OpenSource,
): JournalEntry {
  stages.telemetry.recordsRead(to - from, records, shipped);
  const progress = { file, from, to, records };
  return { source: stages.name, contents, progress, resume: resumeOf(stages) };
}

/** Lines, statements and records of pgAudit's that will not come any more. */
async function tellOverdue(stages: OpenSource): Promise<EventJson[]> {
  const { memory, tail, now } = stages;
  if (tail.isHindered) memory.sessions.postpone(now());
  const missing = tellMissing(memory.sessions.takeOverdue(now()), stages);
  if (tail.isHindered || tail.unread > 0) return missing;
  return [...missing, ...(await reportOverdue(now(), stages)).map(jsonOf)];
}

function tellMissing(all: readonly Missing[], { times, place, telemetry, now }: OpenSource): EventJson[] {
  return all.map(missing => {
    telemetry.missing(missing);
    return jsonOf(missingEvent(missing, now(), place, times));
  });
}

function resumeOf({ tail, memory }: OpenSource): Resume {
  return { files: tail.positions, memory: memory.saved };
}
