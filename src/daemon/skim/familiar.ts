/** Sessions whose records were judged: what says the same again where the same bytes stand again. */

import { type Stretch, stretchOf } from '../../audit/stretch.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { RawRecord } from '../../read/record.js';
import type { Known } from '../../session/sessions.js';
import { MILLISECONDS_END } from './latest-time.js';

/** Longer names and addresses are not worth it. */
export const LONGEST = 400;
/** Lengths of zone, user and database together, that are tried. */
const MOST_LENGTHS = 8;
/** Of a hash of 32 bits, so that there is room for 4096 sessions; each may stand in one of two neighbouring places. */
const SLOT_SHIFT = 20;

export interface Familiar {
  /** What `Sessions` keeps of it. */
  readonly session: Known;
  /** Zone, user, database, process id, address and session id: ` CET,"app_web","hold",3324,"127.0.0.1:40212",6b05339d.cfc,`. */
  readonly start: Stretch;
  /** session_start_time: `2026-11-24 07:50:05 CET,`. */
  readonly started: Stretch;
  readonly columns: number;
  /** From the message's end to the query id, or to the record's: of a genuine record that is dropped for its user, … */
  auditEnd: Stretch | null;
  /** … and of one that is not pgAudit's. */
  otherEnd: Stretch | null;
  /** Where its latest record stands that was passed over and not noted yet, and its latest of pgAudit's; -1 for none. */
  place: number;
  auditPlace: number;
}

export class Familiars {
  readonly #sessions: (Familiar | undefined)[] = new Array(2 ** (32 - SLOT_SHIFT)).fill(undefined);
  /** How far the process id is from the milliseconds; the one met last comes first. */
  readonly #lengths: number[] = [];

  /** The one whose record stands in `view`, its milliseconds ending at `at`. */
  at(view: DataView, at: number): Familiar | undefined {
    const lengths = this.#lengths;
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i] ?? 0;
      const slot = slotAt(view, at + length);
      const familiar = this.#foundAt(view, at, slot) ?? this.#foundAt(view, at, slot ^ 1);
      if (familiar === undefined) continue;
      if (i > 0) {
        lengths[i] = lengths[0] ?? 0;
        lengths[0] = length;
      }
      return familiar;
    }
    return undefined;
  }

  /** The record's session, as far as its bytes allow to know it again. */
  meet(record: RawRecord, session: Known): Familiar | null {
    const { bytes, columns } = record;
    const part = (from: number, column: number): Stretch | null =>
      stretchOf(bytes.subarray(from, record.endOf(column) + 1), LONGEST);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const pid = record.endOf(COLUMN.database) + 1;
    const slot = slotAt(view, pid);
    const before = [this.#sessions[slot], this.#sessions[slot ^ 1]].find(one => one?.session === session);
    if (before?.columns === columns && isAt(before.start, view)) return before;
    const start = part(MILLISECONDS_END, COLUMN.sessionId);
    const started = part(record.endOf(COLUMN.commandTag) + 1, COLUMN.sessionStart);
    if (start === null || started === null) return null;
    const met = {
      session,
      start,
      started,
      columns,
      auditEnd: null,
      otherEnd: null,
      place: -1,
      auditPlace: -1,
    };
    if (this.#sessions[slot] !== undefined) this.#sessions[slot ^ 1] = this.#sessions[slot];
    this.#sessions[slot] = met;
    this.#try(pid - MILLISECONDS_END);
    return met;
  }

  #foundAt(view: DataView, at: number, slot: number): Familiar | undefined {
    const familiar = this.#sessions[slot];
    return familiar?.start.standsAt(view, at) ? familiar : undefined;
  }

  #try(length: number): void {
    if (this.#lengths.includes(length)) return;
    this.#lengths.unshift(length);
    if (this.#lengths.length > MOST_LENGTHS) this.#lengths.pop();
  }
}

function isAt(start: Stretch, record: DataView): boolean {
  return MILLISECONDS_END + start.length <= record.byteLength && start.standsAt(record, MILLISECONDS_END);
}

/** By the eight bytes that a process id begins with, and what follows it. */
function slotAt(view: DataView, at: number): number {
  const id = view.getInt32(at, true) ^ Math.imul(view.getInt32(at + 4, true), 0x9e3779b1);
  return Math.imul(id, 0x85ebca6b) >>> SLOT_SHIFT;
}
