/** The data of the status page: the latest sample, and one a minute for the last hour. No content, no names (I8). */

import type { Minute, StatusSample, StatusSubject } from './sample.js';
import { MINUTES, renderStatus, STATUS_POLICY } from './status-page.js';

const MINUTE = 60_000;

export class Status {
  readonly #subject: StatusSubject;
  #look: (() => Promise<StatusSample>) | null = null;
  #latest: StatusSample | null = null;
  #ring: readonly Minute[] = [];

  constructor(subject: StatusSubject) {
    this.#subject = subject;
  }

  /** From now on `refresh` takes samples; before, the daemon is starting. */
  watch(look: () => Promise<StatusSample>): void {
    this.#look = look;
  }

  /** To be called once a minute, and before each answer. If it fails, the last sample stays; its time shows its age. */
  async refresh(): Promise<void> {
    const sample = await this.#look?.().catch(() => null);
    if (sample != null) this.sample(sample);
  }

  sample(sample: StatusSample): void {
    this.#latest = sample;
    const { sinks, uptime } = sample;
    const minute = Math.floor(uptime / MINUTE);
    const last = this.#ring.at(-1);
    const isSame = last?.minute === minute;
    const seen: Minute = {
      minute,
      logging: Math.max(sinks.logging.seconds, isSame ? last.logging : 0),
      archive: Math.max(sinks.archive.seconds, isSame ? last.archive : 0),
    };
    const before = isSame ? this.#ring.slice(0, -1) : this.#ring;
    this.#ring = [...before, seen].filter(one => one.minute > minute - MINUTES);
  }

  /** The content of the page, for programs. */
  toJson(): string {
    const sample = this.#latest;
    if (sample === null) return `${JSON.stringify({ ...this.#subject, isReady: false })}\n`;
    const { now, uptime, ...rest } = sample;
    return `${JSON.stringify({
      ...this.#subject,
      isReady: !sample.problems.some(({ hinders }) => hinders),
      time: new Date(now).toISOString(),
      uptimeSeconds: Math.floor(uptime / 1000),
      ...rest,
      seal: rest.seal && { ...rest.seal, at: new Date(rest.seal.at).toISOString() },
      lag: this.#ring.map(({ minute, logging, archive }) => ({
        minutesAgo: Math.floor(uptime / MINUTE) - minute,
        logging,
        archive,
      })),
    })}\n`;
  }

  /** The page, and the `content-security-policy` to send it with. */
  page(): { html: string; csp: string } {
    return { html: renderStatus(this.#subject, this.#latest, this.#ring), csp: STATUS_POLICY };
  }
}
