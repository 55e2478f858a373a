/** The audit event, version 1: the one type that everything after `parse` speaks. */

import type { RecordCounts, SourcePosition } from '../lib/record.js';
import type { PopulationContent, UnauditedRoles } from './population.js';

/** What pgAudit says about one statement. */
export interface Audit {
  readonly type: 'SESSION' | 'OBJECT';
  readonly statementId: number;
  readonly substatementId: number;
  readonly class: AuditClass;
  readonly command: string;
  readonly objectType: string | null;
  readonly objectName: string | null;
  /** `null` where it was not logged; then `statementMissing` may say why. */
  readonly statement: string | null;
  /** `[]` where the statement has none, `null` where they were not logged. */
  readonly parameters: readonly string[] | null;
  /** Rows retrieved or changed (`pgaudit.log_rows`). */
  readonly rows: number | null;
  readonly statementMissing?: 'previously-logged';
  /** It touches what is audited or logged: settings of pgAudit or of the log, or the extension. */
  readonly sensitive?: true;
  /** So many secrets were scrubbed from statement and parameters; each shows as `<redacted>`. */
  readonly redacted?: number;
  /** pgAudit's message as it was, as an age file in base64 (`redact.escrowTo`). In the archive only. */
  readonly escrow?: string;
  /** The relations that a WRITE changes, as pgAudit or the statement names them; left out where none can be told. */
  readonly objects?: readonly string[];
  /**
   * Who named them: pgAudit (`pgaudit.log_relation`), or PostgreSQL's parser, which knows no search_path. `ambiguous`: by
   * the parser, of a text that holds several such statements or whose quotes the server may have read otherwise.
   */
  readonly objectsFrom?: 'pgaudit' | 'parsed' | 'ambiguous';
  /** PostgreSQL's parser found that it writes; pgAudit filed it under `loggedClass`. */
  readonly classFrom?: 'parsed';
  readonly loggedClass?: AuditClass;
}

/** pgAudit's classes (README of pgAudit, `pgaudit.log`); MISC_SET is logged as MISC. */
export const AUDIT_CLASSES = ['READ', 'WRITE', 'FUNCTION', 'ROLE', 'DDL', 'MISC'] as const;
export type AuditClass = (typeof AUDIT_CLASSES)[number];

/**
 * `resolved`; `claimed`: by what the client itself wrote; `stale`: from an expired cache while the source was down;
 * `unresolved`: nobody knows.
 */
export type ActorStatus = 'resolved' | 'claimed' | 'stale' | 'unresolved';

/** Who did it. `user` is the login role; the rest is what the resolvers found. */
export interface Actor {
  readonly user: string;
  readonly status: ActorStatus;
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly unit?: string;
  readonly resolvedBy: readonly string[];
}

/** How a session proved who it is (`connection authenticated`, PostgreSQL 14 and later). */
export interface Authentication {
  /** What the method proved; `null` where it proves nothing (trust). */
  readonly identity: string | null;
  /** As in pg_hba.conf: scram-sha-256, cert, gss, ldap, peer, … */
  readonly method: string;
}

export interface Session {
  /** PostgreSQL's `%c`: start time and process id in hexadecimal. */
  readonly id: string;
  /** PostgreSQL's `%l`: the number of the log line in its session, from 1. */
  readonly line: number;
  readonly startedAt: string | null;
  readonly pid: number | null;
  readonly client: string | null;
  readonly port: number | null;
  readonly application: string | null;
  readonly backendType?: string;
  /** Of a parallel worker: the process that it works for (PostgreSQL 14 and later). */
  readonly leaderPid?: number;
  readonly transactionId: string;
  readonly virtualTransactionId: string | null;
  readonly queryId?: string;
  /** Where its `connection authenticated` was read. */
  readonly authentication?: Authentication;
}

/** What a log line tells about itself, whatever its message. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The login role; SET ROLE does not change it. */
  readonly user: string;
  readonly database: string | null;
  readonly session: Session;
  /** The record's bytes in base64, where they are not valid UTF-8. */
  readonly raw: string | null;
}

/** Where in the log the event was read: `offset` and `length` in bytes. */
export interface Source {
  readonly file: string;
  readonly fileId: string;
  readonly offset: number;
  readonly length: number;
  /** The record's bytes in base64, where they are not valid UTF-8. */
  readonly raw?: string;
}

