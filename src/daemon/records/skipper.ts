/**
 * Keeps the scanner's tables (scan/skip.ts), by which it skips most records that are dropped: what becomes of a login
 * role's records, and which numbers come next in a session. Both are learnt from records that were decided the slow way,
 * but for sessions that the scanner itself begins: they become known when its run has ended.
 */

import { parse } from '../../audit/genuine.js';
import type { Payload } from '../../audit/payload.js';
import type { RecordCounts } from '../../event/counts.js';
import { COLUMN } from '../../lib/csvlog.js';
import { recordIn } from '../../read/frame/csv-framer.js';
import type { Found, Scan } from '../../read/frame/scan.js';
import { type Skipping, SLOT } from '../../read/frame/skipping.js';
import type { Before, Frame, RawRecord, Skip } from '../../read/record.js';
import { type Known, sessionStart } from '../../session/sessions.js';
import type { Deciders } from './outcome.js';
import { isWatched } from './unaudited.js';

/** `2026-11-24 07:50:05.791`: then comes the zone. */
const TIME_LENGTH = 23;
/** As in scan/skip.ts. */
const DROPS_AUDIT = 1;
const DROPS_READ = 2;
const DROPS_OTHER = 4;
const LOGIN_IS_NOTHING = 8;
const HAS_LOGIN = 1;
const HAS_TRANSACTION = 2;

const MOST_LINES = 999_999_998;
/** What a session's slot has of records in the input, which are there until the run ends. */
const ADDRESSES = [SLOT.lastAt, SLOT.auditAt, SLOT.readAt];
/** Fewer than the scanner has room for. */
const MOST_USERS = 200;

export class Skipper implements Skip {
  readonly #deciders: Deciders;
  /** The scanner that has the tables. */
  #scan: Scan | null = null;
  #skipping: Skipping | null = null;
  /** By their number in the table. */
  #sessions: (Known | undefined)[] = [];
  /** Of sessions that are not in the table, none began later: milliseconds since the epoch. */
  #newest = 0;
  /** The session_start_time of the session that was learnt last in its first line. */
  #started = { text: '', time: 0 };
  /** What `sessions.noted` was when the tables were right. */
  #noted = 0;
  /** Those that are in the table. */
  readonly #users = new Set<string>();
  #usersVersion: number | null = null;
  readonly #skipped = { 'service-user': 0, class: 0, 'not-audit': 0 };

  constructor(deciders: Deciders) {
    this.#deciders = deciders;
    deciders.facts.sessions.onForget = session => this.#forget(session);
  }

  run(scan: Scan, to: number, before: Before): { found: Found; lastTime: string } {
    const { columns, lastTime, maxRecordSize } = before;
    if (scan !== this.#scan || this.#deciders.facts.sessions.noted !== this.#noted) this.#begin(scan);
    const skipping = this.#refreshed(scan);
    const { version } = this.#deciders.filter.users;
    if (version === null || version !== this.#usersVersion) this.#clearUsers(skipping);
    this.#usersVersion = version;
    this.#allowSessions(skipping);
    skipping.begin(columns, lastTime, TIME_LENGTH, maxRecordSize);
    const found = scan.run(to, lastTime.length > TIME_LENGTH);
    this.#note(skipping, lastTime.length);
    const { byUser, byClass, others } = skipping.counts;
    this.#skipped['service-user'] += byUser;
    this.#skipped.class += byClass;
    this.#skipped['not-audit'] += others;
    return {
      found,
      lastTime: skipping.latestAt === 0 ? lastTime : timeAt(skipping, skipping.latestAt, lastTime.length),
    };
  }

  /** Learns from a frame that was decided: it may have changed what is remembered. */
  learn(frame: Frame): void {
    if (frame.kind === 'gap' || this.#scan === null || !this.#scan.holds(frame.bytes)) {
      this.#scan = null;
      return;
    }
    const skipping = this.#refreshed(this.#scan);
    this.#learnUser(frame, skipping);
    this.#learnSession(frame, skipping);
    this.#noted = this.#deciders.facts.sessions.noted;
  }

  /** Counts what was skipped since the last time. */
  countInto(counts: RecordCounts): void {
    for (const reason of ['service-user', 'class', 'not-audit'] as const) {
      const count = this.#skipped[reason];
      if (count > 0) counts.dropped[reason] = (counts.dropped[reason] ?? 0) + count;
      counts.read += count;
      this.#skipped[reason] = 0;
    }
  }

  #begin(scan: Scan): void {
    this.#scan = scan;
    this.#skipping = scan.skipping;
    this.#skipping.clear();
    this.#users.clear();
    this.#sessions = [];
    const { latestStart, noted } = this.#deciders.facts.sessions;
    this.#newest = latestStart;
    this.#noted = noted;
  }

  /** The scanner may begin sessions that are new, as long as none has to be forgotten for them. */
  #allowSessions(skipping: Skipping): void {
    const { newAfter, room } = this.#deciders.facts.sessions;
    const { text, time } = this.#started;
    skipping.beginSessions(Math.max(newAfter, this.#newest), time > newAfter ? text : '', room);
  }

  /** Growing its memory ends the life of a view. */
  #refreshed(scan: Scan): Skipping {
    if (this.#skipping === null || this.#skipping.memory !== scan.memory) this.#skipping = scan.skipping;
    return this.#skipping;
  }

  #learnUser(record: RawRecord, skipping: Skipping): void {
    const user = record.text(COLUMN.user);
    // The record may be the one that changes who is what.
    if (this.#usersVersion === null || this.#users.has(user)) return;
    const verdict = this.#verdictOf(user);
    if (verdict === null) return;
    if (this.#users.size >= MOST_USERS) this.#clearUsers(skipping);
    this.#users.add(user);
    skipping.setUser(record.column(COLUMN.user), verdict);
  }

  #clearUsers(skipping: Skipping): void {
    skipping.clearUsers();
    this.#users.clear();
  }

  /** What becomes of a role's records; `null` if that is still asked. */
  #verdictOf(user: string): number | null {
    const { filter, escrow } = this.#deciders;
    const kind = filter.users.kindOf(user, () => 0);
    if (kind instanceof Promise) return null;
    const other = isWatched(user, filter) ? 0 : DROPS_OTHER;
    if (kind === 'service') return DROPS_AUDIT | DROPS_OTHER | LOGIN_IS_NOTHING;
    const readsAreDropped = !filter.decide(kind, 'READ').isShipped && filter.decide(kind, 'WRITE').isShipped;
    return kind === 'person' && readsAreDropped && escrow === null ? other | DROPS_READ : other;
  }

  #learnSession(record: RawRecord, skipping: Skipping): void {
    const { sessions, logins, transactions, pending } = this.#deciders.facts;
    const id = record.text(COLUMN.sessionId);
    const known = sessions.known(id);
    const key = keyOf(id);
    if (known === undefined || key === null) return;
    if (known.line === 1) this.#learnStart(record);
    const isTooLong = known.line > MOST_LINES || known.statement > MOST_LINES;
    const slot = isTooLong ? 0 : skipping.session(...key);
    if (slot === 0) {
      this.#forget(id);
      this.#newest = Math.max(this.#newest, sessionStart(id));
      return;
    }
    const { memory } = skipping;
    memory.setUint32(slot + SLOT.line, known.line, true);
    memory.setInt32(slot + SLOT.statement, known.statement, true);
    const hasTransaction = transactions.knows(id) || pending.get(id) !== undefined;
    const flags = (logins.of(id) === null ? 0 : HAS_LOGIN) | (hasTransaction ? HAS_TRANSACTION : 0);
    memory.setUint32(slot + SLOT.flags, flags, true);
    this.#sessions[skipping.numberOf(slot)] = known;
  }

