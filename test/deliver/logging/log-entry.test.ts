import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../src/deliver/destination.js';
import { toLogEntries } from '../../../src/deliver/logging/log-entry.js';
import type { AuditEvent } from '../../../src/event/event.js';
import type { AuditClass } from '../../../src/event/names.js';
import { StateError } from '../../../src/lib/errors.js';

/** The event of docs/event.md. */
const EVENT: AuditEvent =
  JSON.parse(`{"v":1,"chain":"20261121T203958Z-9f2c","seq":17,"previousHash":"${'a'.repeat(64)}","kind":"statement",
 "id":"fagsystem-prod/6b0201a1.552d/4","time":"2026-11-21T20:40:01.123Z","receivedAt":"2026-11-21T20:40:01.180Z",
 "instance":"fagsystem-prod","node":"pg-0","database":"hold",
 "actor":{"user":"Z990001","status":"resolved","id":"Z990001","resolvedBy":["pattern"]},
 "audit":{"type":"SESSION","statementId":7,"substatementId":1,"class":"WRITE","command":"UPDATE","objectType":null,"objectName":null,
   "statement":"UPDATE konto SET navn=$1 WHERE id=$2","parameters":["Kåre","2"],"rows":null},
 "session":{"id":"6b0201a1.552d","line":4,"startedAt":"2026-11-21T20:40:01Z","pid":21805,"client":"127.0.0.1","port":57658,
   "application":"psql","backendType":"client backend","transactionId":"0","virtualTransactionId":"3/10","queryId":"0"},
 "source":{"file":"postgresql-6.csv","fileId":"9f2c","offset":81231,"length":412}}`);

function changed(changes: object): AuditEvent {
  return JSON.parse(JSON.stringify({ ...EVENT, ...changes }));
}

function toLogEntry(event: AuditEvent): LogEntry | undefined {
  const [entry, ...more] = toLogEntries(Buffer.from(JSON.stringify(event)), 'event');
  expect(more).toEqual([]);
  return entry;
}

/** All that an entry shows, in fields. */
function shown(entry: LogEntry | undefined): object {
  return { ...(entry?.envelope ?? entry), jsonPayload: entry?.jsonPayload, line: entry?.line };
}

test('a statement becomes an entry that can be searched', () => {
  const entry = toLogEntry(EVENT);
  expect(entry).toMatchObject(entry?.envelope ?? {});
  expect(shown(entry)).toEqual({
    insertId: 'fagsystem-prod/6b0201a1.552d/4',
    timestamp: '2026-11-21T20:40:01.123Z',
    severity: 'INFO',
    labels: {
      kind: 'statement',
      instance: 'fagsystem-prod',
      node: 'pg-0',
      database: 'hold',
      user: 'Z990001',
      class: 'WRITE',
      command: 'UPDATE',
    },
    operation: { id: 'fagsystem-prod/6b0201a1.552d/3/10', producer: 'pgaudit-shipper' },
    jsonPayload: EVENT,
    line: Buffer.from(JSON.stringify(EVENT)),
  });
});

test('the same event makes the same entry (I6)', () => {
  expect(shown(toLogEntry(changed({})))).toEqual(shown(toLogEntry(EVENT)));
});

test('a statement whose line is damaged, without its time, is no entry', () => {
  const line = JSON.stringify(EVENT).replace('"time":', '"damaged":');
  expect(() => toLogEntries(Buffer.from(line), 'event').map(shown)).toThrow(StateError);
});

describe('severity', () => {
  test.each<[AuditClass, string]>([
    ['WRITE', 'INFO'],
    ['DDL', 'NOTICE'],
    ['ROLE', 'WARNING'],
  ])('of class %s is %s', (auditClass, severity) => {
    const audit = EVENT.kind === 'statement' ? { ...EVENT.audit, class: auditClass } : {};
    expect(toLogEntry(changed({ audit }))?.severity).toBe(severity);
  });

  test.each([
    ['suspect', 'CRITICAL'],
    ['gap', 'CRITICAL'],
    ['seal', 'DEBUG'],
    ['lifecycle', 'NOTICE'],
  ])('of kind %s is %s', (kind, severity) => {
    expect(toLogEntry(changed({ kind }))?.severity).toBe(severity);
  });
});

describe('timestamp', () => {
  test.each([
    ['2026-10-23T20:40:01.180Z', '2026-10-23T20:40:01.180Z'],
    ['2026-10-23T20:40:01.179Z', EVENT.kind === 'statement' ? EVENT.receivedAt : ''],
    ['2026-11-22T20:40:01.180Z', '2026-11-22T20:40:01.180Z'],
    ['2026-11-22T20:40:01.181Z', EVENT.kind === 'statement' ? EVENT.receivedAt : ''],
  ])('of an event of %s is %s: when it was read, if over 29 days back or a day ahead', (time, timestamp) => {
    expect(toLogEntry(changed({ time }))?.timestamp).toBe(timestamp);
  });
});
