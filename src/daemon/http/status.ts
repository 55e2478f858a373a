/** The data of the status page: the latest sample, and one a minute for the last hour. No content, no names (I8). */

import { MINUTES, renderStatus, STATUS_POLICY } from './status-page.js';

export interface SinkSample {
  /** Events that are durable and not delivered. */
  readonly events: number;
  readonly bytes: number;
  /** How long the oldest of them has waited. */
  readonly seconds: number;
  /** The usual delay: an archive gets whole segments. */
  readonly usualSeconds: number;
  /** The destination, as in the configuration. */
  readonly to: string;
}

/** A state that needs somebody. */
export interface ProblemSample {
  readonly code: string;
  /** UTC. */
  readonly since: string;
  readonly what: string;
  readonly fix: string;
  /** The part that has the problem: `source`, or `source orders` if there are several. */
  readonly part: string;
  /** The daemon cannot do its job. */
  readonly hinders: boolean;
}

/** One of several servers. */
export interface SourceSample {
  readonly instance: string;
  /** Bytes of its log that were not read yet. */
  readonly unread: number;
  readonly isRead: boolean;
}

/** One look at the daemon. */
export interface StatusSample {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds since the start, by a monotonic clock. */
  readonly uptime: number;
  readonly problems: readonly ProblemSample[];
  readonly source: { readonly bytes: number; readonly files: number };
  /** Each of several servers; empty if there is only one. */
  readonly sources: readonly SourceSample[];
  readonly journal: {
    readonly chain: string;
    readonly lastSeq: number;
    readonly bytes: number;
    readonly maxBytes: number;
  };
  readonly sinks: { readonly logging: SinkSample; readonly archive: SinkSample };
  /** Records of the log since the start. */
  readonly records: readonly { readonly outcome: string; readonly reason: string; readonly count: number }[];
  /** Events since the start, by the actor's status. */
  readonly identities: Readonly<Record<string, number>>;
  /** Users that no list of the filter matches: the number only, never the names. */
  readonly unknownUsers: number;
  readonly suspects: number;
  readonly gaps: number;
  /** Events that Cloud Logging will never accept. */
  readonly rejectedEntries: number;
  /** `null` before the first seal. */
  readonly seal: { readonly at: number; readonly hash: string; readonly lastSeq: number } | null;
}

/** What never changes while the daemon runs. */
export interface StatusSubject {
  readonly instance: string;
  readonly node: string;
  readonly version: string;
}

/** The greatest lag in a minute, in seconds. */
export interface Minute {
  readonly minute: number;
  readonly logging: number;
  readonly archive: number;
}

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
