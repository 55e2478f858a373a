/**
 * Everything that can happen: for each thing there is one function that logs and counts it.
 * warn: nothing is lost yet. error: somebody must act. Nothing here ever sees content (I8).
 */

import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { EventCounts, RecordCounts } from '../../event/counts.js';
import type { ActorStatus } from '../../event/names.js';
import { inWritingOrder, type SourcePosition } from '../../event/position.js';
import { codeOf, failedCallOf, framesOf } from '../../lib/errors.js';
import type { SourceFault, UnsupportedReason } from '../../read/record.js';
import { fixFor, messageOf, UNSUPPORTED_FIX } from '../fixes.js';
import type { Health, Problem, ProblemCode } from '../health.js';
import { forgetServer, type Metrics } from '../metrics.js';
import { DatabaseTelemetry } from './database.js';

/** At most this many users are named in the log, so that it is not flooded. */
const MOST_USERS_NAMED = 1000;

/** Files of one look that the log names one by one. */
const MOST_FILES_NAMED = 10;

const older = (a: SourcePosition, b: SourcePosition): SourcePosition => (inWritingOrder(a, b) <= 0 ? a : b);
const newer = (a: SourcePosition, b: SourcePosition): SourcePosition => (inWritingOrder(a, b) <= 0 ? b : a);

export class Telemetry extends DatabaseTelemetry {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #health: Health;
  /** Health's name for its log. */
  readonly #part: string;
  readonly #sources = new Map<string, Telemetry>();
  readonly #usersNamed = new Set<string>();
  readonly #identified: Partial<Record<ActorStatus, Counter.Internal>> = {};
  /** The code of the error while reading fails. */
  #failing: string | null = null;

  constructor(log: Logger, metrics: Metrics, health: Health, source: string | null = null) {
    const own = source === null ? log : log.child({ source });
    super(own, metrics, health, source);
    this.#log = own;
    this.#metrics = metrics;
    this.#health = health;
    this.#part = source === null ? 'source' : `source ${source}`;
  }

