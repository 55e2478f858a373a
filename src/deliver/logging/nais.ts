/** The payload that Nais' log sinks route by `jsonPayload.requestType="dbAuditEntry"`: flat, and nearly all strings. */

import type { StatementFields } from '../../event/audit.js';
import type { AuditEvent, Envelope } from '../../event/event.js';
import { hashOf } from '../../event/line.js';
import { loggedClassOf, messageOf, parametersOf } from '../../event/pgaudit-message.js';
import type { Steps } from '../../lib/turns.js';
import type { JsonPayload } from '../destination.js';
import { LARGEST_PIECE } from './groups.js';
import type { Texts } from './long-texts.js';
import { eventParts } from './split.js';

/** The fields that may be large. In an event of several parts, the pieces of each field follow one another. */
const TEXTS = ['originalMessage', 'sqlStatement', 'sqlParameters'] as const;

/**
 * The payload of one event, or its parts if it is too large for one log entry: the pieces of each field of `TEXTS`
 * joined are the whole field. Only statements are routed; other kinds keep the event's own form.
 *
 * @param line the event as it is in the journal and the archive
 */
export function* naisParts(event: AuditEvent, line: Buffer, texts: Texts): Steps<JsonPayload[]> {
  if (event.kind !== 'statement') return eventParts(event, line.length, texts);
  const sha256 = hashOf(line);
  yield;
  // Quoted here, in a turn of its own; the message below uses the cached result.
  texts.quoted(event.audit.statement ?? '');
  yield;
  const whole = naisPayload(event, sha256, texts);
  yield;
  const pieces: { name: (typeof TEXTS)[number]; text: string; size: number }[] = [];
  for (const name of TEXTS) {
    for (const piece of texts.cut(whole[name] ?? '', LARGEST_PIECE)) pieces.push({ name, ...piece });
    yield;
  }
  if (pieces.reduce((sum, { size }) => sum + size, 0) <= LARGEST_PIECE) return [whole];
  const empty = Object.fromEntries(TEXTS.map(name => [name, whole[name] === null ? null : '']));
  return pieces
    .filter(({ size }) => size > 0)
    .map(({ name, text }) => ({ ...whole, ...empty, [name]: text }));
}

/** Joins all parts, in order, to the whole payload. */
export function joinNaisParts([first = {}, ...rest]: readonly JsonPayload[]): JsonPayload {
  const joined = (name: string): unknown =>
    first[name] === null ? null : [first, ...rest].map(part => part[name]).join('');
  return { ...first, ...Object.fromEntries(TEXTS.map(name => [name, joined(name)])) };
}

function naisPayload(event: Envelope & StatementFields, sha256: string, { quoted }: Texts) {
  const { actor, audit, database } = event;
  return {
    requestType: 'dbAuditEntry',
    originalMessage: messageOf(audit, quoted),
    logTime: event.time,
    navIdent: actor.id ?? actor.user,
    epost: actor.email ?? null,
    dbName: database,
    auditType: audit.type,
    statementId: String(audit.statementId),
    substatementId: String(audit.substatementId),
    pgAuditClass: loggedClassOf(audit),
    pgCommand: audit.command,
    pgObjectType: audit.objectType,
    pgObjectName: audit.objectName,
    sqlStatement: audit.statement,
    sqlParameters: audit.parameters === null ? null : parametersOf(audit, quoted),
    id: event.id,
    seq: event.seq,
    hash: sha256,
  };
}
