/** The part of the telemetry about the sinks. */

import type { Logger } from 'pino';
import { codeOf } from '../../lib/errors.js';
import { messageOf } from '../fixes.js';
import type { Health } from '../health.js';
import type { Metrics } from '../metrics.js';
import { Incidents } from './incidents.js';

/** Milliseconds that a sink may fail before somebody has to act. */
const FAILING_UNTIL_ERROR = 30_000;

export class DeliveryTelemetry extends Incidents {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #health: Health;
  /** Sinks whose last news was a success. */
  readonly #working = new Set<string>();

  constructor(log: Logger, metrics: Metrics, health: Health) {
    super(log, metrics);
    this.#log = log;
    this.#metrics = metrics;
    this.#health = health;
  }

  delivered(sink: string, events: number): void {
    this.#metrics.delivered.inc({ sink }, events);
    this.#works(sink);
  }

  /** @param since milliseconds for which it has been failing */
  deliveryFailed(sink: string, error: unknown, failures: number, since: number, delay: number): void {
    const code = codeOf(error);
    this.#metrics.retries.inc({ sink, code });
    const [failingForMs, retryInMs] = [since, delay].map(Math.round);
    const fields = { code: 'delivery-failed', sink, error: code, failures, failingForMs, retryInMs };
    const level = since >= FAILING_UNTIL_ERROR ? 'error' : 'warn';
    this.#log[level](fields, `a delivery failed and is retried; nothing is lost: ${messageOf(error)}`);
    this.#working.delete(sink);
    // What failed before a restart needs no more patience.
    if (level === 'error' || this.#health.lasting.some(({ part }) => part === sink))
      this.#health.set(sink, {
        code: 'delivery-failing',
        what: 'every delivery fails, and is retried',
        fix: messageOf(error),
      });
  }

  deliveryRecovered(sink: string, failures: number): void {
    this.#log.info({ code: 'delivery-recovered', sink, failures }, 'deliveries succeed again');
    this.#works(sink);
  }

  objectStored(bytes: number): void {
    this.#metrics.uploadedBytes.observe(bytes);
  }

  entryRejected(insertId: string, error: string): void {
    this.#metrics.rejected.inc({ code: error });
    this.#log.error(
      { code: 'entry-rejected', insertId, error },
      'Cloud Logging will never accept this event; it is in the archive',
    );
  }

  /** Also the first success of a run: it ends what the run before had. */
  #works(sink: string): void {
    if (this.#working.has(sink)) return;
    this.#working.add(sink);
    this.#health.set(sink, null);
  }
}