  /** Sessions that began in the same second can be begun by the scanner. */
  #learnStart(record: RawRecord): void {
    const text = record.text(COLUMN.sessionStart);
    if (text !== this.#started.text) this.#started = { text, time: this.#deciders.times.read(text) ?? 0 };
  }

  #forget(session: string): void {
    const key = keyOf(session);
    if (this.#scan === null || key === null) return;
    const skipping = this.#refreshed(this.#scan);
    const slot = skipping.forget(...key);
    if (slot !== 0) this.#sessions[skipping.numberOf(slot)] = undefined;
  }

  /** Makes texts of what was skipped; the session read last comes last. */
  #note(skipping: Skipping, timeLength: number): void {
    const { memory } = skipping;
    const at = (slot: number, field: number): number => memory.getUint32(slot + field, true);
    const { sessions } = this.#deciders.facts;
    const { touched } = skipping;
    if (touched.length === 0) return;
    if (touched.length > 1) touched.sort((a, b) => at(a, SLOT.lastAt) - at(b, SLOT.lastAt));
    for (const slot of touched) {
      const number = skipping.numberOf(slot);
      const known = this.#sessions[number] ?? sessions.begin(skipping.idOf(slot));
      this.#sessions[number] = known;
      const lastAt = at(slot, SLOT.lastAt);
      const auditAt = at(slot, SLOT.auditAt);
      const time = timeAt(skipping, lastAt, timeLength);
      sessions.noteLines(known, at(slot, SLOT.line), time);
      if (auditAt !== 0) {
        known.statement = memory.getInt32(slot + SLOT.statement, true);
        known.statementTime = auditAt === lastAt ? time : timeAt(skipping, auditAt, timeLength);
        known.unread = 0;
      }
      const readAt = at(slot, SLOT.readAt);
      if (readAt !== 0) this.#keep(known.id, skipping.bytes.subarray(readAt, at(slot, SLOT.readEnd)));
      for (const field of ADDRESSES) memory.setUint32(slot + field, 0, true);
    }
  }

  #keep(session: string, bytes: Buffer): void {
    const { statements } = this.#deciders.facts;
    statements.noteUnread(session, { bytes: Buffer.from(bytes), read: this.#read });
  }

  readonly #read = (bytes: Buffer): Payload | null => {
    const { decoderOf, genuine, redact } = this.#deciders;
    const record = recordIn(bytes);
    const parsed = record === null ? null : parse(record, decoderOf, genuine);
    if (parsed?.kind !== 'audit') return null;
    const { statement, parameters, count } = redact(parsed.audit);
    return count === 0
      ? parsed
      : { ...parsed, audit: { ...parsed.audit, statement, parameters, redacted: count } };
  };
}

function timeAt({ bytes }: Skipping, address: number, length: number): string {
  return bytes.toString('latin1', address, address + length);
}

/** As PostgreSQL's `%lx` writes two numbers. */
const SESSION_ID = /^[1-9a-f][0-9a-f]{0,7}\.[1-9a-f][0-9a-f]{0,7}$/;

/** `6b05339d.cfc`: its two numbers; `null` if it is no session id of PostgreSQL's. */
function keyOf(session: string): [start: number, pid: number] | null {
  if (!SESSION_ID.test(session)) return null;
  return [Number.parseInt(session, 16), Number.parseInt(session.slice(session.indexOf('.') + 1), 16)];
}
