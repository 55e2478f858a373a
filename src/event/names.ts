/** The names that an event may hold. Without zod: what only needs a name need not load it. */

/** pgAudit's classes (README of pgAudit, `pgaudit.log`); MISC_SET is logged as MISC. */
export const AUDIT_CLASSES = ['READ', 'WRITE', 'FUNCTION', 'ROLE', 'DDL', 'MISC'] as const;
export type AuditClass = (typeof AUDIT_CLASSES)[number];

/**
 * Commands of class MISC that change nothing themselves: a failure names the latest statement that is none of them.
 * ROLLBACK and RELEASE may be about a savepoint.
 */
export const CONTROL_COMMANDS: ReadonlySet<string> = new Set([
  ...['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'],
  ...['PREPARE TRANSACTION', 'COMMIT PREPARED', 'ROLLBACK PREPARED'],
]);

/**
 * `resolved`; `claimed`: by what the client itself wrote; `stale`: from an expired cache while the source was down;
 * `unresolved`: unknown.
 */
export const ACTOR_STATUSES = ['resolved', 'claimed', 'stale', 'unresolved'] as const;
export type ActorStatus = (typeof ACTOR_STATUSES)[number];

/**
 * Which part of the genuine-record rule a suspect broke. `line`: another record has its session and line, and was
 * shipped under the id that they make. `pgauditLogLevel`: its level is not the one in `source.pgauditLogLevel`; if
 * `pgaudit.log_level` really has that value for the role, that setting helps.
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

/**
 * Why bytes of a log file could not be read as records. `truncated`: the file holds something else now;
 * `vanished`: it is gone; `changed`: the bytes before these have changed since they were read; `time`: log_time cannot
 * be read; `unreadable`: the processes that read or encrypted the record failed; `unwatched`: the file that was being
 * read was removed while nobody read the log, so it is not known what else was written to it.
 */
export const GAP_REASONS = [
  'torn',
  'oversize',
  'truncated',
  'vanished',
  'changed',
  'time',
  'unreadable',
  'unwatched',
] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** Reasons of gaps for which no record of a file is counted: numbers of a session that are missing. */
export const MISSING_REASONS: ReadonlySet<string> = new Set(['missing-lines', 'missing-statements']);

/** What a statement did with a row, or with all of a table's. */
export const ROW_OPERATIONS = ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] as const;
export type RowOperation = (typeof ROW_OPERATIONS)[number];

export const SEAL_REASONS = ['size', 'age', 'date', 'quiet', 'shutdown'] as const;
export type SealReason = (typeof SEAL_REASONS)[number];

/**
 * Why the chain did not continue the archive's: the archive has none of this instance and node, cannot be read, or its
 * newest object is damaged or not signed by the configured key.
 */
export const NEW_CHAIN_REASONS = [
  'archive-empty',
  'archive-unreadable',
  'archive-unreachable',
  'archive-damaged',
  'archive-unsigned',
] as const;
export type NewChainReason = (typeof NEW_CHAIN_REASONS)[number];

/** Severities of alerts, as Cloud Logging names them, the weightiest last. */
export const ALERT_SEVERITIES = ['notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** The built-in rules of `detect`; also names of conditions for the rules of one's own. */
export const RULES = [
  ...(['bulk', 'no-where', 'destroyed', 'outside-hours', 'rights', 'audit-off', 'server-files'] as const),
  ...(['untrusted-language', 'first-seen', 'shared-role', 'failures', 'watched', 'unaudited'] as const),
] as const;
export type RuleName = (typeof RULES)[number];
