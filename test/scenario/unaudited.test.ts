/**
 * When a statement that the server logged is reported, and when it is not; made-up logs, for what a server does rarely.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, onTestFinished, test } from 'vitest';
import { timeReader } from '../../src/audit/time.js';
import { decide } from '../../src/daemon/records/record.js';
import { reportOverdue } from '../../src/daemon/records/unaudited.js';
import { createRelationParser } from '../../src/relations/relations.js';
import { SessionFacts } from '../../src/session/facts.js';
import type { ArchivedEvent } from '../support/archive.js';
import { type Columns, csvRecord, writeMessage } from '../support/csvlog.js';
import { recordOf } from '../support/frames.js';
import { archived, logged, runCommand, runOnce, settings } from '../support/shipper.js';
import { decidersOf } from '../support/skipped.js';
import { temporaryFolder } from '../support/temp.js';

/** What `verify` says of a changed archive. */
const BROKEN = 1;
const TEXT = 'UPDATE t SET a = 1';
const IDLE = { commandTag: 'idle' };

/** Lines of one session, one after the other. */
function session(...lines: readonly Partial<Columns>[]): string {
  return lines.map((columns, index) => csvRecord({ sessionLine: index + 1, ...columns })).join('');
}

const serverLog = (sql = TEXT, more: Partial<Columns> = {}): Partial<Columns> => ({
  ...IDLE,
  message: `statement: ${sql}`,
  ...more,
});
const executed = (sql = TEXT, name = '<unnamed>'): Partial<Columns> => ({
  message: `execute ${name}: ${sql}`,
});
const audited = (statement: number, sql = TEXT): Partial<Columns> => ({
  message: writeMessage(sql, [], statement),
});
const lasted = (sql?: string): Partial<Columns> => ({
  message: `duration: 0.123 ms${sql === undefined ? '' : `  statement: ${sql}`}`,
});
const failed = (query: string | null = TEXT): Partial<Columns> => ({
  severity: 'ERROR',
  sqlState: '42501',
  message: 'permission denied',
  query,
});
const first = { ...IDLE, commandTag: 'startup', message: 'connection authorized: user=x' };
const last = { ...IDLE, message: 'disconnection: session time: 0:00:01' };

async function unauditedIn(...files: readonly string[]): Promise<ArchivedEvent[]> {
  const folder = await temporaryFolder();
  for (const [index, text] of files.entries()) {
    await writeFile(join(folder, `${index}.csv`), text);
    expect((await runOnce(folder, settings(folder, [join(folder, '*.csv')]))).code).toBe(0);
  }
  expect((await runCommand(['verify', join(folder, 'archive')])).code).not.toBe(BROKEN);
  return await archived(folder, 'unaudited');
}

const counts = (events: readonly ArchivedEvent[]): unknown[] =>
  events.map(({ unaudited }) => [unaudited?.statement, unaudited?.expected, unaudited?.audited]);

