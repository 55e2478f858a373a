/**
 * The SQL for BigQuery and for DuckDB, run by DuckDB over the objects of an archive that the daemon wrote. Of that for
 * BigQuery only names are rewritten (of the table, of what an UNNEST gives, of functions by macros), and `ON TRUE` is added. The
 * archive is also searched, and all find what they must.
 */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addSearchOptions, type SearchArguments } from '../../src/commands/search/options.js';
import { searchArchive } from '../../src/commands/search/search.js';
import { objectsIn } from '../support/archive.js';
import { auditMessage, csvRecord } from '../support/csvlog.js';
import { runOnce, settings } from '../support/shipper.js';

const SQL = fileURLToPath(new URL('../../config/bigquery', import.meta.url));
const DUCKDB = fileURLToPath(new URL('../../config/duckdb', import.meta.url));
const HOUR = 60 * 60 * 1000;

/** GoogleSQL on the left, DuckDB's SQL on the right. */
const DIALECTS: readonly (readonly [RegExp, string])[] = [
  [/`PROJECT\.DATASET\.(pgaudit_\w+)`/g, '$1'],
  [/\bUNNEST\(([\w.]+)\) AS (\w+)/g, 'UNNEST($1) AS unnested($2)'],
  [/\b(LEFT JOIN UNNEST.*)/g, '$1 ON TRUE'],
  [/`(rows?|table)`/g, '"$1"'],
  [/\.table\b/g, '."table"'],
];
const MACROS = [
  'CREATE MACRO REGEXP_CONTAINS(text, expression) AS regexp_matches(text, expression)',
  'CREATE MACRO JSON_VALUE(value, path) AS json_extract_string(value, path)',
  'CREATE MACRO TO_JSON_STRING(value) AS CAST(value AS VARCHAR)',
];

let folder = '';
let database: DuckDBConnection;
/** By config/duckdb/views.sql. */
let views: DuckDBConnection;

const KARI = { user: 'Z990001', session: '6b000001.1' };
const OLA = { user: 'ola.nordmann@nav.no', session: '6b000002.2' };

function write(
  who: typeof KARI,
  line: number,
  hoursAgo: number,
  fields: readonly string[],
  severity = 'LOG',
  transaction = severity === 'LOG' ? line : line - 1,
): string {
  const time = new Date(Date.now() - hoursAgo * HOUR).toISOString().replace('T', ' ').replace('Z', ' UTC');
  const isAudit = severity === 'LOG';
  return csvRecord({
    logTime: time,
    user: who.user,
    sessionId: who.session,
    sessionLine: line,
    virtualTransactionId: `3/${transaction}`,
    severity,
    sqlState: isAudit ? '00000' : '23505',
    message: isAudit ? auditMessage(['SESSION', String(line), '1', ...fields]) : 'duplicate key value',
  });
}

const table = (name: string): string[] => ['TABLE', name];

