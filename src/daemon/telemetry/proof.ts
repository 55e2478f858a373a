/** The part of the telemetry about what proves the archive: signatures, time stamps and the witness. */

import type { Logger } from 'pino';
import { codeOf } from '../../lib/errors.js';
import { messageOf } from '../fixes.js';
import type { Health, ProblemCode } from '../health.js';
import type { Metrics } from '../metrics.js';
import { DeliveryTelemetry } from './delivery.js';

/** What fails, or does no more; called at each attempt. */
type Failure = { readonly error: unknown } | null;

export class ProofTelemetry extends DeliveryTelemetry {
  readonly #log: Logger;
  readonly #health: Health;
  /** Parts that fail. */
  readonly #failing = new Set<string>();

  constructor(log: Logger, metrics: Metrics, health: Health) {
    super(log, metrics, health);
    this.#log = log;
    this.#health = health;
  }

  signing(failure: Failure): void {
    if (failure === null && this.#recovered('signing'))
      this.#log.info({ code: 'signing-recovered' }, 'seals can be signed again');
    if (
      failure !== null &&
      this.#failed('signing', 'seal-unsigned', 'a seal is due, and cannot be signed', failure)
    )
      this.#log.error(
        { code: 'signing-failed', error: codeOf(failure.error) },
        `a seal cannot be signed; its segment goes on until it can: ${messageOf(failure.error)}`,
      );
  }

  stamping(failure: Failure): void {
    if (failure === null && this.#recovered('time stamps'))
      this.#log.info({ code: 'stamping-recovered' }, 'the time stamping authority answers again');
    if (
      failure !== null &&
      this.#failed('time stamps', 'stamp-missing', 'a time stamp is due, and there is none', failure)
    )
      this.#log.error(
        { code: 'stamping-failed', error: codeOf(failure.error) },
        `there is no time stamp over the newest seal; the next one covers it: ${messageOf(failure.error)}`,
      );
  }

  /** Whether it failed before. */
  #recovered(part: string): boolean {
    if (!this.#failing.delete(part)) return false;
    this.#health.set(part, null);
    return true;
  }

  /** Whether it is the first failure in a row. */
  #failed(part: string, code: ProblemCode, what: string, { error }: { readonly error: unknown }): boolean {
    this.#health.set(part, { code, what, fix: messageOf(error) });
    if (this.#failing.has(part)) return false;
    this.#failing.add(part);
    return true;
  }
}
