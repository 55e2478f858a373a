/**
 * The data's way, on one screen:
 *
 *   tail → parse → filter → identify → journal        journal → sinks
 *
 * The one loop back is the journal's checkpoint, from which `tail` resumes.
 */

import { setImmediate } from 'node:timers/promises';
import { configDraft, missingLinesDraft } from './draft.js';
import type { ConfigContent, Draft } from './event.js';
import { type Content, contentOf } from './journal/chain.js';
import type { Journal } from './journal/journal.js';
import type { Reader } from './journal/reader.js';
import type { JournalEntry, Resume } from './journal/state.js';
import { type Judges, judge } from './judge.js';
import { Skimmer } from './parse/skim.js';
import { countRecord, type MissingLines, noRecords, type RawRecord } from './record.js';
import type { Batch } from './tail/follow.js';
import type { Tail } from './tail/tail.js';

export interface Stages extends Judges {
  /** Reading ends when everything is read. */
  readonly once: boolean;
  readonly tail: Tail;
  readonly journal: Journal;
  readonly sinks: { readonly logging: Sink; readonly archive: Sink };
  /** Tells when somebody changes what is audited; `null` where no database is configured, and in a single run. */
  readonly auditSettings: {
    follow(stop: AbortSignal, onChange: (content: ConfigContent) => void): Promise<void>;
  } | null;
  /** The first and the last event of a run. */
  readonly lifecycle: { started(): Draft; stopped(): Draft };
  readonly now: () => number;
}

/** Delivers the journal on its own, until it is closed and delivered or the signal aborts. */
interface Sink {
  run(abort: AbortSignal): Promise<void>;
  readonly reader: Reader;
}

/**
 * Runs until `stop` aborts or the source ends. Then what was read is journaled, sealed and delivered,
 * as far as that succeeds before `abort` aborts. Rejects where a stage fails.
 */
export async function runPipeline(stages: Stages, stop: AbortSignal, abort: AbortSignal): Promise<void> {
  const { journal, sinks, lifecycle } = stages;
  const source = async (): Promise<void> => {
    journal.append({ contents: [contentOf(lifecycle.started())], resume: resumeOf(stages) });
    const watching = stages.auditSettings?.follow(stop, content => tellChange(content, stages));
    await readSource(stages, stop);
    await watching;
    // What is missing may come before the next start, unless this was all there is.
    const isAll = stages.once && !stop.aborted && !stages.tail.isHindered;
    const missing = isAll ? tellMissing(stages.memory.sessions.takeAll(), stages) : [];
    journal.append({ contents: [...missing, contentOf(lifecycle.stopped())], resume: resumeOf(stages) });
    journal.close();
  };
  await Promise.all([source(), journal.run(abort), sinks.logging.run(abort), sinks.archive.run(abort)]);
}

function tellChange(content: ConfigContent, stages: Stages): void {
  const { journal, telemetry, now, place } = stages;
  telemetry.settingsChanged(content.config.changes.length);
  // Without a place to resume: a batch may be half judged, and its memory is ahead of its position.
  journal.append({ contents: [contentOf(configDraft(content, now(), place))] });
}

async function readSource(stages: Stages, stop: AbortSignal): Promise<void> {
  const { tail, journal } = stages;
  const skimmer = new Skimmer(stages.memory.sessions);
  for await (const batch of tail.batches(stop)) {
    while (!(await journal.waitForRoom(stop))) {
      if (stop.aborted) return;
      // The log goes on meanwhile: what waits to be read is held, lest it be deleted first.
      await tail.look();
    }
    if (batch !== null) journal.append(await readBatch(batch, stages, skimmer));
    // Whatever else goes on gets its turn between two batches.
    await setImmediate();
    const contents = tellOverdue(stages);
    if (contents.length > 0) journal.append({ contents, resume: resumeOf(stages) });
  }
}

/** What a batch of the log comes to. */
async function readBatch(batch: Batch, stages: Stages, skimmer: Skimmer): Promise<JournalEntry> {
  const { file, from } = batch;
  // Kept as JSON, which takes far less memory.
  const contents: Content[] = [];
  const records = noRecords();
  const shipped: string[] = [];
  for (const frame of file.rereadUntil === undefined ? batch.skimmed(skimmer) : batch.frames) {
    const reading = { file, record: { offset: frame.offset, length: frame.length }, now: stages.now() };
    const judged = judge(frame, reading, stages);
    // Most records are dropped, and need no turn of the event loop.
    const verdict = judged instanceof Promise ? await judged : judged;
    countRecord(records, verdict.outcome, verdict.reason);
    if (verdict.outcome !== 'dropped') contents.push(contentOf(verdict.draft));
    else if (frame.kind === 'record') learn(frame, verdict.reason, stages, skimmer);
    if (verdict.outcome === 'shipped') shipped.push(verdict.reason);
  }
  skimmer.countInto(records);
  const { to } = batch;
  stages.telemetry.recordsRead(to - from, records, shipped);
  return { contents, progress: { file, from, to, records }, resume: resumeOf(stages) };
}

/** Of whom it hangs on memberships whether he is a service user each record has to be asked for. */
function learn(record: RawRecord, reason: string, { filter }: Stages, skimmer: Skimmer): void {
  if (reason === 'not-audit' || (reason === 'service-user' && filter.users.areConstant))
    skimmer.learn(record, reason);
}

/** Lines that will not come any more. */
function tellOverdue(stages: Stages): Content[] {
  const { sessions } = stages.memory;
  if (stages.tail.isHindered) sessions.postpone(stages.now());
  return tellMissing(sessions.takeOverdue(stages.now()), stages);
}

function tellMissing(missing: readonly MissingLines[], { times, place, telemetry, now }: Stages): Content[] {
  return missing.map(lines => {
    telemetry.missingLines(lines);
    return contentOf(missingLinesDraft(lines, now(), place, times));
  });
}

function resumeOf({ tail, memory }: Stages): Resume {
  return { files: tail.positions, memory: memory.saved };
}
