/** What somebody has to look into: the part of `Telemetry` about single records. Nothing here gets to see content (I8). */

import type { Logger } from 'pino';
import { type Gap, type Missing, rangeOf } from '../../event/gap.js';
import type { Metrics } from '../metrics.js';

export class Incidents {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #happened = new Map<string, number>();

  constructor(log: Logger, metrics: Metrics) {
    this.#log = log;
    this.#metrics = metrics;
  }

  suspect(reason: string, { file, record }: { file: { path: string }; record: { offset: number } }): void {
    this.#metrics.suspects.inc({ reason });
    if (!this.#isNews('suspect')) return;
    this.#log.error(
      { code: 'suspect', reason, file: file.path, offset: record.offset },
      "a record looks like pgAudit's and is not: look at the suspect event (pgauditLogLevel: where pgaudit.log_level is warning for its role, set source.pgauditLogLevel)",
    );
  }

  gap({ reason, offset, length }: Gap, file: string): void {
    this.#metrics.gaps.inc({ reason });
    this.#metrics.gapBytes.inc({ reason }, length);
    if (!this.#isNews('gap')) return;
    this.#log.error(
      { code: 'gap', reason, file, offset, length },
      'a part of the log could not be read: look at the gap event',
    );
  }

  /** A person's change that the server logged and pgAudit did not. */
  unaudited({ session, file, offset }: { session: string; file: string; offset: number }): void {
    this.#metrics.unaudited.inc();
    if (!this.#isNews('unaudited')) return;
    this.#log.error(
      { code: 'unaudited', session, file, offset },
      'a person changed something, and pgAudit did not log it: look at the unaudited event',
    );
  }

  /** Each rule's count starts at 0: Prometheus sees no increase in the first sample of a series. */
  detects(rules: readonly string[], isNew: boolean): void {
    for (const rule of rules) this.#metrics.alerts.inc({ rule }, 0);
    if (isNew)
      this.#log.info(
        { code: 'detect-learns' },
        'detection begins anew: it learns who works here, and is silent about new persons until then',
      );
  }

  alerted(rule: string): void {
    this.#metrics.alerts.inc({ rule });
    if (!this.#isNews(`alert ${rule}`)) return;
    this.#log.warn({ code: 'alert', rule }, 'a rule of detect raised an alert: look at the alert event');
  }

  largeRecordFailed(why: string): void {
    if (!this.#isNews('large-record')) return;
    this.#log.warn({ code: 'large-record-failed', why }, 'a large record was not read, and is tried again');
  }

  missing(missing: Missing): void {
    const { of, session, first, last, file } = missing;
    const reason = `missing-${of}`;
    this.#metrics.gaps.inc({ reason });
    this.#metrics.missing[of].inc(last - first + 1);
    if (!this.#isNews(reason)) return;
    this.#log.error(
      { code: 'gap', reason, session, ...rangeOf(missing), file: file.path },
      `${of} of a session are in no log file: look at the gap event`,
    );
  }

  /** Clients can make these happen without end: the first, second, fourth, eighth … is logged, each is counted. */
  #isNews(what: string): boolean {
    const count = (this.#happened.get(what) ?? 0) + 1;
    this.#happened.set(what, count);
    return Number.isInteger(Math.log2(count));
  }
}
