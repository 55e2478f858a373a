/** What the status page tells: the latest look, and one sample a minute of the last hour. No content, no names (I8). */

import { MINUTES, renderStatus, STATUS_POLICY } from './status-page.js';

export interface SinkSample {
  /** Events that are durable and not delivered. */
  readonly events: number;
  readonly bytes: number;
  /** Since when the oldest of them waits. */
  readonly seconds: number;
  /** What is usual: an archive gets whole segments. */
  readonly usualSeconds: number;
  /** Where it goes, as the configuration says. */
  readonly to: string;
}

/** A state that needs somebody. */
export interface ProblemSample {
  readonly code: string;
  /** UTC. */
  readonly since: string;
  readonly what: string;
  readonly fix: string;
  /** The part that has it: `source`, or `source orders` of several. */
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
  /** Milliseconds since the start, by a clock that nobody sets. */
  readonly uptime: number;
  readonly problems: readonly ProblemSample[];
  readonly source: { readonly bytes: number; readonly files: number };
  /** Each of several servers; empty where there is but one. */
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
  /** Events by how the person was found, since the start. */
  readonly identities: Readonly<Record<string, number>>;
  /** Users that are in neither list of the filter: how many, never who. */
  readonly unknownUsers: number;
  readonly suspects: number;
  readonly gaps: number;
  /** Events that Cloud Logging will never take. */
  readonly rejectedEntries: number;
  /** `null` before the first. */
  readonly seal: { readonly at: number; readonly hash: string; readonly lastSeq: number } | null;
}

/** What never changes while the daemon runs. */
export interface StatusSubject {
  readonly instance: string;
  readonly node: string;
  readonly version: string;
}

/** The greatest lag of a minute, in seconds. */
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

  /** From now on `refresh` looks at the daemon; before, it is starting. */
  watch(look: () => Promise<StatusSample>): void {
    this.#look = look;
  }

  /** To be called once a minute, and before each answer. A look that fails leaves what was seen last; its time says so. */
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

  /** The same as the page, for programs. */
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

  /** The page, and what it must be sent with as `content-security-policy`. */
  page(): { html: string; csp: string } {
    return { html: renderStatus(this.#subject, this.#latest, this.#ring), csp: STATUS_POLICY };
  }
}
