/** Compares events with the log that they were read from, by another reader than the shipper's. */

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openArchive } from '../../../src/archive/store/location.js';
import { conclude } from '../../../src/archive/verify/conclude.js';
import { differenceOf, type LoggedEvent, loggedEventSchema } from '../../../src/archive/verify/csvlog.js';
import { isTimeOf } from '../../../src/archive/verify/logged-time.js';
import type { VerifyResult } from '../../../src/archive/verify/result.js';
import { examineArchive, verifyArchive } from '../../../src/archive/verify/verify.js';
import { indexLogFiles } from '../../../src/commands/verify/log-index.js';
import { scrubMessage } from '../../../src/daemon/records/scrub.js';
import { createRedactor } from '../../../src/redact/redact.js';
import {
  auditMessage,
  type Columns,
  csvRecord,
  fieldsOf,
  hostileText,
  writeMessage,
} from '../../support/csvlog.js';
import { cnpgText, criLines, jsonlogLine } from '../../support/json-lines.js';
import { append } from '../../support/log.js';
import { archived, runOnce, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

async function shipped(files: Readonly<Record<string, Buffer | string>>) {
  const folder = await temporaryFolder();
  const logs = join(folder, 'log');
  await mkdir(logs);
  for (const [name, content] of Object.entries(files)) await writeFile(join(logs, name), content);
  expect((await runOnce(folder, settings(folder, [join(logs, '*.csv')]))).code).toBe(0);
  const compare = async (...places: string[]): Promise<VerifyResult> =>
    verifyArchive(openArchive(join(folder, 'archive')), { logFiles: await indexLogFiles(places) });
  return { folder, logs, compare };
}

/** Records of one session, one after the other. */
function records(...all: Partial<Columns>[]): string {
  return all.map((columns, index) => csvRecord({ sessionLine: index + 1, ...columns })).join('');
}

test('everything that is hard about CSV, as PostgreSQL and pgAudit write it', async () => {
  const texts = fc.sample(fc.tuple(hostileText, fc.array(hostileText, { maxLength: 4 })), {
    seed: 7,
    numRuns: 300,
  });
  const log = records(
    ...texts.map(([statement, parameters]) => ({ message: writeMessage(statement, parameters) })),
    {
      message: auditMessage(['SESSION', '1', '1', 'WRITE', 'UPDATE', '', '', '<not logged>', '<not logged>']),
    },
    { message: auditMessage(['SESSION', '1', '1', 'WRITE', 'UPDATE', '', '', 'UPDATE', '', '17']) },
    // Forged by RAISE: it has a context.
    {
      message: writeMessage('UPDATE t', ['"']),
      context: 'PL/pgSQL function inline_code_block line 1 at RAISE',
    },
    { message: 'AUDIT: whatever, "this" is' },
  );
  const { compare, logs } = await shipped({ 'a.csv': log });
  const { parts, failure } = await compare(logs);
  expect(failure).toBeNull();
  expect(parts[0]?.events.statement).toBe(302);
  expect(parts[0]?.logFiles).toEqual({ matched: 304, missing: 0, changed: 0, files: 1, filesMissing: 0 });
});

test('files of which nothing is in the archive prove nothing, unless others do, also those of another shard', async () => {
  const { compare, folder, logs } = await shipped({
    'a.csv': records({ message: writeMessage('UPDATE t') }),
  });
  const other = join(folder, 'other.csv');
  await writeFile(other, records({ message: writeMessage('UPDATE u'), sessionId: '6b0201a1.1' }));
  const archive = openArchive(join(folder, 'archive'));
  const [strange, own] = await Promise.all(
    [other, logs].map(async path => examineArchive(archive, { logFiles: await indexLogFiles([path]) })),
  );
  if (strange === undefined || own === undefined) throw new Error('nothing was found');
  expect((await compare(other)).doubts).toEqual([expect.stringContaining('no event was read from any')]);
  expect((await compare(other)).verdict).toBe('incomplete');
  expect((await compare(other, logs)).doubts).toEqual([]);
  expect(conclude(strange, false).doubts).toEqual([]);
  expect(conclude({ ...own, parts: [...strange.parts, ...own.parts] }).doubts).toEqual([]);
});

test('bytes that are not UTF-8', async () => {
  const log = Buffer.from(
    records({ message: writeMessage("UPDATE t SET navn = 'Bj\u00f8rn \u00e6'") }),
    'latin1',
  );
  const { compare, logs } = await shipped({ 'a.csv': log });
  expect((await compare(logs)).parts[0]?.logFiles).toMatchObject({ matched: 1 });
});

test('a statement that was logged before', async () => {
  const first = auditMessage([
    'SESSION',
    '5',
    '1',
    'READ',
    'SELECT',
    '',
    '',
    'INSERT INTO a SELECT 1',
    '<none>',
  ]);
  const again = [
    'SESSION',
    '5',
    '1',
    'WRITE',
    'INSERT',
    '',
    '',
    '<previously logged>',
    '<previously logged>',
  ];
  const { compare, logs } = await shipped({
    'a.csv': records({ message: first }, { message: auditMessage(again) }),
  });
  const { parts } = await compare(logs);
  expect(parts[0]).toMatchObject({ events: { statement: 1 }, logFiles: { matched: 1 } });
});

test('an error that a savepoint caught: the event comes from the record after it, which has no SQLSTATE of its own', async () => {
  const log = records(
    { message: writeMessage('UPDATE t'), virtualTransactionId: '3/1' },
    { severity: 'ERROR', sqlState: '23505', message: 'duplicate key', virtualTransactionId: '3/1' },
    { message: writeMessage('UPDATE u'), virtualTransactionId: '3/1' },
  );
  const { compare, logs, folder } = await shipped({ 'a.csv': log });
  const { parts, failure } = await compare(logs);
  expect(failure).toBeNull();
  expect(parts[0]).toMatchObject({ events: { statement: 2, failure: 2 }, logFiles: { matched: 4 } });
  const [failed] = await archived(folder, 'failure');
  const bytes = Buffer.from(log.split('\n')[1] ?? '', 'utf8');
  const event = loggedEventSchema.parse(failed);
  if (event.kind !== 'failure') throw new Error('it is no failure');
  const forged: LoggedEvent = { ...event, failure: { ...event.failure, outcome: 'caught' } };
  expect([event, forged].map(one => differenceOf(one, Buffer.concat([bytes, Buffer.from('\n')])))).toEqual([
    null,
    'sqlState',
  ]);
});

test('files are identified by their content: renamed, copied, gone, compressed', async () => {
  const { folder, logs, compare } = await shipped({
    'a.csv': records({}),
    'b.csv': records({ sessionId: '6b0201a2.1' }),
    'c.csv': records({ sessionId: '6b0201a3.1' }),
  });
  await rename(join(logs, 'a.csv'), join(logs, 'a.csv.1'));
  await rm(join(logs, 'b.csv'));
  await writeFile(join(logs, 'b.csv.gz'), gzipSync(records({ sessionId: '6b0201a2.1' })));
  // A copy from before the last record was written, and one from after.
  await writeFile(join(logs, 'c-copy.csv'), records({ sessionId: '6b0201a3.1' }));
  await append(join(logs, 'c.csv'), 7);
  const counts = { matched: 2, missing: 1, files: 2, filesMissing: 1 };
  expect((await compare(logs)).parts[0]?.logFiles).toMatchObject(counts);
  expect((await compare(folder)).parts[0]?.logFiles).toMatchObject(counts);
  expect((await compare(join(logs, 'a.*'), join(logs, 'c*'))).parts[0]?.logFiles).toMatchObject(counts);
  expect((await indexLogFiles([logs])).compressed).toBe(1);
});

test('a file that ends before an event was read', async () => {
  const { logs, compare } = await shipped({ 'a.csv': records({}, {}, {}) });
  await writeFile(join(logs, 'a.csv'), records({}, {}));
  expect((await compare(logs)).failure).toMatchObject({
    code: 'log',
    what: 'the log file has no such record at the position that the event names',
  });
});

const SESSION = {
  ...{ id: '6b0201a1.552d', line: 4, pid: 21805 },
  ...{ client: '127.0.0.1', port: 57658, application: 'psql' },
};
const AUDIT = {
  ...{ type: 'SESSION', statementId: 7, substatementId: 1, class: 'WRITE', command: 'UPDATE' },
  ...{ objectType: null, objectName: null, rows: null },
};

describe('in what an event differs from its record', () => {
  const columns = { message: writeMessage('UPDATE t SET a=$1', ['5']) };
  const bytes = Buffer.from(csvRecord(columns));
  const event: LoggedEvent = {
    kind: 'statement',
    time: '2026-11-21T19:40:01.123Z',
    database: 'hold',
    actor: { user: 'Z990001' },
    session: SESSION,
    source: { fileId: 'f', offset: 0, length: bytes.length },
    audit: { ...AUDIT, statement: 'UPDATE t SET a=$1', parameters: ['5'] },
  };

  test.each<[string, LoggedEvent]>([
    ['user', { ...event, actor: { user: 'Z990002' } }],
    ['database', { ...event, database: null }],
    ['session', { ...event, session: { ...event.session, line: 5 } }],
    ['session', { ...event, session: { ...event.session, id: '6b0201a1.552e' } }],
    ['session', { ...event, session: { ...SESSION, pid: 1 } }],
    ['time', { ...event, time: '2026-10-21T19:40:01.123Z' }],
    ['time', { ...event, time: '2026-11-21T19:40:02.123Z' }],
    ['client', { ...event, session: { ...SESSION, client: '10.0.0.1' } }],
    ['client', { ...event, session: { ...SESSION, port: null } }],
    ['application', { ...event, session: { ...SESSION, application: 'other' } }],
    ['application', { ...event, session: { ...SESSION, application: null } }],
    ['number', { ...event, audit: { ...event.audit, type: 'OBJECT' } }],
    ['number', { ...event, audit: { ...event.audit, statementId: 8 } }],
    ['number', { ...event, audit: { ...event.audit, substatementId: 2 } }],
    ['class', { ...event, audit: { ...event.audit, class: 'READ' } }],
    ['class', { ...event, audit: { ...event.audit, loggedClass: 'READ' } }],
    ['command', { ...event, audit: { ...event.audit, command: 'SELECT' } }],
    ['object', { ...event, audit: { ...event.audit, objectType: 'TABLE' } }],
    ['object', { ...event, audit: { ...event.audit, objectName: 'public.t' } }],
    ['object', { ...event, audit: { ...event.audit, objects: ['public.t'], objectsFrom: 'pgaudit' } }],
    ['rows', { ...event, audit: { ...event.audit, rows: 1 } }],
    ['statement', { ...event, audit: { ...event.audit, redacted: 1, statement: 'select 1' } }],
    [
      'statement',
      { ...event, audit: { ...event.audit, redacted: 1, statement: 'UPDATE u SET a=<redacted>' } },
    ],
    ['statement', { ...event, audit: { ...event.audit, statement: 'UPDATE t SET a=<redacted>' } }],
    [
      'parameters',
      { ...event, audit: { ...event.audit, redacted: 1, parameters: ['<redacted>', '<redacted>'] } },
    ],
    ['message', { ...event, kind: 'suspect', suspect: { message: 'other <redacted>', redacted: 1 } }],
    ['statement', { ...event, audit: { ...event.audit, statement: 'UPDATE t SET a=$2' } }],
    ['statement', { ...event, audit: { ...event.audit, statement: null } }],
    ['parameters', { ...event, audit: { ...event.audit, parameters: ['6'] } }],
    ['parameters', { ...event, audit: { ...event.audit, parameters: [] } }],
    ['parameters', { ...event, audit: { ...event.audit, parameters: null } }],
    ['raw', { ...event, source: { ...event.source, raw: Buffer.from('other').toString('base64') } }],
    ['message', { ...event, kind: 'suspect', suspect: { message: 'other' } }],
    ['sqlState', { ...event, kind: 'failure', failure: { sqlState: '23505' } }],
  ])('%s', (difference, changed) => {
    expect(differenceOf(event, bytes)).toBeNull();
    expect(differenceOf(changed, bytes)).toBe(difference);
  });

  test('of redacted texts, what is left is compared', () => {
    const audit = {
      ...AUDIT,
      statement: 'UPDATE t SET a=<redacted>',
      parameters: ['<redacted>'],
      redacted: 2,
    };
    expect(differenceOf({ ...event, audit }, bytes)).toBeNull();
    expect(differenceOf({ ...event, audit, actor: { user: 'x' } }, bytes)).toBe('user');
    const suspect = { message: 'AUDIT: <redacted>', redacted: 1 };
    expect(differenceOf({ ...event, kind: 'suspect', suspect }, bytes)).toBeNull();
  });

  test.each([
    `AUDIT: SESSION,1,1,ROLE,ALTER ROLE,,,"ALTER ROLE a PASSWORD 'x,y'",<none>`,
    `AUDIT: SESSION,01,1,WRITE,"UPDATE",,,"UPDATE u SET password = 'x'",<none>`,
    `AUDIT: SESSION,1,1,WRITE,UPDATE,,,UPDATE u SET a = $1,"password=abc,b"`,
  ])('a suspect that was scrubbed is the same, whatever its quotes: %s', message => {
    const record = Buffer.from(csvRecord({ message, context: 'PL/pgSQL function f() line 1 at RAISE' }));
    const source = { ...event.source, length: record.length };
    const { text, count } = scrubMessage(message, createRedactor([]));
    const suspect = { message: text, redacted: count };
    expect(text).toContain('<redacted>');
    expect(differenceOf({ ...event, kind: 'suspect', source, suspect }, record)).toBeNull();
    const edited = { ...suspect, message: text.replace('SESSION,', 'OBJECT,') };
    expect(differenceOf({ ...event, kind: 'suspect', source, suspect: edited }, record)).toBe('message');
  });

  test.each([
    ['UTC', '2026-11-21T20:40:01.123Z', true],
    ['UTC', '2026-11-21T19:40:01.123Z', false],
    ['CET', '2026-11-21T19:40:01.123Z', true],
    ['CET', '2026-11-20T19:40:01.123Z', false],
    ['+0530', '2026-11-21T15:10:01.123Z', true],
    ['-03', '2026-11-21T23:40:01.123Z', true],
    ['-03', '2026-11-21T19:40:01.123Z', false],
  ])('a time in %s is compared as far as the zone is known: %s', (zone, time, isSame) => {
    expect(isTimeOf(`2026-11-21 20:40:01.123 ${zone}`, time)).toBe(isSame);
  });

  test('in the other formats, too', () => {
    const row = fieldsOf(columns);
    const fields = ['SESSION', '7', '1', 'WRITE', 'UPDATE', '', '', 'UPDATE t SET a=$1', '5'];
    const lines = [
      Buffer.from(jsonlogLine(row)),
      Buffer.concat(criLines(cnpgText(row, fields))),
      Buffer.from(csvRecord(columns).replace(/\n$/, '\r\n')),
    ];
    for (const line of lines) {
      const here: LoggedEvent = { ...event, source: { ...event.source, length: line.length } };
      expect(differenceOf(here, line)).toBeNull();
      expect(differenceOf({ ...here, time: '2026-10-21T19:40:01.123Z' }, line)).toBe('time');
      expect(differenceOf({ ...here, session: { ...SESSION, port: 1 } }, line)).toBe('client');
      expect(differenceOf({ ...here, session: { ...SESSION, application: 'x' } }, line)).toBe('application');
    }
  });

  test('the error or the rollback of a statement', () => {
    const error = Buffer.from(csvRecord({ sqlState: '23505', message: 'duplicate key', severity: 'ERROR' }));
    expect(differenceOf({ ...event, kind: 'failure', failure: { sqlState: '23505' } }, error)).toBeNull();
    expect(differenceOf({ ...event, kind: 'failure', failure: { sqlState: null } }, bytes)).toBeNull();
  });

  test.each([
    ['two records', Buffer.concat([bytes, bytes])],
    ['half a record', bytes.subarray(0, 200)],
    ['a record and the start of the next', Buffer.concat([bytes, bytes.subarray(0, 50)])],
    ['a record without its newline', bytes.subarray(0, -1)],
    ['the end of a record', bytes.subarray(100)],
    ['nothing', Buffer.alloc(0)],
  ])('%s is not a record', (_name, other) => {
    expect(differenceOf(event, other)).not.toBeNull();
  });

  test.each(['latin1', 'iso-8859-15', 'windows-1252', 'koi8-r'])('a database in %s', encoding => {
    const raw = Buffer.from([0xc5, 0xe6, 0xf8]);
    const text = encoding === 'latin1' ? raw.toString('latin1') : new TextDecoder(encoding).decode(raw);
    const [start, end] = csvRecord({ message: writeMessage('UPDATE @') }).split('@');
    const record = Buffer.concat([Buffer.from(start ?? ''), raw, Buffer.from(end ?? '')]);
    const audit = { ...AUDIT, statement: `UPDATE ${text}`, parameters: [] };
    expect(differenceOf({ ...event, audit }, record)).toBeNull();
    expect(differenceOf({ ...event, audit: { ...audit, statement: 'UPDATE Åæ' } }, record)).toBe('statement');
  });

  test('a letter that was changed in UTF-8 is not taken for another encoding', () => {
    const record = Buffer.from(csvRecord({ message: writeMessage("UPDATE t SET navn = 'Åse'") }));
    const audit = { ...AUDIT, statement: "UPDATE t SET navn = 'Äse'", parameters: [] };
    expect(differenceOf({ ...event, audit }, record)).toBe('statement');
  });
});
