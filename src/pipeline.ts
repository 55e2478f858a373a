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
import { countRecord, noRecords } from './record.js';
import type { Batch } from './tail/follow.js';
import type { Tail } from './tail/tail.js';

export interface Stages extends Judges {
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
    journal.append({ drafts: [lifecycle.started()] });
    await readSource(stages, stop);
    const drafts = [...missingLines(stages), lifecycle.stopped()];
    journal.append({ drafts, resume: resumeOf(stages) });
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
    if (batch !== null) journal.append(readBatch(batch, stages));
    const drafts = missingLines(stages, stages.now());
    if (drafts.length > 0) journal.append({ drafts, resume: resumeOf(stages) });
  }
}

/** What a batch of the log comes to. */
function readBatch(batch: Batch, stages: Stages): JournalEntry {
  const { file, from, frames } = batch;
  const drafts: Draft[] = [];
  const records = noRecords();
  const shipped: string[] = [];
  for (const frame of frames) {
    const reading = { file, record: { offset: frame.offset, length: frame.length }, now: stages.now() };
    const verdict = judge(frame, reading, stages);
    countRecord(records, verdict.outcome, verdict.reason);
    if (verdict.outcome !== 'dropped') drafts.push(verdict.draft);
    if (verdict.outcome === 'shipped') shipped.push(verdict.reason);
  }
  const { to } = batch;
  stages.telemetry.recordsRead(to - from, records, shipped);
  return { drafts, progress: { file, from, to, records }, resume: resumeOf(stages) };
}

/** Lines that will not come any more, as of `now`; at the end of reading all that have not come. */
function missingLines({ memory, times, place, telemetry, now: clock }: Stages, now?: number): Draft[] {
  return memory.sessions.takeMissing(now).map(missing => {
    telemetry.missingLines(missing);
    return missingLinesDraft(missing, clock(), place, times);
  });
}

function resumeOf({ tail, memory }: Stages): Resume {
  return { files: tail.positions, memory: memory.saved };
}
