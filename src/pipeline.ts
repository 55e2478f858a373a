/**
 * The data's way, on one screen:
 *
 *   tail → parse → filter → identify → journal        journal → sinks
 *
 * The one loop back is the journal's checkpoint, from which `tail` resumes.
 */

import { missingLinesDraft } from './draft.js';
import type { Draft } from './event.js';
import type { Journal } from './journal/journal.js';
import type { Reader } from './journal/reader.js';
import type { JournalEntry, Resume } from './journal/state.js';
import { type Judges, judge } from './judge.js';
import { countRecord, type MissingLines, noRecords } from './record.js';
import type { Batch } from './tail/follow.js';
import type { Tail } from './tail/tail.js';

export interface Stages extends Judges {
  /** Reading ends when everything is read. */
  readonly once: boolean;
  readonly tail: Tail;
  readonly journal: Journal;
  readonly sinks: { readonly logging: Sink; readonly archive: Sink };
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
    journal.append({ drafts: [lifecycle.started()], resume: resumeOf(stages) });
    await readSource(stages, stop);
    // What is missing may come before the next start, unless this was all there is.
    const isAll = stages.once && !stop.aborted && !stages.tail.isHindered;
    const missing = isAll ? missingDrafts(stages.memory.sessions.takeAll(), stages) : [];
    journal.append({ drafts: [...missing, lifecycle.stopped()], resume: resumeOf(stages) });
    journal.close();
  };
  await Promise.all([source(), journal.run(abort), sinks.logging.run(abort), sinks.archive.run(abort)]);
}

async function readSource(stages: Stages, stop: AbortSignal): Promise<void> {
  const { tail, journal } = stages;
  for await (const batch of tail.batches(stop)) {
    while (!(await journal.waitForRoom(stop))) {
      if (stop.aborted) return;
      // The log goes on meanwhile: what waits to be read is held, lest it be deleted first.
      await tail.look();
    }
    if (batch !== null) journal.append(await readBatch(batch, stages));
    const drafts = overdueLines(stages);
    if (drafts.length > 0) journal.append({ drafts, resume: resumeOf(stages) });
  }
}

/** What a batch of the log comes to. */
async function readBatch(batch: Batch, stages: Stages): Promise<JournalEntry> {
  const { file, from, frames } = batch;
  const drafts: Draft[] = [];
  const records = noRecords();
  const shipped: string[] = [];
  for (const frame of frames) {
    const reading = { file, record: { offset: frame.offset, length: frame.length }, now: stages.now() };
    const judged = judge(frame, reading, stages);
    // Most records are dropped, and need no turn of the event loop.
    const verdict = judged instanceof Promise ? await judged : judged;
    countRecord(records, verdict.outcome, verdict.reason);
    if (verdict.outcome !== 'dropped') drafts.push(verdict.draft);
    if (verdict.outcome === 'shipped') shipped.push(verdict.reason);
  }
  const { to } = batch;
  stages.telemetry.recordsRead(to - from, records, shipped);
  return { drafts, progress: { file, from, to, records }, resume: resumeOf(stages) };
}

/** Lines that will not come any more. */
function overdueLines(stages: Stages): Draft[] {
  const { sessions } = stages.memory;
  if (stages.tail.isHindered) sessions.postpone(stages.now());
  return missingDrafts(sessions.takeOverdue(stages.now()), stages);
}

function missingDrafts(missing: readonly MissingLines[], { times, place, telemetry, now }: Stages): Draft[] {
  return missing.map(lines => {
    telemetry.missingLines(lines);
    return missingLinesDraft(lines, now(), place, times);
  });
}

function resumeOf({ tail, memory }: Stages): Resume {
  return { files: tail.positions, memory: memory.saved };
}
