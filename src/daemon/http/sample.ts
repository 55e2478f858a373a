/** What the status page shows of one look at the daemon. No content, no names (I8). */

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
  readonly sinks: {
    readonly logging: SinkSample;
    readonly archive: SinkSample;
    readonly witness?: SinkSample;
    readonly siem?: SinkSample;
  };
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
