/**
 * What the rules look at of an event. It depends on the event as it is in the archive, and on what PostgreSQL's parser says
 * of its text: the stream, a restart and `detect --replay` see the same.
 */

import { hash } from 'node:crypto';
import type { Audit } from '../event/audit.js';
import type { AuditClass } from '../event/names.js';
import type { Actor } from '../event/session.js';
import { AUDITING } from '../lib/auditing.js';

/** An event, as far as rules look at it. */
export interface Watched {
  readonly kind: string;
  readonly time: string;
  readonly receivedAt?: string;
  readonly instance: string;
  readonly node: string;
  readonly database?: string | null;
  readonly actor?: Actor;
  readonly audit?: WatchedAudit;
  readonly session?: { readonly id: string };
  readonly source?: { readonly length: number };
  readonly failure?: { readonly outcome?: string };
  readonly config?: { readonly changes: readonly { readonly what: string; readonly name: string }[] };
}

export type WatchedAudit = Pick<Audit, 'class' | 'command' | 'objectName' | 'statement'> &
  Pick<Audit, 'statementId' | 'substatementId' | 'rows' | 'objects' | 'sensitive' | 'redacted'>;

/** What PostgreSQL's parser says of a statement. */
export interface Said {
  /** A plain EXPLAIN or a PREPARE, which changes nothing. */
  readonly isPlan: boolean;
  readonly withoutWhere: 'yes' | 'no' | 'maybe' | 'unknown';
  readonly signs: readonly string[];
  /** It may have signs, and does not parse. */
  readonly isUnknown: boolean;
}

export interface Sight {
  readonly kind: 'statement' | 'failure' | 'unaudited' | 'config';
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly receivedAt: number;
  readonly event: Watched;
  /** The login role; empty if there is none. */
  readonly user: string;
  /** Identifies the person, if somebody else than the client says who it is; else the login role. */
  readonly person: string;
  readonly statement: SeenStatement | null;
  /** A failure of which it is known that it was none of the person's own doing is not one. */
  readonly hasFailed: boolean;
  /** A change of settings of pgAudit or of the log, or of pgAudit itself. */
  readonly changesAuditing: boolean;
}

export interface SeenStatement extends Said {
  /** Differs for each statement of a session; its relations share it. */
  readonly key: string;
  readonly class: AuditClass;
  readonly command: string;
  /** Changed rows, or those that were read, if the log says. */
  readonly rows: number;
  /** Empty if they are not known. */
  readonly relations: readonly string[];
  readonly isSensitive: boolean;
}

const KINDS = ['statement', 'failure', 'unaudited', 'config'] as const;

/** @param said of a statement. Returns `null` for kinds that no rule looks at. */
export function sightOf(event: Watched, said: Said | null): Sight | null {
  const kind = KINDS.find(one => one === event.kind);
  if (kind === undefined) return null;
  const { time, receivedAt = time, actor } = event;
  const { audit, failure, config, session } = event;
  const user = actor?.user ?? '';
  return {
    kind,
    time: Date.parse(time),
    receivedAt: Date.parse(receivedAt),
    event,
    user,
    person: actor === undefined ? '' : personOf(actor),
    statement: audit === undefined || said === null ? null : seen(audit, session?.id ?? '', said),
    hasFailed: failure !== undefined && (failure.outcome ?? 'failed') === 'failed',
    changesAuditing: config?.changes.some(isOfAuditing) === true,
  };
}

function seen(audit: WatchedAudit, session: string, said: Said): SeenStatement {
  const { statementId, substatementId, command, rows, objects, objectName, sensitive = false } = audit;
  return {
    ...said,
    key: `${session}/${statementId}/${substatementId}`,
    class: audit.class,
    command,
    rows: rows ?? 0,
    relations: objects ?? (objectName === null ? [] : [objectName]),
    isSensitive: sensitive,
  };
}

function isOfAuditing({ what, name }: { readonly what: string; readonly name: string }): boolean {
  return what === 'library' || (what === 'setting' && AUDITING.test(name));
}

/** PostgreSQL's names are shorter. */
const LONGEST_KEY = 128;

/** Separators keep a role from passing for a person's id. */
function personOf({ user, status, id, email }: Actor): string {
  const isKnown = status === 'resolved' || status === 'stale';
  const known = isKnown ? (id ?? email) : undefined;
  const key = known === undefined ? `role ${user}` : `person ${known}`;
  return key.length <= LONGEST_KEY ? key : `hash ${hash('sha256', key)}`;
}
