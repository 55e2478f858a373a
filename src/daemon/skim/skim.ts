/**
 * Passes over the records that are dropped, which are nearly all, without making anything of them.
 *
 * A log repeats itself: the records of a session begin alike and end alike. A record that was judged the long way
 * makes its session familiar (`learn`); in another one that has the same bytes there, they say the same. What differs
 * from record to record is read where it stands, by the rules of the long way:
 *
 *   2026-11-24 07:50:05.791 CET,"app","hold",3324,"127.0.0.1:40212",6b05339d.cfc,7,"SELECT",2026-11-24 07:50:05 CET,
 *   read                   | start, the same                                    | read     | started, the same
 *
 *   3/35,0,LOG,00000,"AUDIT: SESSION,5,1,READ,SELECT,,,SELECT 1,<none>",,,,,,,,,"app","client backend",,0
 *   read            | SQLSTATE and mark  | read by endOfPayload       | end, the same                   | read
 *
 * Passed over are genuine records of service users, and records that are not pgAudit's and tell nothing of their
 * session: whole ones, of as many columns as those before, with the numbers of line and statement that come next in their session.
 * At any other one the skimmer stops, and the long way decides. It may stop where it likes; what it passes over the
 * long way must drop for the same reason, with the same effect on what is remembered (test/parse/skim.test.ts).
 *
 * No look goes far behind the last newline that is there (`stop`): it ends every column without quotes, and no known
 * stretch holds one. Numbers and places are all that is made for a record; texts come once for each session and pass.
 */

import { Phrases } from '../../audit/phrases.js';
import { endOfPayload, statementAt, word } from '../../audit/raw-payload.js';
import { Stretch, stretchOf } from '../../audit/stretch.js';
import type { RecordCounts } from '../../event/counts.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { Before, RawRecord, Skim } from '../../read/record.js';
import { type Sessions, UNKNOWN } from '../../session/sessions.js';
import { type Familiar, Familiars, LONGEST } from './familiar.js';
import { LatestTime, MILLISECONDS_END } from './latest-time.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const ZERO = 0x30;
const SLASH = 0x2f;

/** More bytes than any look goes behind the last newline. */
const MARGIN = 512;
const MOST_DIGITS = 15;

/** SQLSTATE and the message's start. */
const AUDIT = new Stretch(Buffer.from('00000,"AUDIT: '));
const SUCCESS = new Stretch(Buffer.from(',00000,"'));
/** Messages that may tell something of their session, besides pgAudit's: `connection authenticated`, `disconnection`. */
const AUDI = word('AUDI');
const DISC = word('disc');
const CONN = word('conn');
const AUTHENTICATED = new Stretch(Buffer.from('authenticated'));

/** Why records are dropped that may be passed over. */
export type Passable = 'service-user' | 'not-audit';

export class Skimmer implements Skim {
  readonly #sessions: Sessions;
  readonly #latest = new LatestTime();
  readonly #phrases = new Phrases();
  /** All of one zone. */
  #familiars = new Familiars();
  #zone = '';
  #columns = 0;
  #maxRecordSize = 0;
  /** Sessions of which records were passed over and not noted yet. */
  #touched: Familiar[] = [];
  #services = 0;
  #others = 0;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  pass(bytes: Buffer, start: number, end: number, before: Before): { end: number; lastTime: string } {
    const last = Math.min(end, bytes.length - MARGIN) - 1;
    const stop = last < start ? -1 : bytes.lastIndexOf(NEWLINE, last);
    if (stop < start || before.lastTime === '') return { end: start, lastTime: before.lastTime };
    this.#goOn(before);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = start;
    while (at <= stop) {
      const next = this.#passOne(bytes, view, at, stop);
      if (next === -1) break;
      at = next;
    }
    this.#note(bytes);
    return { end: at, lastTime: this.#latest.text };
  }