/** Carried by every event. */
export interface Envelope {
  readonly v: 1;
  readonly chain: string;
  readonly seq: number;
  /** SHA-256 (hex) of the line before, without its newline. */
  readonly previousHash: string;
  /** `<instance>/<session id>/<session line>`, or `<instance>/<chain>/<seq>` where no log line is behind it. */
  readonly id: string;
  /** UTC with milliseconds. */
  readonly time: string;
  readonly instance: string;
  readonly node: string;
}

/** What happened in a session of the database, as its log tells it. */
interface FromLog {
  readonly receivedAt: string;
  readonly database: string | null;
  readonly actor: Actor;
  readonly session: Session;
  readonly source: Source;
}

export interface StatementContent extends FromLog {
  readonly kind: 'statement';
  readonly audit: Audit;
}

/** A record that looks like pgAudit's and is not: somebody may be forging the trail. */
export interface SuspectContent extends FromLog {
  readonly kind: 'suspect';
  readonly suspect: {
    readonly reason: SuspectReason;
    readonly message: string;
    /** So many secrets were scrubbed from the message. */
    readonly redacted?: number;
    /** As in Audit. */
    readonly escrow?: string;
  };
}

/** Shipped statements came to nothing, or did not after all. */
export interface FailureContent extends FromLog {
  readonly kind: 'failure';
  readonly failure: {
    /** The id of the latest statement of that transaction that was shipped. */
    readonly statement: string;
    /** Of the error; `null` where there was none. Its message may hold content, and is not shipped. */
    readonly sqlState: string | null;
    /**
     * `failed`: the transaction raised an error; `undone`: it was rolled back, or its session ended inside of it;
     * `caught`: a savepoint caught the error of an earlier `failed`, and the transaction went on. Version 0.1 did not say.
     */
    readonly outcome: 'failed' | 'undone' | 'caught';
    /** The session ended inside a transaction, and the log does not tell whether the statement was part of it. */
    readonly certain?: false;
  };
}

/**
 * Which part of the genuine-record rule a suspect broke. `line`: another record has its session and line, and was
 * shipped under the id that they make. `pgauditLogLevel`: its level is not the one that
 * `source.pgauditLogLevel` says; where `pgaudit.log_level` is really that for the role, that setting helps.
 */
export const SUSPECT_REASONS = [
  'context',
  'query',
  'sql-state',
  'transaction',
  'pgauditLogLevel',
  'line',
  'location',
  'payload',
  'fields',
  'type',
  'ids',
  'class',
  'rows',
  'parameters',
] as const;
export type SuspectReason = (typeof SUSPECT_REASONS)[number];

/** A part of the log that is not in the archive, with what is known of it. */
export interface GapContent {
  readonly kind: 'gap';
  readonly receivedAt: string;
  readonly gap: {
    /** A GapReason, or where a session's numbering shows the loss `missing-lines` or `missing-statements`. */
    readonly reason: string;
    /** Of the record that the bytes begin with, or whose lines are missing. */
    readonly user?: string;
    readonly session?: string;
    readonly line?: string;
    /** Of a record that was too large or could not be read, with its final newline. */
    readonly sha256?: string;
    /** The session's lines that are missing. */
    readonly firstLine?: number;
    readonly lastLine?: number;
    /** The session's statements, as pgAudit numbers them, that are missing. */
    readonly firstStatement?: number;
    readonly lastStatement?: number;
    /** UTC times of the records before and after, as far as they are known. */
    readonly after?: string;
    readonly before?: string;
  };
  /** The bytes that are missing; for `missing-lines` the record that showed it. */
  readonly source: Source;
}

export interface LifecycleContent {
  readonly kind: 'lifecycle';
  readonly lifecycle: {
    readonly action: 'started' | 'stopped';
    readonly version: string;
    /** True where this start began a new chain, and why. */
    readonly newChain?: boolean;
    readonly reason?: NewChainReason;
    /** True where the state folder was lost, and the newest seal in the archive told where to go on. */
    readonly takenUpFromArchive?: boolean;
    /** The servers whose logs this daemon reads, where there are several: each is expected from now on. */
    readonly servers?: readonly string[];
    /** Of a new chain: where the one before it ended, wherever the archive can tell. */
    readonly previousChain?: PreviousChain;
    /** True where nothing is to be expected after this stop (`run --once --retire`). */
    readonly retired?: true;
  };
}

/** A person's change that the server logged (`log_statement`, durations) and pgAudit did not. */
export interface UnauditedContent extends FromLog {
  readonly kind: 'unaudited';
  readonly unaudited: {
    /** What PostgreSQL's parser takes it for. */
    readonly class: AuditClass;
    /** The first so many bytes of what the server logged; secrets are scrubbed. */
    readonly statement: string;
    /** The text was longer. */
    readonly isCut?: true;
    /** As in Audit. */
    readonly redacted?: number;
    readonly escrow?: string;
    /** Statement ids that were expected of pgAudit, and those that came. */
    readonly expected: number;
    readonly audited: number;
  };
}