/** Two persons at work; expectations below name the lines. */
function log(): string {
  const kari = [
    write(KARI, 1, 80, ['WRITE', 'UPDATE', ...table('public.konto'), 'UPDATE konto SET a = $1', 'x']),
    write(KARI, 2, 70, ['WRITE', 'DELETE', '', '', 'DELETE FROM Konto WHERE id = 2', '<none>']),
    write(KARI, 3, 20, ['WRITE', 'DELETE', '', '', 'DELETE FROM crm.kunde', '<none>']),
    write(KARI, 4, 20, [], 'ERROR'),
    write(KARI, 5, 10, ['WRITE', 'TRUNCATE TABLE', '', '', 'TRUNCATE public.konto, logg', '<not logged>']),
    write(KARI, 6, 5, [
      'DDL',
      'ALTER TABLE',
      ...table('public."Konto"'),
      'ALTER TABLE "Konto" ADD c int',
      '<none>',
    ]),
    write(KARI, 7, 5, ['WRITE', 'INSERT', '', '', 'INSERT INTO kontoplan VALUES (1)', '<none>']),
    // Not of this grammar: its relations are not known.
    write(KARI, 8, 4, ['WRITE', 'UPDATE', '', '', 'UPDATE ONLY konto SETT a = 1', '<none>']),
    write(KARI, 9, 4, ['WRITE', 'UPDATE', '', '', 'UPDATE ONLY kontoplan SETT a = 1', '<none>']),
    // A savepoint catches the error: the transaction goes on.
    write(KARI, 10, 3, ['WRITE', 'UPDATE', '', '', 'UPDATE annen SET a = 1', '<none>']),
    write(KARI, 11, 3, [], 'ERROR'),
    write(KARI, 12, 3, ['WRITE', 'UPDATE', '', '', 'UPDATE annen SET a = 2', '<none>'], 'LOG', 10),
  ];
  const ola = [
    write(OLA, 1, 60, ['ROLE', 'CREATE ROLE', '', '', 'CREATE ROLE x', '<none>']),
    ...Array.from({ length: 120 }, (_, n) =>
      write(OLA, n + 2, 50, ['WRITE', 'UPDATE', '', '', `UPDATE masse.a SET b = ${n}`, '<none>']),
    ),
    write(OLA, 122, 2, ['ROLE', 'GRANT', '', '', 'GRANT SELECT ON konto TO x', '<none>']),
    write(OLA, 123, 1, ['WRITE', 'UPDATE', '', '', 'UPDATE masse.b SET c = 1', '<none>']),
    write(OLA, 124, 1, [], 'ERROR'),
  ];
  return [...kari, ...ola].join('');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
  await writeFile(join(folder, 'a.csv'), log());
  await writeFile(
    join(folder, 'people.csv'),
    'user,id,name,email\nZ990001,Z990001,Kari Nordmann,Kari.Nordmann@nav.no\n' +
      'ola.nordmann@nav.no,Z990002,Ola Nordmann,ola.nordmann@nav.no\n',
  );
  const { code, output } = await runOnce(
    folder,
    settings(folder, [join(folder, 'a.csv')], { identity: [{ directory: join(folder, 'people.csv') }] }),
  );
  expect(code, output).toBe(0);
  database = await openArchiveInDuckDb(join(folder, 'archive'));
  views = await openViews(join(folder, 'archive'));
});

afterAll(async () => {
  database.closeSync();
  views.closeSync();
  await rm(folder, { recursive: true, force: true });
});

/** The columns as create-table.sql names them, in DuckDB's types; extensions are neither fetched nor loaded. */
async function openArchiveInDuckDb(archive: string): Promise<DuckDBConnection> {
  const connection = await connect();
  const columns = columnsOf(await readFile(join(SQL, 'create-table.sql'), 'utf8'));
  const types = columns.map(({ name, type }) => `'${name}': '${type}'`).join(', ');
  await connection.run(`SET TimeZone = 'UTC'`);
  await connection.run(
    `CREATE VIEW pgaudit_events AS SELECT * FROM read_json('${archive}/**/*.ndjson.gz',
      format = 'newline_delimited', columns = {${types}}, hive_partitioning = true,
      hive_types = {'instance': VARCHAR, 'node': VARCHAR, 'date': DATE})`,
  );
  for (const macro of MACROS) await connection.run(macro);
  await connection.run(toDuckDb(await readFile(join(SQL, 'create-view.sql'), 'utf8')));
  return connection;
}

async function connect(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  return await instance.connect();
}

/** As duckdb's own program reads them in the archive's folder. */
async function openViews(archive: string): Promise<DuckDBConnection> {
  const connection = await connect();
  await connection.run(`SET file_search_path = '${archive}'`);
  await connection.run(await readFile(join(DUCKDB, 'views.sql'), 'utf8'));
  return connection;
}