describe('a change that the server logged is unaudited', () => {
  test.each<[string, Partial<Columns>[], unknown[]]>([
    ['at the end of its session', [first, serverLog(), last], [[TEXT, 1, 0]]],
    ['at the next statement', [first, serverLog(), serverLog('SELECT 1')], [[TEXT, 1, 0]]],
    ['at the next execution', [first, executed(), executed('SELECT 1')], [[TEXT, 1, 0]]],
    ['at its duration', [first, serverLog(), lasted()], [[TEXT, 1, 0]]],
    ['by its duration alone', [first, lasted(TEXT)], [[TEXT, 1, 0]]],
    [
      'after an audited one',
      [first, serverLog(), audited(1), serverLog('DELETE FROM t'), last],
      [['DELETE FROM t', 1, 0]],
    ],
    [
      'before an audited one',
      [first, serverLog(), serverLog('DELETE FROM t'), audited(1), last],
      [[TEXT, 1, 0]],
    ],
    [
      'in another language',
      [first, serverLog(TEXT, { message: `Anweisung: ${TEXT}` }), last],
      [[TEXT, 1, 0]],
    ],
    [
      'with quotes as standard_conforming_strings = off has them',
      [first, serverLog(String.raw`UPDATE t SET a = 'it\'s'`), last],
      [[String.raw`UPDATE t SET a = 'it\'s'`, 1, 0]],
    ],
    ['in Korean', [first, serverLog(TEXT, { message: `명령 구문: ${TEXT}` }), last], [[TEXT, 1, 0]]],
    // update_process_title was switched off: the server logs no statement while another one runs.
    ...['SET', 'SELECT', 'DO'].map((commandTag): [string, Partial<Columns>[], unknown[]] => [
      `in a session whose title stays ${commandTag}`,
      [first, serverLog(TEXT, { commandTag }), last],
      [[TEXT, 1, 0]],
    ]),
    ['in French', [first, serverLog(TEXT, { message: `instruction : ${TEXT}` }), last], [[TEXT, 1, 0]]],
    [
      'inside a transaction',
      [first, serverLog(TEXT, { commandTag: 'idle in transaction' }), last],
      [[TEXT, 1, 0]],
    ],
    [
      'if fewer of its changes were audited',
      [first, serverLog(`${TEXT}; ${TEXT}`), audited(1), last],
      [[`${TEXT}; ${TEXT}`, 2, 1]],
    ],
    [
      'before a warning that pretends to be its error',
      [first, serverLog(), { ...failed(null), severity: 'WARNING', context: 'PL/pgSQL' }, last],
      [[TEXT, 1, 0]],
    ],
    ...['WARNING', 'WARNUNG', 'ПРЕДУПРЕЖДЕНИЕ', '警告'].map(
      (severity): [string, Partial<Columns>[], unknown[]] => [
        `before a COMMIT outside of a transaction: ${severity}`,
        [
          first,
          serverLog(),
          { ...failed(null), severity, sqlState: '25P01', message: 'there is no transaction in progress' },
          last,
        ],
        [[TEXT, 1, 0]],
      ],
    ),
    ['before another statement’s error', [first, serverLog(), failed('SELECT 1/0'), last], [[TEXT, 1, 0]]],
  ])('%s', async (_name, lines, expected) => {
    expect(counts(await unauditedIn(session(...lines)))).toEqual(expected);
  });

  test('in the order of the log, with who, when and where', async () => {
    const log = session(
      first,
      serverLog(),
      { ...audited(1), sessionId: '6b0201a1.9', sessionLine: 1 },
      serverLog('SELECT 1', { sessionLine: 3 }),
    );
    const [event] = await unauditedIn(log);
    expect(event).toMatchObject({
      id: expect.stringMatching(/^samples\/\d{8}T\d{6}Z-[0-9a-f]{4}\/\d+$/),
      time: '2026-11-21T19:40:01.123Z',
      actor: { user: 'Z990001', status: 'resolved' },
      database: 'hold',
      session: { id: '6b0201a1.552d', line: 2 },
      unaudited: { class: 'WRITE', statement: TEXT, expected: 1, audited: 0 },
      source: {
        file: '0.csv',
        offset: session(first).length,
        length: csvRecord({ sessionLine: 2, ...serverLog() }).length,
      },
    });
  });

  test('after a restart of the shipper', async () => {
    const all = [first, serverLog('UPDATE a SET b = 1; DELETE FROM c'), audited(1), last].map(
      (columns, index) =>
        csvRecord({ sessionLine: index + 1, logTime: `2026-11-21 20:40:0${index}.000 CET`, ...columns }),
    );
    expect(counts(await unauditedIn(...all))).toEqual([['UPDATE a SET b = 1; DELETE FROM c', 2, 1]]);
  });
});

describe('it is not', () => {
  test.each<[string, Partial<Columns>[]]>([
    ['if it was audited', [first, serverLog(), audited(1), last]],
    ['if its duration comes after its audit', [first, lasted('SELECT 1'), audited(1), lasted(TEXT)]],
    ['if each of its changes was', [first, serverLog(`${TEXT}; ${TEXT}`), audited(1), audited(2), last]],
    [
      'if its audit comes after other lines',
      [first, serverLog(), { message: 'temporary file: path "x"' }, audited(1), last],
    ],
    ['if it failed', [first, serverLog(), failed(), last]],
    ['if the error does not name its statement', [first, serverLog(), failed(null), last]],
    [
      'if an error in another language has a context',
      [first, serverLog(), { ...failed(), severity: 'VIRHE', context: '' }, last],
    ],
    [
      'if the session was ended',
      [first, serverLog(), { ...failed(null), severity: 'FATAL', sqlState: '57P01' }, last],
    ],
    ['while nothing more came', [first, serverLog()]],
    ['if lines are missing', [first, serverLog(), { ...last, sessionLine: 4 }]],
    [
      'if a record only looked like its audit',
      [first, serverLog(), { ...audited(1), sqlState: '01000' }, last],
    ],
    ['of a service', [first, serverLog(TEXT, { user: 'app' }), last].map(one => ({ ...one, user: 'app' }))],
    ['if it only reads', [first, serverLog('SELECT * FROM t WHERE a = $$update$$'), last]],
    ['if a client wrote the line', [first, serverLog(TEXT, { context: 'PL/pgSQL function' }), last]],
    [
      'if the line is not of a statement, and is logged while one runs',
      [first, serverLog(TEXT, { commandTag: 'SELECT', message: `temporary file: ${TEXT}` }), last],
    ],
    ['if only more of its rows are fetched', [first, executed(TEXT, 'fetch from a/b'), last]],
    ['if it was only parsed', [first, { message: `duration: 1 ms  parse <unnamed>: ${TEXT}` }, last]],
    ['if it does not parse', [first, serverLog('UPDATE t SET'), last]],
    ['of the catalog', [first, serverLog('UPDATE pg_catalog.pg_class SET relname = relname'), last]],
  ])('%s', async (_name, lines) => {
    expect(counts(await unauditedIn(session(...lines)))).toEqual([]);
  });
});

