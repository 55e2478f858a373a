/** What an entry shows of its event, beside the event itself: read off the line's bytes where that is safe. */

import { AUDIT_CLASSES, type AuditClass, type AuditEvent, type EventKind } from '../../event/event.js';

export interface Head {
  readonly kind: EventKind;
  readonly id: string;
  readonly time: string;
  readonly receivedAt: string | null;
  readonly instance: string;
  readonly node: string;
  readonly database: string | null;
  readonly user: string | null;
  readonly class: AuditClass | null;
  readonly command: string | null;
  readonly session: string | null;
  readonly virtualTransactionId: string | null;
}

export function headOf(event: AuditEvent): Head {
  const { kind, id, time, instance, node } = event;
  const audit = event.kind === 'statement' ? event.audit : null;
  const happened = 'session' in event ? event : null;
  return {
    kind,
    id,
    time,
    receivedAt: 'receivedAt' in event ? event.receivedAt : null,
    instance,
    node,
    database: happened?.database ?? null,
    user: happened?.actor.user ?? null,
    class: audit?.class ?? null,
    command: audit?.command ?? null,
    session: happened?.session.id ?? null,
    virtualTransactionId: happened?.session.virtualTransactionId ?? null,
  };
}

/** A text of printable ASCII that JSON writes as it is. */
const TEXT = '"([ !#-\\[\\]-~]*)"';
const START = new RegExp(
  `^\\{"v":1,"chain":"[^"]*","seq":\\d+,"previousHash":"[^"]*","kind":"statement","id":${TEXT},"time":${TEXT},"receivedAt":${TEXT},"instance":${TEXT},"node":${TEXT},"database":(?:${TEXT}|null),"actor":\\{"user":${TEXT},`,
);
const AUDIT =
  /,"audit":\{"type":"[A-Z]+","statementId":\d+,"substatementId":\d+,"class":"([A-Z]+)","command":"([ !#-[\]-~]*)",/y;
const SESSION = new RegExp(`,"session":\\{"id":${TEXT},`, 'y');
const TRANSACTION = new RegExp(`,"virtualTransactionId":(?:${TEXT}|null)[,}]`, 'y');

/**
 * The head of a statement's line as the journal writes it; `null` where that cannot be told without parsing. A quote
 * within a text is always written `\"`: what is looked for with its quotes cannot stand in one.
 */
export function readHead(line: Buffer): Head | null {
  const text = line.toString('latin1');
  const start = START.exec(text);
  const audit = start && find(AUDIT, ',"audit":{', text, start[0].length - 1);
  const session = audit && find(SESSION, ',"session":{', text, AUDIT.lastIndex - 1);
  const transaction = session && find(TRANSACTION, ',"virtualTransactionId":', text, SESSION.lastIndex - 1);
  if (start === null || audit === null || session === null || transaction === null) return null;
  const [, id = '', time = '', receivedAt = '', instance = '', node = '', database = null, user = ''] = start;
  const [, auditClass = '', command = ''] = audit;
  if (!isClass(auditClass)) return null;
  return {
    kind: 'statement',
    id,
    time,
    receivedAt,
    instance,
    node,
    database,
    user,
    class: auditClass,
    command,
    session: session[1] ?? '',
    virtualTransactionId: transaction[1] ?? null,
  };
}

function isClass(name: string): name is AuditClass {
  return AUDIT_CLASSES.some(one => one === name);
}

/** What the sticky expression matches at the first place, from `from` on, that begins with `key`. */
function find(expression: RegExp, key: string, text: string, from: number): RegExpExecArray | null {
  const at = text.indexOf(key, from);
  if (at === -1) return null;
  expression.lastIndex = at;
  return expression.exec(text);
}