/**
 * Why the chain was not taken up from the archive: it has none of this instance and node, or cannot be read, or its newest
 * object is damaged, or not signed by the key that is configured.
 */
export type NewChainReason =
  | 'archive-empty'
  | 'archive-unreadable'
  | 'archive-unreachable'
  | 'archive-damaged'
  | 'archive-unsigned';

/** Where a chain ended: its last event in the archive, and the SHA-256 (hex) of that line. */
export interface PreviousChain {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

/** Why a chain begins, and which one came before it, where the archive can tell. */
export interface NewChain {
  readonly reason: NewChainReason;
  readonly previousChain?: PreviousChain;
}

/** What the newest seal in the archive tells of the chain before it. */
export interface ChainEnd {
  readonly chain: string;
  readonly lastSeq: number;
  readonly lastHash: string;
  /** Of the segment that it closes. */
  readonly date: string;
  /** Milliseconds since the epoch. */
  readonly sealedAt: number;
  readonly coverage: readonly Coverage[];
  readonly files: readonly SealedPosition[];
}

/** What was read of one file between two seals: bytes `from` to `to`. */
export interface Coverage {
  /** The server's instance, where it is another than that of the chain. */
  readonly source?: string;
  readonly file: string;
  readonly fileId: string;
  readonly from: number;
  readonly to: number;
  readonly records: RecordCounts;
}

export type SealReason = 'size' | 'age' | 'date' | 'quiet' | 'shutdown';

/** The last line of a segment: what it holds and what was read to make it. */
export interface SealContent {
  readonly kind: 'seal';
  /** Ed25519 in base64 over the line without this field, which is its last one (`archive.signingKeyFile`). */
  readonly signature?: string;
  readonly seal: {
    readonly reason: SealReason;
    readonly firstSeq: number;
    /** Events in the segment by kind, without the seal itself. */
    readonly events: Readonly<Record<string, number>>;
    readonly records: RecordCounts;
    readonly coverage: readonly Coverage[];
    /** Where reading of every known file goes on, for a daemon that lost its state. */
    readonly files: readonly SealedPosition[];
    /** Of each server: all that its log held at that time (UTC) is in the chain. Version 0.1 did not say. */
    readonly until?: readonly SealedUntil[];
    /** Milliseconds that a segment may stay open (`archive.segment.maxAge`). Version 0.1 did not say. */
    readonly maxAge?: number;
  };
}

/** Up to when a server's log is in the chain. */
export interface SealedUntil {
  /** As in Coverage. */
  readonly source?: string;
  readonly time: string;
}

/** Where reading of one file goes on. */
export interface SealedPosition extends SourcePosition {
  /** As in Coverage. */
  readonly source?: string;
}

/** One thing that changed; `null`: it is not set, or was not. Names and values of settings only, never SQL. */
export interface AuditChange {
  /**
   * `setting`: the server's, or with `role` or `database` an override of it. `library`: pgAudit itself, `loaded` or
   * not. `escrow`: to whom originals of scrubbed texts are encrypted. `role`: what a login role is to the filter, by the memberships of now: `person`, `service` or `other`.
   */
  readonly what: 'setting' | 'library' | 'role' | 'escrow';
  /** Of the setting, the library or the role. */
  readonly name: string;
  /** Whose override; neither for `ALTER ROLE ALL`, which `isOverride` tells from the server's own value. */
  readonly role?: string;
  readonly database?: string;
  readonly isOverride?: true;
  readonly before: string | null;
  readonly after: string | null;
}

/** The content of a `config` event. */
export interface ConfigContent {
  readonly kind: 'config';
  readonly config: {
    /** When the settings were as before: UTC; they may have changed at any time since. */
    readonly since: string;
    readonly changes: readonly AuditChange[];
    /** After these changes. */
    readonly unaudited?: UnauditedRoles;
  };
}

export type Content =
  | StatementContent
  | FailureContent
  | SuspectContent
  | GapContent
  | LifecycleContent
  | ConfigContent
  | UnauditedContent
  | PopulationContent
  | SealContent;

export type AuditEvent = Envelope & Content;
export type EventKind = Content['kind'];

/** An event that is not yet in the chain. Without a log line behind it, it has no `id` of its own. */
export type Draft = Content & Pick<Envelope, 'time' | 'instance' | 'node'> & { readonly id?: string };