  /** Makes the session of a record familiar that was judged, and dropped for this reason. */
  learn(record: RawRecord, reason: Passable): void {
    const session = this.#sessions.known(record.text(COLUMN.sessionId));
    if (session === undefined || record.text(COLUMN.logTime).slice(MILLISECONDS_END) !== this.#zone) return;
    const familiar = this.#familiars.meet(record, session);
    if (familiar === null) return;
    const end = record.columns > COLUMN.queryId ? record.endOf(COLUMN.queryId - 1) + 1 : record.bytes.length;
    const stretch = stretchOf(record.bytes.subarray(record.endOf(COLUMN.message), end), LONGEST);
    if (reason === 'service-user') familiar.auditEnd = stretch;
    else familiar.otherEnd = stretch;
  }

  /** Counts what was passed over since the last time. */
  countInto(counts: RecordCounts): void {
    const passed = [
      ['service-user', this.#services],
      ['not-audit', this.#others],
    ] as const;
    for (const [reason, count] of passed) {
      if (count > 0) counts.dropped[reason] = (counts.dropped[reason] ?? 0) + count;
      counts.read += count;
    }
    this.#services = 0;
    this.#others = 0;
  }

  #goOn({ lastTime, columns, maxRecordSize }: Before): void {
    const zone = lastTime.slice(MILLISECONDS_END);
    if (zone !== this.#zone) this.#familiars = new Familiars();
    this.#zone = zone;
    this.#latest.begin(lastTime);
    this.#columns = columns;
    this.#maxRecordSize = maxRecordSize;
  }

  /** Returns where the next record begins, or -1 where this one is to be judged the long way. */
  #passOne(bytes: Buffer, view: DataView, start: number, stop: number): number {
    const milliseconds = this.#latest.millisecondsAt(bytes, view, start);
    const familiar = this.#familiars.at(view, start + MILLISECONDS_END);
    if (milliseconds === -1 || familiar === undefined || familiar.columns !== this.#columns) return -1;
    const line = start + MILLISECONDS_END + familiar.start.length;
    const tag = afterNumber(view, line, familiar.session.line + 1);
    let at = tag === -1 ? -1 : afterText(view, tag);
    if (at === -1 || !familiar.started.standsAt(view, at)) return -1;
    at = afterWord(view, at + familiar.started.length);
    const transaction = at;
    if (at !== -1) at = afterDigits(view, at);
    if (at !== -1) at = afterWord(view, at);
    if (at === -1) return -1;
    const isAudit = AUDIT.standsAt(view, at);
    // pgAudit writes nothing outside of a transaction.
    if (isAudit && !endsInTransaction(view, transaction)) return -1;
    const statement = isAudit ? statementAt(view, at + AUDIT.length) : -1;
    if (isAudit && !isSameOrNext(statement, familiar.session.statement)) return -1;
    if (isAudit) at = endOfPayload(bytes, view, at + AUDIT.length, stop, this.#phrases);
    else at = SUCCESS.standsAt(view, at - 1) ? endOfText(bytes, view, at + SUCCESS.length - 1, stop) : -1;
    const end = isAudit ? familiar.auditEnd : familiar.otherEnd;
    if (at === -1 || end === null || !end.standsAt(view, at + 1)) return -1;
    at += 1 + end.length;
    if (this.#columns > COLUMN.queryId) at = afterQueryId(view, at);
    if (at === -1 || at > stop || view.getUint8(at) !== NEWLINE) return -1;
    if (at + 1 - start > this.#maxRecordSize) return -1;
    this.#passOver(familiar, start, milliseconds, statement);
    return at + 1;
  }

  /** @param statement pgAudit's number; -1 of another record */
  #passOver(familiar: Familiar, start: number, milliseconds: number, statement: number): void {
    const { session } = familiar;
    if (statement === -1) this.#others++;
    else {
      this.#services++;
      session.statement = statement;
      session.unread = 0;
      familiar.auditPlace = start;
    }
    session.line++;
    if (familiar.place === -1) this.#touched.push(familiar);
    familiar.place = start;
    this.#latest.passed(start, milliseconds);
  }

  /** Makes texts of the times that were passed over; the session read last comes last. */
  #note(bytes: Buffer): void {
    if (this.#touched.length === 0) return;
    const { length } = this.#latest.text;
    const timeAt = (place: number): string => bytes.toString('latin1', place, place + length);
    for (const familiar of this.#touched.sort((a, b) => a.place - b.place)) {
      const { session, place, auditPlace } = familiar;
      const time = timeAt(place);
      this.#sessions.noteLines(session, session.line, time);
      if (auditPlace !== -1) session.statementTime = auditPlace === place ? time : timeAt(auditPlace);
      familiar.place = -1;
      familiar.auditPlace = -1;
    }
    this.#touched = [];
    this.#latest.end(bytes);
  }
}

/** Whether a virtual transaction id of a transaction stands before the comma that ends before `at`: none ends in `/0`. */
function endsInTransaction(view: DataView, at: number): boolean {
  const [last, before] = [view.getUint8(at - 2), view.getUint8(at - 3)];
  return isDigit(last - ZERO) && (isDigit(before - ZERO) || (before === SLASH && last !== ZERO));
}

/** In all that may be passed over, a session's statements have the numbers that come next. */
function isSameOrNext(statement: number, known: number): boolean {
  return known !== UNKNOWN && (statement === known || statement === known + 1);
}

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}

/** One past the comma behind this number; -1, as in all that follows, where something else stands there. */
function afterNumber(view: DataView, at: number, expected: number): number {
  let number = 0;
  for (let i = at; ; i++) {
    const digit = view.getUint8(i) - ZERO;
    if (isDigit(digit)) number = number * 10 + digit;
    else if (number !== expected || i === at || i - at > MOST_DIGITS) return -1;
    else return view.getUint8(i) === COMMA ? i + 1 : -1;
  }
}

/** One past the comma behind a whole number. */
function afterDigits(view: DataView, at: number): number {
  let i = at;
  while (isDigit(view.getUint8(i) - ZERO)) i++;
  return i > at && view.getUint8(i) === COMMA ? i + 1 : -1;
}

/** One past the comma behind a column without quotes. */
function afterWord(view: DataView, at: number): number {
  for (let i = at; ; i++) {
    const byte = view.getUint8(i);
    if (byte === COMMA) return i + 1;
    if (byte === QUOTE || byte === NEWLINE || byte === RETURN) return -1;
  }
}

/** One past the comma behind a column that is empty or in quotes, and holds no quote and no newline. */
function afterText(view: DataView, at: number): number {
  if (view.getUint8(at) === COMMA) return at + 1;
  if (view.getUint8(at) !== QUOTE) return -1;
  for (let i = at + 1; ; i++) {
    const byte = view.getUint8(i);
    if (byte === NEWLINE) return -1;
    if (byte === QUOTE) return view.getUint8(i + 1) === COMMA ? i + 2 : -1;
  }
}

/** Where the quote stands that closes the message; -1 also where it may tell something of its session. */
function endOfText(bytes: Buffer, view: DataView, at: number, stop: number): number {
  const first = view.getInt32(at, true);
  if (first === AUDI || first === DISC) return -1;
  if (first === CONN && AUTHENTICATED.standsAt(view, at + 'connection '.length)) return -1;
  for (let i = at; ; i += 2) {
    i = bytes.indexOf(QUOTE, i);
    if (i === -1 || i >= stop) return -1;
    if (view.getUint8(i + 1) !== QUOTE) return i;
  }
}

/** Where a query id ends, which may be negative. */
function afterQueryId(view: DataView, at: number): number {
  const digits = view.getUint8(at) === MINUS ? at + 1 : at;
  let i = digits;
  while (isDigit(view.getUint8(i) - ZERO)) i++;
  return i > digits ? i : -1;
}