function toDuckDb(sql: string): string {
  return DIALECTS.reduce((text, [from, to]) => text.replaceAll(from, to), sql);
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** The columns of the table, without the partitions. */
function columnsOf(sql: string): Column[] {
  const [, list = ''] =
    /pgaudit_events` \(\n([\s\S]*?)\n\)\nWITH PARTITION/.exec(sql.replaceAll(/^ *--.*\n/gm, '')) ?? [];
  const types = list
    .replaceAll('`', '')
    .replaceAll(/\bSTRING\b/g, 'VARCHAR')
    .replaceAll(/\bINT64\b/g, 'BIGINT')
    .replaceAll(/\bTIMESTAMP\b/g, 'TIMESTAMPTZ')
    .replaceAll(/\bARRAY<(\w+)>/g, '$1[]')
    .replaceAll('<', '(')
    .replaceAll('>', ')');
  return types.split(/,\n(?= {2}\w)/).map(line => {
    const [name = '', ...type] = line.trim().split(/\s+/);
    return { name, type: type.join(' ').replaceAll(/(?<=[(,] ?)(\w+)(?= )/g, '"$1"') };
  });
}

async function ask(question: string): Promise<{ [column: string]: unknown }[]> {
  const sql = await readFile(join(SQL, `${question}.sql`), 'utf8');
  return (await database.runAndReadAll(toDuckDb(sql))).getRowObjectsJson();
}

async function askViews(question: string): Promise<{ [column: string]: unknown }[]> {
  const sql = await readFile(join(DUCKDB, `${question}.sql`), 'utf8');
  return (await views.runAndReadAll(sql)).getRowObjectsJson();
}

/** The lines that `search` prints. */
async function find(...args: readonly string[]): Promise<{ [member: string]: unknown }[]> {
  const given = addSearchOptions(new Command()).parse(args, { from: 'user' }).opts<SearchArguments>();
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', chunk => chunks.push(chunk));
  expect(await searchArchive(join(folder, 'archive'), given, { stdout, stderr: new PassThrough() })).toBe(0);
  const lines = Buffer.concat(chunks).toString().split('\n').filter(Boolean);
  return lines.map((line): { [member: string]: unknown } => JSON.parse(line));
}

const idsOf = (rows: readonly { [name: string]: unknown }[]): string[] =>
  rows.map(({ id }) => String(id)).sort();
const kari = (...lines: readonly number[]): string[] => lines.map(line => `samples/${KARI.session}/${line}`);
const ola = (...lines: readonly number[]): string[] => lines.map(line => `samples/${OLA.session}/${line}`);

describe('each question is answered as by hand, and as search answers it', () => {
  test.each<[string, string[], string[]]>([
    // 2 names no schema, 5 is truncated among others, 6 is DDL; 8 and Ola's 122 name it as a word alone.
    ['changes-to-table', ['--object', 'public.konto'], [...kari(1, 2, 5, 6, 8), ...ola(122)]],
    ['changes-by-person', ['--actor', 'kari.nordmann@nav.no'], kari(1, 2, 3, 5, 6, 7, 8, 9, 10, 12)],
    ['deletions-last-day', ['--command', 'DELETE,TRUNCATE*', '--since', '24h'], kari(3, 5)],
    ['role-and-permission-changes', ['--class', 'ROLE'], ola(1, 122)],
    ['failed-statements', ['--failed'], [...kari(3), ...ola(123)]],
  ])('%s', async (question, args, expected) => {
    expect(idsOf(await ask(question))).toEqual([...expected].sort());
    expect(idsOf(await askViews(question))).toEqual([...expected].sort());
    expect(idsOf(await find(...args))).toEqual([...expected].sort());
  });

  test('bulk-changes', async () => {
    const expected = [{ events: 120, actor: 'Z990002', object: 'masse.a', name: 'Ola Nordmann' }];
    for (const rows of [await ask('bulk-changes'), await askViews('bulk-changes')])
      expect(
        rows.map(({ events, actor, object, name }) => ({ events: Number(events), actor, object, name })),
      ).toEqual(expected);
    expect(await find('--group-by', 'actor,object', '--having', '100')).toEqual(expected);
  });

  test('there is no other question', async () => {
    const asked = [
      'changes-to-table',
      'changes-by-person',
      'deletions-last-day',
      'role-and-permission-changes',
    ];
    const all = [...asked, 'failed-statements', 'bulk-changes', 'row-history'];
    const files = (...names: readonly string[]): string[] =>
      [...all, ...names].map(name => `${name}.sql`).sort();
    expect((await readdir(SQL)).sort()).toEqual(files('create-table', 'create-view'));
    expect((await readdir(DUCKDB)).sort()).toEqual(files('views'));
  });
});

test('the rows say what the events say', async () => {
  const [first] = await ask('changes-to-table');
  expect(first).toMatchObject({
    person: 'Kari Nordmann',
    database: 'hold',
    command: 'UPDATE',
    objects: 'public.konto',
    statement: 'UPDATE konto SET a = $1',
    parameters: '["x"]',
  });
  const [failed] = await ask('failed-statements');
  expect(failed).toMatchObject({ person: 'Kari Nordmann', command: 'DELETE', sql_state: '23505' });
});

test.each(['create-view.sql', 'views.sql'])('the flat columns of %s are those of the events', async file => {
  const connection = file === 'views.sql' ? views : database;
  const rows = (
    await connection.runAndReadAll('SELECT * FROM pgaudit_flat ORDER BY seq')
  ).getRowObjectsJson();
  const events = (await find('--kind', 'all')).map(event => Object(event));
  const of = (name: string): unknown[] => rows.map(row => row[name] ?? null);
  expect(of('id')).toEqual(events.map(({ id }) => id));
  expect(of('login_role')).toEqual(events.map(({ actor }) => actor?.user ?? null));
  expect(of('person')).toEqual(events.map(({ actor }) => actor?.name ?? null));
  expect(of('statement')).toEqual(events.map(({ audit }) => audit?.statement ?? null));
  expect(of('parameters')).toEqual(
    events.map(({ audit }) => (audit?.parameters ? JSON.stringify(audit.parameters) : null)),
  );
  expect(of('outcome')).toEqual(events.map(({ failure }) => failure?.outcome ?? null));
  expect(of('objects')).toEqual(
    events.map(({ audit }) => audit?.objects?.join(', ') ?? audit?.objectName ?? null),
  );
});

test('both have the same flat columns', async () => {
  const columnsOfView = async (connection: DuckDBConnection): Promise<string[]> =>
    (await connection.runAndReadAll('DESCRIBE pgaudit_flat'))
      .getRowObjectsJson()
      .map(row => String(row.column_name));
  expect(await columnsOfView(views)).toEqual(await columnsOfView(database));
});

describe('the table', () => {
  /** Paths of all fields, down to what the schema has as one column. */
  function pathsIn(value: unknown, isWhole: (path: string) => boolean, path = ''): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || isWhole(path)) return [path];
    return Object.entries(value).flatMap(([key, inner]) =>
      pathsIn(inner, isWhole, path === '' ? key : `${path}.${key}`),
    );
  }

  test('has a column for every field that the daemon writes, and reads every event', async () => {
    const archive = await allKinds();
    const lines = (await Promise.all((await objectsIn(archive)).map(path => readFile(path))))
      .flatMap(body => gunzipSync(body).toString().split('\n'))
      .filter(Boolean);
    const events = lines.map((line): object => JSON.parse(line));
    const columns = columnsOf(await readFile(join(SQL, 'create-table.sql'), 'utf8'));
    const isJson = (path: string): boolean =>
      columns.some(({ name, type }) => name === path && type === 'JSON');
    const written = new Set(events.flatMap(event => pathsIn(event, isJson)));
    const known = new Set([...columns.flatMap(fieldsOf), 'instance', 'node']);
    expect([...written].filter(path => !known.has(path))).toEqual([]);
    expect(written.size).toBeGreaterThan(45);

    const duck = await openArchiveInDuckDb(archive);
    const counted = await duck.runAndReadAll(
      `SELECT COUNT(*) AS n, COUNT(id) AS ids, COUNT(time) AS times, COUNT(date) AS dates FROM pgaudit_events`,
    );
    duck.closeSync();
    const n = String(lines.length);
    expect(counted.getRowObjectsJson()).toEqual([{ n, ids: n, times: n, dates: n }]);
  });

  /** `"id" VARCHAR` within a struct's type is the field `<column>.id`. */
  function fieldsOf({ name, type }: Column): string[] {
    const nested = [...type.matchAll(/"(\w+)" STRUCT\(([^)]*)\)/g)].flatMap(([, outer, inner = '']) =>
      [...inner.matchAll(/"(\w+)"/g)].map(([, field]) => `${name}.${outer}.${field}`),
    );
    return [name, ...[...type.matchAll(/"(\w+)"/g)].map(([, field]) => `${name}.${field}`), ...nested];
  }

  /** An archive of recorded logs, with what else a log may hold. */
  async function allKinds(): Promise<string> {
    const samples = fileURLToPath(new URL('../../demo/recorded', import.meta.url));
    const names = (await readdir(samples)).filter(name => name.endsWith('.csv'));
    const torn = join(folder, 'torn.csv');
    await writeFile(
      torn,
      `${csvRecord()}garbage\n${csvRecord({ sessionLine: 5, message: 'AUDIT: x' })}${csvRecord({ sessionLine: 9 })}`,
    );
    const own = join(folder, 'all');
    const files = [...names.map(name => join(samples, name)), torn];
    const { code, output } = await runOnce(own, settings(own, files, { filter: { otherUsers: 'ship' } }));
    expect(code, output).toBe(0);
    return join(own, 'archive');
  }
});
