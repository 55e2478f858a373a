/** What becomes of one frame of the log: an event, or the reason why there is none. */

import { gapDraft, type Place, type Reading, statementDraft, suspectDraft } from './draft.js';
import type { Actor, Draft } from './event.js';
import type { Filter } from './filter/filter.js';
import { readLogLine } from './parse/csvlog.js';
import type { Memory } from './parse/memory.js';
import { parse, type Suspect } from './parse/parse.js';
import type { Payload } from './parse/pgaudit.js';
import type { TimeReader } from './parse/time.js';
import { COLUMN, type Frame, type Gap, type RawRecord } from './record.js';
import type { Telemetry } from './telemetry.js';

export interface Judges {
  readonly times: TimeReader;
  readonly memory: Memory;
  readonly filter: Filter;
  readonly identify: (user: string, time: number) => Actor;
  readonly place: Place;
  readonly telemetry: Telemetry;
}

export type Verdict =
  | { readonly outcome: 'shipped' | 'rejected'; readonly reason: string; readonly draft: Draft }
  | { readonly outcome: 'dropped'; readonly reason: string };

/** Frames must be judged once each, in the order of the log: later ones hang on what earlier ones said. */
export function judge(frame: Frame, reading: Reading, judges: Judges): Verdict {
  const { sessions } = judges.memory;
  if (frame.kind === 'gap') {
    sessions.noteGap(frame, reading.file);
    return reject(frame, reading, judges);
  }
  if (sessions.wasRead(frame, reading.file)) return { outcome: 'dropped', reason: 'read-before' };
  sessions.note(frame, reading.file, reading.now);
  const parsed = parse(frame);
  if (parsed.kind === 'other') return { outcome: 'dropped', reason: 'not-audit' };
  if (parsed.kind === 'suspect') return judgeSuspect(frame, parsed, reading, judges);
  return judgeStatement(frame, parsed, reading, judges);
}

function judgeStatement(record: RawRecord, payload: Payload, reading: Reading, judges: Judges): Verdict {
  const { filter, telemetry, place } = judges;
  const { statements } = judges.memory;
  const user = record.text(COLUMN.user);
  const { isShipped, reason, userKind } = filter(user, payload.audit.class);
  if (userKind === 'other') telemetry.otherUser(user, isShipped);
  // A record that is not shipped for its class may hold the text that a later one refers to.
  const isRemembered = isShipped || reason === 'class';
  const audit = isRemembered ? statements.restore(record.text(COLUMN.sessionId), payload) : payload.audit;
  if (!isShipped) return { outcome: 'dropped', reason };
  const line = readLogLine(record, judges.times);
  if (line === null) return rejectTime(reading, judges);
  const actor = judges.identify(user, line.time);
  telemetry.identified(actor.status);
  return {
    outcome: 'shipped',
    reason: 'statement',
    draft: statementDraft(line, audit, actor, reading, place),
  };
}

function judgeSuspect(record: RawRecord, suspect: Suspect, reading: Reading, judges: Judges): Verdict {
  const line = readLogLine(record, judges.times);
  if (line === null) return rejectTime(reading, judges);
  judges.telemetry.suspect(suspect.reason, reading);
  const actor = judges.identify(line.user, line.time);
  return {
    outcome: 'shipped',
    reason: 'suspect',
    draft: suspectDraft(line, suspect, actor, reading, judges.place),
  };
}

function rejectTime(reading: Reading, judges: Judges): Verdict {
  return reject({ kind: 'gap', reason: 'time', ...reading.record }, reading, judges);
}

function reject(gap: Gap, reading: Reading, { telemetry, place, times }: Judges): Verdict {
  telemetry.gap(gap, reading.file.path);
  return { outcome: 'rejected', reason: gap.reason, draft: gapDraft(gap, reading, place, times) };
}