  /** The telemetry of one of several servers: its log lines and problems name it. */
  ofSource(source: string): Telemetry {
    const one = new Telemetry(this.#log, this.#metrics, this.#health, source);
    this.#sources.set(source, one);
    return one;
  }

  /** @param wasRead whether its files were read until they were gone */
  serverLetGo(instance: string, wasRead: boolean): void {
    const fields = { code: 'server-let-go', source: instance };
    if (wasRead) this.#log.info(fields, 'the log files of a server are gone, and were read');
    else
      this.#log.error(
        fields,
        'the log files of a server went away while nobody read them: what they had last is not in the archive, which is incomplete for that time',
      );
    this.#sources.delete(instance);
    this.#health.forget(instance);
    forgetServer(this.#metrics, instance);
  }

  /** @param isFinal whether a new chain begins without further attempts */
  takeUpFailed(error: unknown, isFinal: boolean): void {
    const fields = { code: 'take-up-failed', error: codeOf(error) };
    const what = `there is no state, and the archive does not say where the chain ended: ${messageOf(error)}`;
    if (isFinal) this.#log.error(fields, `${what}; a new chain begins`);
    else {
      this.#health.set('start', {
        code: 'starting',
        what: 'waits for the archive',
        fix: messageOf(error),
      });
      this.#log.warn(fields, `${what}; trying again`);
    }
  }

  started(version: string, instance: string, chain: string): void {
    this.#health.set('start', null);
    this.#log.info({ code: 'started', version, instance, chain }, 'pgaudit-shipper started');
  }

  /** The node is part of the chain's path in the archive. */
  nodeKept(node: string, configured: string): void {
    this.#log.warn(
      { code: 'node-kept', node, configured },
      "the chain in state.directory keeps the node it began with; set node, so that it does not depend on the host's name",
    );
  }

  listening(host: string, port: number): void {
    this.#log.info({ code: 'listening', host, port }, 'health and metrics are served');
  }

  stopping(reason: string): void {
    this.#health.set('start', { code: 'starting', what: 'it is stopping', fix: 'start it again' });
    this.#log.info({ code: 'stopping', reason }, 'stopping: journaling what was read, then delivering it');
  }

  /** @param isJournaled whether everything that was read is in the journal; else it will be read again. */
  stopped(isJournaled: boolean, undelivered: Readonly<Record<string, number>>): void {
    const isDelivered = Object.values(undelivered).every(count => count === 0);
    if (isJournaled && isDelivered) this.#log.info({ code: 'stopped' }, 'stopped; every event is delivered');
    else
      this.#log.warn(
        { code: 'stopped', isJournaled, undelivered },
        'stopped before everything was delivered; the next start continues from there',
      );
  }

  failed(error: unknown): void {
    this.#log.fatal(
      { code: 'failed', error: codeOf(error), at: framesOf(error), ...failedCallOf(error) },
      `pgaudit-shipper failed: ${messageOf(error)}`,
    );
  }

  /** One line for very many: a first start may find thousands. */
  filesFound(files: readonly SourcePosition[]): void {
    this.#metrics.files.inc(files.length);
    if (files.length <= MOST_FILES_NAMED) {
      for (const { path, fileId, offset } of files)
        this.#log.info({ code: 'file-found', path, fileId, offset }, 'reading a log file');
      return;
    }
    const [oldest, newest] = [files.reduce(older).path, files.reduce(newer).path];
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    this.#log.info({ code: 'files-found', files: files.length, bytes, oldest, newest }, 'reading log files');
  }

  fileReplaced({ path, fileId, offset }: { path: string; fileId: string; offset: number }): void {
    this.#metrics.filesReplaced.inc();
    this.#log.info(
      { code: 'file-replaced', path, fileId, offset },
      'a log file was truncated, overwritten or changed',
    );
  }

  fileUnsupported(path: string, reason: UnsupportedReason): void {
    this.#metrics.filesUnsupported.inc({ reason });
    this.#log.warn(
      { code: 'file-unsupported', path, reason },
      `a file is not read. ${UNSUPPORTED_FIX[reason]}`,
    );
  }

  /** @param what it waits for, until the first look at its files */
  sourceWaits(what: string, fix = 'wait'): void {
    this.#health.set(this.#part, { code: 'source-waiting', what: `waits for ${what}`, fix });
  }

  /**
   * Reading the log of one of several servers fails; the others are not affected.
   * @param isFinal whether it is not retried
   */
  sourceFailed(error: unknown, isFinal = false): void {
    const code = codeOf(error);
    this.#metrics.sourceReadable.set(`${this.#part} reading`, 0);
    this.#health.set(`${this.#part} reading`, {
      code: 'source-failing',
      what: 'fails, and is retried',
      fix: messageOf(error),
    });
    if (this.#failing === code) return;
    this.#failing = code;
    this.#log.error(
      { code: 'source-failed', error: code, at: framesOf(error), ...failedCallOf(error) },
      `the log of a server cannot be read further, and is opened again ${isFinal ? 'by the next run' : 'every ten seconds'}: ${messageOf(error)}`,
    );
  }

  /** To be called whenever it is read. */
  sourceReads(): void {
    if (this.#failing === null) return;
    this.#failing = null;
    this.#metrics.sourceReadable.set(`${this.#part} reading`, 1);
    this.#health.set(`${this.#part} reading`, null);
    this.#log.info({ code: 'source-recovered' }, 'the log of the server is read again');
  }

  sourceFaults(faults: readonly SourceFault[]): void {
    this.#metrics.sourceReadable.set(this.#part, faults.length === 0 ? 1 : 0);
    const [first] = faults;
    this.#health.set(this.#part, sourceProblems(faults));
    if (first === undefined) this.#log.info({ code: 'source-readable' }, 'all log files can be read');
    else
      this.#log.error(
        { code: 'source-unreadable', faults },
        `log files cannot be read: ${fixFor(first.code)}`,
      );
  }

  nothingMatches(pattern: string): void {
    this.#log.warn(
      { code: 'nothing-matches', pattern },
      'no file matches this pattern of source.files: fix the pattern, or wait for a file',
    );
  }

  watchFailed(code: string): void {
    this.#log.warn(
      { code: 'watch-failed', error: code },
      'the system does not report changes of files; they are polled',
    );
  }

  ledgerFailed(code: string): void {
    this.#log.warn(
      { code: 'ledger-failed', error: code },
      `files.ndjson in state.directory cannot be written; the checkpoint keeps files that are gone: ${fixFor(code)}`,
    );
  }

  /** @param shipped how many records became events, by the kinds of these */
  recordsRead(bytes: number, counts: RecordCounts, shipped: EventCounts): void {
    this.#metrics.sourceBytes.inc(bytes);
    const { dropped, rejected } = counts;
    for (const [outcome, byReason] of Object.entries({ shipped, dropped, rejected }))
      for (const [reason, count] of Object.entries(byReason))
        this.#metrics.records.inc({ outcome, reason }, count);
  }

  /** Neither a personal nor a service user: named once, so that a missing rule is noticed. */
  otherUser(user: string, shipped: boolean): void {
    if (this.#usersNamed.has(user) || this.#usersNamed.size >= MOST_USERS_NAMED) return;
    this.#usersNamed.add(user);
    const what = shipped ? 'shipped' : 'dropped';
    this.#log.warn(
      { code: 'other-user', user },
      `a user is matched by neither list of the filter; its statements are ${what}`,
    );
  }

  /** How many users were named. */
  get unknownUsers(): number {
    return [...this.#sources.values()].reduce((sum, one) => sum + one.unknownUsers, this.#usersNamed.size);
  }

  /** Called for each statement: finding the counter by its label would take longer than counting. */
  identified(status: ActorStatus): void {
    const counter = this.#identified[status] ?? this.#metrics.identities.labels({ status });
    this.#identified[status] = counter;
    counter.inc();
  }

  committed(events: number, bytes: number): void {
    this.#metrics.events.inc(events);
    this.#metrics.journalBytes.inc(bytes);
  }

  statementDurable(latency: number): void {
    this.#metrics.journalLatency.observe(Math.max(0, latency) / 1000);
  }

  sealed(): void {
    this.#metrics.seals.inc();
  }

  commitFailed(code: string): void {
    this.#metrics.journalFailures.inc({ code });
    this.#health.set('journal', { code: 'journal-failing', what: 'cannot be written', fix: fixFor(code) });
    this.#log.error(
      { code: 'journal-failed', error: code },
      `the journal cannot be written; reading waits: ${fixFor(code)}`,
    );
  }

  commitRecovered(): void {
    this.#health.set('journal', null);
    this.#log.info({ code: 'journal-recovered' }, 'the journal can be written again');
  }

  journalFull(isFull: boolean): void {
    this.#metrics.journalFull.set(isFull ? 1 : 0);
    const full = 'state.maxSize is reached; reading waits until a sink delivers';
    const fix = 'fix the sink that lags, or raise state.maxSize';
    this.#health.set('journal size', isFull ? { code: 'journal-full', what: full, fix } : null);
    if (isFull) this.#log.error({ code: 'journal-full' }, full);
    else this.#log.info({ code: 'journal-has-room' }, 'the journal has room again');
  }

  lookupAnswered(outcome: string): void {
    this.#metrics.lookups.inc({ outcome });
  }

  lookupFailed(error: unknown, failures: number, delay: number): void {
    this.#metrics.lookups.inc({ outcome: 'failed' });
    this.#log.warn(
      { code: 'lookup-failed', error: codeOf(error), failures, retryInMs: Math.round(delay) },
      `the look-up service fails; events are shipped as stale or unresolved: ${messageOf(error)}`,
    );
  }

  lookupRecovered(failures: number): void {
    this.#log.info({ code: 'lookup-recovered', failures }, 'the look-up service answers again');
  }

  cacheFailed(path: string, error: unknown): void {
    this.#log.warn(
      { code: 'cache-failed', path, error: codeOf(error) },
      `a cache is not used: ${messageOf(error)}`,
    );
  }

  redacted(secrets: number): void {
    this.#metrics.redacted.inc(secrets);
  }

  /** The relations that a statement changes could not be determined from its text. */
  unparsable(reason: string): void {
    this.#metrics.unparsed.inc({ reason });
  }

  directoryLoaded(path: string, people: number): void {
    this.#metrics.directoryPeople.set({ path }, people);
    this.#metrics.directoryFailing.set({ path }, 0);
    this.#log.info({ code: 'directory-loaded', path, people }, 'the directory of people was read');
  }

  directoryFailed(path: string, error: unknown): void {
    this.#metrics.directoryFailures.inc();
    this.#metrics.directoryFailing.set({ path }, 1);
    this.#log.error(
      { code: 'directory-failed', path, error: codeOf(error) },
      `the directory of people cannot be read; the one read before stays in use: ${messageOf(error)}`,
    );
  }
}

/** Faults of one kind are one problem: the first one's fix is shown. */
function sourceProblems(faults: readonly SourceFault[]): Problem[] {
  const kinds = Map.groupBy(faults, ({ code }) => SOURCE_PROBLEMS[code] ?? 'log-unreadable');
  return [...kinds].map(([code, [first, ...more]]) => ({
    code,
    what: `${first?.path ?? ''}${more.length === 0 ? '' : ` and ${more.length} more`}`,
    fix: fixFor(first?.code ?? ''),
  }));
}

const SOURCE_PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  zone: 'log-held-back',
  format: 'log-format',
  columns: 'log-format',
  'no-log': 'no-log',
};
