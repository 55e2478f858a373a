/**
 * The data's way, on one screen:
 *
 *   tail → parse → filter → identify → journal        journal → sinks
 *
 * The one loop back is the journal's checkpoint, from which `tail` resumes.
 */

import { gapDraft, type Place, type Reading, statementDraft, suspectDraft } from './draft.js';
import type { Actor, Draft } from './event.js';
import type { Filter } from './filter/filter.js';
import type { Journal } from './journal/journal.js';
import type { Reader } from './journal/reader.js';
import { readLogLine } from './parse/csvlog.js';
import { parse, type Suspect } from './parse/parse.js';
import type { Payload } from './parse/pgaudit.js';
import type { Statements } from './parse/statements.js';
import type { TimeReader } from './parse/time.js';
import { COLUMN, countRecord, type Frame, type Gap, noRecords, type RawRecord } from './record.js';
import type { Tail } from './tail/tail.js';
import type { Telemetry } from './telemetry.js';

export interface Stages {
  readonly tail: Tail;
  readonly times: TimeReader;
  readonly statements: Statements;
  readonly filter: Filter;
  readonly identify: (user: string, time: number) => Actor;
  readonly journal: Journal;
  readonly sinks: { readonly logging: Sink; readonly archive: Sink };
  /** The first and the last event of a run. */
  readonly lifecycle: { started(): Draft; stopped(): Draft };
  readonly place: Place;
  readonly now: () => number;
  readonly telemetry: Telemetry;
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
    await journal.append({ drafts: [lifecycle.started()] }, abort);
    await readSource(stages, stop);
    await journal.append({ drafts: [lifecycle.stopped()] }, abort);
    journal.close();
  };
  await Promise.all([source(), journal.run(abort), sinks.logging.run(abort), sinks.archive.run(abort)]);
}

async function readSource(stages: Stages, stop: AbortSignal): Promise<void> {
  const { tail, journal, statements, telemetry } = stages;
  for await (const batch of tail.batches(stop)) {
    const { file, from, frames } = batch;
    const drafts: Draft[] = [];
    const records = noRecords();
    const shipped: string[] = [];
    for (const frame of frames) {
      const verdict = judge(
        frame,
        { file, record: { offset: frame.offset, length: frame.length }, now: stages.now() },
        stages,
      );
      countRecord(records, verdict.outcome, verdict.reason);
      if (verdict.outcome !== 'dropped') drafts.push(verdict.draft);
      if (verdict.outcome === 'shipped') shipped.push(verdict.reason);
    }
    const { to } = batch;
    telemetry.recordsRead(to - from, records, shipped);
    const progress = { file, from, to, records, files: tail.positions, memory: statements.memory };
    if (!(await journal.append({ drafts, progress }, stop))) return;
  }
}

/** What became of a frame: an event, or the reason why there is none. */
type Verdict =
  | { readonly outcome: 'shipped' | 'rejected'; readonly reason: string; readonly draft: Draft }
  | { readonly outcome: 'dropped'; readonly reason: string };

function judge(frame: Frame, reading: Reading, stages: Stages): Verdict {
  if (frame.kind === 'gap') return reject(frame, reading, stages);
  const parsed = parse(frame);
  if (parsed.kind === 'other') return { outcome: 'dropped', reason: 'not-audit' };
  if (parsed.kind === 'suspect') return judgeSuspect(frame, parsed, reading, stages);
  return judgeStatement(frame, parsed, reading, stages);
}

function judgeStatement(record: RawRecord, payload: Payload, reading: Reading, stages: Stages): Verdict {
  const { filter, statements, telemetry, place } = stages;
  const user = record.text(COLUMN.user);
  const { isShipped, reason, userKind } = filter(user, payload.audit.class);
  if (userKind === 'other') telemetry.otherUser(user, isShipped);
  // A record that is not shipped for its class may hold the text that a later one refers to.
  const isRemembered = isShipped || reason === 'class';
  const audit = isRemembered ? statements.restore(record.text(COLUMN.sessionId), payload) : payload.audit;
  if (!isShipped) return { outcome: 'dropped', reason };
  const line = readLogLine(record, stages.times);
  if (line === null) return reject({ ...reading.record, kind: 'gap', reason: 'time' }, reading, stages);
  const actor = stages.identify(user, line.time);
  telemetry.identified(actor.status);
  return {
    outcome: 'shipped',
    reason: 'statement',
    draft: statementDraft(line, audit, actor, reading, place),
  };
}

function judgeSuspect(record: RawRecord, suspect: Suspect, reading: Reading, stages: Stages): Verdict {
  const line = readLogLine(record, stages.times);
  if (line === null) return reject({ ...reading.record, kind: 'gap', reason: 'time' }, reading, stages);
  stages.telemetry.suspect(suspect.reason, reading);
  const actor = stages.identify(line.user, line.time);
  return {
    outcome: 'shipped',
    reason: 'suspect',
    draft: suspectDraft(line, suspect, actor, reading, stages.place),
  };
}

function reject(gap: Gap, reading: Reading, { telemetry, place }: Stages): Verdict {
  telemetry.gap(gap, reading.file.path);
  return { outcome: 'rejected', reason: gap.reason, draft: gapDraft(gap, reading, place) };
}
