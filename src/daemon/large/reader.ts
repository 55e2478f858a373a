/** Reads the large records of one server's log in another process, which they may kill. */

import { createHash, type Hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Payload } from '../../audit/payload.js';
import type { Gap } from '../../event/gap.js';
import type { Reading } from '../../event/make.js';
import type { SuspectReason } from '../../event/names.js';
import { type Clock, sleep } from '../../lib/clock.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { Disk } from '../../lib/disk.js';
import { codeOf } from '../../lib/errors.js';
import { ESCROW, type LargeText, PARAMETERS, STATEMENT } from '../../lib/large-text.js';
import { type RawRecord, unreadable } from '../../read/record.js';
import { ChildGone, LargeChild, type Reply } from './child-process.js';
import { Marker } from './marker.js';
import type { Settings } from './protocol.js';

export interface LargeReaderOptions {
  readonly settings: Settings;
  /** Bytes of the largest record. */
  readonly maxRecordSize: number;
  /** PostgreSQL's name of a database's encoding; `null` for UTF-8. */
  readonly encodingOf: (database: string) => string | null;
  /** In the state folder. */
  readonly markerPath: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly report: LargeReport;
}

export interface LargeReport {
  /**
   * Nothing is lost yet. `died`: the process that reads large records died of this one; `no process`: it did not start;
   * otherwise the operating system's code if the mark cannot be written.
   */
  largeRecordFailed(why: string): void;
}

/** The result of `parse`, with tokens instead of texts. */
type LargeParsed =
  | ({ readonly kind: 'audit' } & Required<Payload>)
  | {
      readonly kind: 'suspect';
      readonly reason: SuspectReason | null;
      readonly redacted: number;
      readonly escrow?: string;
      readonly texts: readonly LargeText[];
    };

export type LargeRead = LargeParsed & {
  /** SHA-256 (base64) of the record's bytes. */
  readonly digest: string;
};

/** Processes that may die of a record; then it becomes a gap. */
const MOST_DEATHS = 2;
/** Milliseconds. Linear time means seconds; a machine that swaps may take a hundred times as long. */
const TIME_LIMIT = 10 * 60 * 1000;
/** Milliseconds before starting a process is retried. */
const PAUSE = 10_000;
/** Heap in MB: what any record needs, and a factor for its size (text, findings, redacted text). */
const LEAST_MEMORY = 64;
const MEMORY_FACTOR = 4;
/** Bytes that are hashed in one turn of the event loop. */
const SLICE = 1024 * 1024;

export class LargeReader {
  readonly #options: LargeReaderOptions;
  readonly #child: LargeChild;
  readonly #marker: Marker;
  readonly #closed = new AbortController();

  constructor(options: LargeReaderOptions) {
    const { settings, maxRecordSize, markerPath, disk } = options;
    const memory = LEAST_MEMORY + Math.ceil((MEMORY_FACTOR * maxRecordSize) / 1024 ** 2);
    this.#options = options;
    this.#child = new LargeChild({ settings, memory, timeLimit: TIME_LIMIT });
    this.#marker = new Marker(markerPath, disk);
  }

  /**
   * Reads a record whose message begins like pgAudit's; returns a gap if that fails. The record must not be changed
   * meanwhile.
   */
  async read(record: RawRecord, isSuspect: boolean, reading: Reading): Promise<LargeRead | Gap> {
    const mayTry = await this.#begin(reading);
    const [reply, hash] = await Promise.all([
      mayTry ? this.#ask(record, isSuspect) : null,
      hashOf(record.bytes),
    ]);
    if (reply === null) return unreadable(record, hash.update('\n').digest('hex'));
    return { ...parsedOf(reply), digest: hash.digest('base64') };
  }

  /** Whether a record was begun whose result is not durable yet. */
  get isUnsettled(): boolean {
    return this.#marker.isOwn;
  }

  /** Call once the latest record's result is durable. If its mark cannot be removed, it does no harm. */
  async settle(): Promise<void> {
    await this.#marker.end().catch(() => undefined);
  }

  /**
   * Ends in order: the next start reads the record in progress as if it had not been begun, unless the mark cannot be
   * written.
   */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#child.close();
    await this.#marker.withdraw().catch(() => undefined);
  }

  /** Waits as long as the disk fails, as the journal does. */
  async #begin(reading: Reading): Promise<boolean> {
    for (;;) {
      try {
        return await this.#marker.begin(reading);
      } catch (error) {
        this.#options.report.largeRecordFailed(codeOf(error));
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    await sleep(this.#options.clock, PAUSE, this.#closed.signal);
    this.#closed.signal.throwIfAborted();
  }

  /** `null` if it kills the process that reads it. */
  async #ask(record: RawRecord, isSuspect: boolean): Promise<Reply | null> {
    const { encodingOf, report } = this.#options;
    const column = record.bytes.subarray(record.endOf(COLUMN.message - 1) + 1, record.endOf(COLUMN.message));
    const encoding = encodingOf(record.text(COLUMN.database));
    const question = { length: column.length, isSuspect, hasReturn: record.hasReturn, encoding };
    for (let deaths = 0; deaths < MOST_DEATHS; ) {
      try {
        return await this.#child.ask(question, column);
      } catch (error) {
        if (!(error instanceof ChildGone)) throw error;
        this.#closed.signal.throwIfAborted();
        report.largeRecordFailed(error.isUnready ? 'no process' : 'died');
        if (error.isUnready) await this.#pause();
        else deaths++;
      }
    }
    return null;
  }
}

function parsedOf({ answer, first, second, escrow }: Reply): LargeParsed {
  const texts = [
    { token: STATEMENT, json: first },
    { token: PARAMETERS, json: second },
    { token: ESCROW, json: escrow },
  ];
  const sealed = escrow.length > 0 && { escrow: ESCROW };
  if (answer.kind === 'suspect') return { ...answer, ...sealed, texts };
  const { hasStatement, parameters, isPreviouslyLogged, control, claims, isSensitive, mayWrite } = answer;
  const { rows, redacted, ...head } = answer.audit;
  const audit = {
    ...head,
    statement: hasStatement ? STATEMENT : null,
    parameters: parameters === null ? null : parameters === 0 ? [] : [PARAMETERS],
    rows,
    ...(redacted !== undefined && { redacted }),
    ...sealed,
  };
  const large = { texts, control, claims, isSensitive, mayWrite };
  return { kind: 'audit', audit, isPreviouslyLogged, large };
}

/** A SHA-256 of the bytes, to be continued. */
async function hashOf(bytes: Buffer): Promise<Hash> {
  const hash = createHash('sha256');
  for (let start = 0; start < bytes.length; start += SLICE) {
    hash.update(bytes.subarray(start, start + SLICE));
    await setImmediate();
  }
  return hash;
}