test('secrets are redacted, the original is for those with the key, and the log shows no SQL', async () => {
  const folder = await temporaryFolder();
  const identity = await generateX25519Identity();
  const secret = "ALTER ROLE x PASSWORD 'S3CR3T'";
  await writeFile(join(folder, 'a.csv'), session(first, serverLog(secret), last));
  const redact = { escrowTo: [await identityToRecipient(identity)] };
  const { code, output } = await runOnce(folder, settings(folder, [join(folder, 'a.csv')], { redact }));
  expect(code).toBe(0);
  const [event] = await archived(folder, 'unaudited');
  expect(event?.unaudited).toMatchObject({
    class: 'ROLE',
    statement: "ALTER ROLE x PASSWORD '<redacted>'",
    redacted: 1,
  });
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const sealed = Buffer.from(event?.unaudited?.escrow ?? '', 'base64');
  expect(await decrypter.decrypt(sealed, 'text')).toBe(secret);
  const [entry] = await logged(folder, 'unaudited');
  expect(entry?.unaudited).toEqual({ ...event?.unaudited, escrow: undefined });
  expect(output).toContain('"code":"unaudited"');
  expect(output).not.toMatch(/ALTER ROLE/);
  const state = await readFile(join(folder, 'state', 'checkpoint.json'), 'utf8');
  expect(state + JSON.stringify(await logged(folder))).not.toContain('S3CR3T');
  const found = await runCommand([
    'search',
    '--kind',
    'unaudited',
    '--text',
    'alter role',
    join(folder, 'archive'),
  ]);
  expect(found.output.trim().split('\n')).toHaveLength(1);
});

test('a large statement is cut, and the event says so', async () => {
  const [event] = await unauditedIn(
    session(first, serverLog(`INSERT INTO t VALUES ('${'å'.repeat(10_000)}')`), last),
  );
  expect(event?.unaudited).toMatchObject({ isCut: true, class: 'WRITE' });
  const bytes = Buffer.byteLength(event?.unaudited?.statement ?? '');
  expect([bytes <= 8192, bytes > 8188]).toEqual([true, true]);
});

describe('of a session that logs nothing more', () => {
  const NOW = Date.parse('2026-11-21T20:00:00Z');
  const DAY = 24 * 60 * 60 * 1000;

  async function overdue(sql: string, at: number, ...more: Partial<Columns>[]): Promise<string[]> {
    const parser = createRelationParser();
    onTestFinished(() => parser.close());
    const deciders = decidersOf({ classesOf: text => parser.classes(text), relations: () => ({}) });
    for (const [index, columns] of [first, serverLog(sql), ...more].entries()) {
      const frame = recordOf(Buffer.from(csvRecord({ sessionLine: index + 1, ...columns })));
      await decide(frame, { file: { fileId: 'f', path: '/a.csv' }, record: frame, now: NOW }, deciders);
    }
    const { saved } = deciders.facts;
    const next = {
      ...deciders,
      facts: new SessionFacts(timeReader(undefined), JSON.parse(JSON.stringify(saved)), 0),
    };
    const events = await reportOverdue(at, next);
    expect(await reportOverdue(at, next)).toEqual([]);
    return events.map(({ kind, time }) => `${kind} ${time}`);
  }

  test('a write is reported after a day by the clock, and not before; anything else never is', async () => {
    const event = 'unaudited 2026-11-21T19:40:01.123Z';
    expect(await overdue(TEXT, NOW + DAY - 1)).toEqual([]);
    expect(await overdue(TEXT, NOW + DAY)).toEqual([event]);
    expect(await overdue('CREATE INDEX ON t (a)', NOW + 30 * DAY)).toEqual([]);
  });

  test('one that the server did not run before it crashed is not reported', async () => {
    const startup = { user: '', sessionId: '6b0201b0.1', sessionLine: 1, backendType: 'startup' };
    const restarted = { ...startup, message: 'database system was interrupted; last known up at …' };
    expect(await overdue(TEXT, NOW + DAY, restarted)).toEqual([]);
  });
});
