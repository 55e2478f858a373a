import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toLogEntries } from '../../../src/deliver/logging/log-entry.js';
import { joinNaisParts } from '../../../src/deliver/logging/nais.js';
import { sha256 } from '../../support/archive.js';
import { hostileText } from '../../support/csvlog.js';

/** A statement's line in the journal. */
function lineOf(audit: object, actor: object = {}): Buffer {
  const event = {
    v: 1,
    chain: '20261121T203958Z-9f2c',
    seq: 17,
    previousHash: 'a'.repeat(64),
    kind: 'statement',
    id: 'fagsystem-prod/6b0201a1.552d/4',
    time: '2026-11-21T20:40:01.123Z',
    receivedAt: '2026-11-21T20:40:01.180Z',
    instance: 'fagsystem-prod',
    node: 'pg-0',
    database: 'hold',
    actor: {
      user: 'v-oidc-Z990001-17',
      status: 'resolved',
      id: 'Z990001',
      resolvedBy: ['pattern'],
      ...actor,
    },
    audit: {
      type: 'SESSION',
      statementId: 7,
      substatementId: 1,
      class: 'WRITE',
      command: 'UPDATE',
      objectType: null,
      objectName: null,
      statement: 'UPDATE konto SET navn=$1 WHERE id=$2',
      parameters: ['Kåre', '2'],
      rows: null,
      ...audit,
    },
    session: { id: '6b0201a1.552d', line: 4, virtualTransactionId: '3/10', transactionId: '0' },
    source: { file: 'f', fileId: 'x', offset: 0, length: 1 },
  };
  return Buffer.from(JSON.stringify(event));
}

test('a statement is flat, with the names that the log sinks route and search by', () => {
  const line = lineOf({}, { email: 'kari.nordmann@nav.no' });
  expect(toLogEntries(line, 'nais')).toEqual([
    expect.objectContaining({
      insertId: 'fagsystem-prod/6b0201a1.552d/4',
      severity: 'INFO',
      jsonPayload: {
        requestType: 'dbAuditEntry',
        originalMessage: 'AUDIT: SESSION,7,1,WRITE,UPDATE,,,UPDATE konto SET navn=$1 WHERE id=$2,"Kåre,2"',
        logTime: '2026-11-21T20:40:01.123Z',
        navIdent: 'Z990001',
        epost: 'kari.nordmann@nav.no',
        dbName: 'hold',
        auditType: 'SESSION',
        statementId: '7',
        substatementId: '1',
        pgAuditClass: 'WRITE',
        pgCommand: 'UPDATE',
        pgObjectType: null,
        pgObjectName: null,
        sqlStatement: 'UPDATE konto SET navn=$1 WHERE id=$2',
        sqlParameters: 'Kåre,2',
        id: 'fagsystem-prod/6b0201a1.552d/4',
        seq: 17,
        hash: sha256(line),
      },
    }),
  ]);
});

test.each([
  ['none', { parameters: [] }, { sqlParameters: '<none>' }],
  ['not logged', { parameters: null, statement: null }, { sqlParameters: null, sqlStatement: null }],
  ['quoted', { parameters: ['a,"b"', ''] }, { sqlParameters: '"a,""b""",' }],
])('parameters that are %s', (_name, audit, expected) => {
  expect(toLogEntries(lineOf(audit), 'nais')[0]?.jsonPayload).toMatchObject(expected);
});

test('an unresolved user stands for itself', () => {
  const [entry] = toLogEntries(lineOf({}, { id: undefined, status: 'unresolved' }), 'nais');
  expect(entry?.jsonPayload).toMatchObject({ navIdent: 'v-oidc-Z990001-17', epost: null });
});

test('only statements are routed: a suspect must not pass for one', () => {
  const { audit, ...rest } = JSON.parse(lineOf({}).toString());
  const line = Buffer.from(
    JSON.stringify({ ...rest, kind: 'suspect', suspect: { reason: 'context', message: 'x' } }),
  );
  expect(toLogEntries(line, 'nais')[0]?.jsonPayload).not.toHaveProperty('requestType');
});

describe('a large one is cut into parts', () => {
  test('that join to the same texts, each small enough', () => {
    const statement = 'UPDATE konto SET navn = $1 -- å\u{1F600},"'.repeat(75_000);
    const parameters = ['x'.repeat(300_000), 'y'];
    const entries = toLogEntries(lineOf({ statement, parameters }), 'nais');
    for (const [index, entry] of entries.entries()) {
      expect(Buffer.byteLength(JSON.stringify(entry))).toBeLessThan(256 * 1024);
      expect(entry.split).toEqual({
        uid: 'fagsystem-prod/6b0201a1.552d/4',
        index,
        totalSplits: entries.length,
      });
      expect(entry.jsonPayload.requestType).toBe('dbAuditEntry');
    }
    const whole = joinNaisParts(entries.map(entry => entry.jsonPayload));
    expect(whole.sqlStatement).toBe(statement);
    expect(whole.sqlParameters).toBe(parameters.join(','));
    expect(String(whole.originalMessage)).toContain(statement.replaceAll('"', '""'));
  });

  test('whatever the texts', () => {
    fc.assert(
      fc.property(hostileText, fc.array(hostileText), fc.nat(40_000), (text, parameters, times) => {
        const statement = text.repeat(times).slice(0, 400_000).toWellFormed();
        const entries = toLogEntries(lineOf({ statement, parameters }), 'nais');
        expect(joinNaisParts(entries.map(entry => entry.jsonPayload)).sqlStatement).toBe(statement);
      }),
      { numRuns: 50 },
    );
  });
});
