/** What the log shows of statements after they were shipped: failed, undone, caught, or not known. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditMessage, csvRecord } from '../support/csvlog.js';
import { archived, runCommand, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

type Columns = NonNullable<Parameters<typeof csvRecord>[0]>;

/** A session's lines, each in transaction `at`. */
function session(lines: readonly [at: string, columns: Columns][]): string {
  return lines
    .map(([at, columns], index) =>
      csvRecord({ sessionLine: index + 1, virtualTransactionId: at, ...columns }),
    )
    .join('');
}

const says = (auditClass: string, command: string, statement: string, id = 1): Columns => ({
  message: auditMessage(['SESSION', `${id}`, '1', auditClass, command, '', '', statement, '<none>']),
});
const write = (statement: string): Columns => says('WRITE', 'UPDATE', statement);
const misc = (command: string, statement: string): Columns => says('MISC', command, statement);
const ERROR: Columns = { severity: 'ERROR', sqlState: '23505', message: 'duplicate key' };
const END: Columns = { commandTag: 'idle in transaction', message: 'disconnection: session time: 0:00:05' };

/** The failures of a log, and what `search --failed` finds in it. */
async function outcomes(log: string): Promise<{ failures: unknown[]; failed: string[] }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.csv'), log);
  expect((await runOnce(folder, settings(folder, [join(folder, 'a.csv')]))).code).toBe(0);
  const failures = (await archived(folder, 'failure')).map(({ failure }) => {
    const { statement, ...rest } = failure ?? { statement: '' };
    return { ...rest, line: Number(statement.split('/').at(-1)) };
  });
  const archive = join(folder, 'archive');
  const { code, output } = await runCommand(['search', archive, '--failed', '--json']);
  const found = output.split('\n').filter(Boolean);
  expect(code).toBe(0);
  expect((await runCommand(['verify', archive])).output).toContain('whole');
  return { failures, failed: found.map(line => JSON.parse(line).audit.statement) };
}

test('a COMMIT that fails undoes the transaction; one that succeeds does not, however its session ends', async () => {
  const deferred: Columns = {
    severity: 'ERROR',
    sqlState: '23503',
    message: 'violates foreign key constraint',
  };
  const log = session([
    ['3/1', misc('BEGIN', 'BEGIN')],
    ['3/1', write('one')],
    ['3/1', misc('COMMIT', 'COMMIT')],
    ['3/1', deferred],
    ['3/2', misc('BEGIN', 'BEGIN')],
    ['3/2', write('two')],
    ['3/2', misc('COMMIT', 'COMMIT')],
    ['', END],
  ]);
  expect(await outcomes(log)).toEqual({
    failures: [{ line: 2, sqlState: '23503', outcome: 'failed' }],
    failed: ['one'],
  });
});

test('a text with both kinds of ROLLBACK leaves open which one it was', async () => {
  const log = session([
    ['3/1', write('one')],
    ['3/1', misc('ROLLBACK', 'ROLLBACK TO s; ROLLBACK')],
    ['3/2', write('two')],
    ['3/2', misc('ROLLBACK', `ROLLBACK /*${'x'.repeat(2000)}*/ TO s`)],
  ]);
  expect((await outcomes(log)).failures).toEqual([
    { line: 1, sqlState: null, outcome: 'undone', certain: false },
  ]);
});

test('a prepared transaction may be rolled back by anybody; its name, which may be a secret, is kept nowhere', async () => {
  const name = "'postgres://ola:S3CR3T@db/x'";
  const folder = await temporaryFolder();
  const log =
    session([
      ['3/1', write('one')],
      ['3/1', misc('PREPARE TRANSACTION', `PREPARE TRANSACTION ${name}`)],
    ]) +
    csvRecord({
      ...misc('ROLLBACK PREPARED', `ROLLBACK PREPARED ${name} -- by the administrator`),
      user: 'nobody_knows',
      sessionId: '6b0201a1.999',
      sessionLine: 1,
      virtualTransactionId: '4/1',
    });
  await writeFile(join(folder, 'a.csv'), log);
  await runOnce(folder, settings(folder, [join(folder, 'a.csv')], { filter: { personalUsers: ['^Z'] } }));
  expect(await archived(folder, 'failure')).toMatchObject([{ failure: { outcome: 'undone' } }]);
  expect((await archived(folder, 'statement')).length).toBe(1);
  for (const file of await readdir(join(folder, 'state'), { recursive: true, withFileTypes: true }))
    if (file.isFile())
      expect(await readFile(join(file.parentPath, file.name), 'latin1')).not.toContain('S3CR3T');
});

test('an error that a savepoint caught is reported as such, and what follows it counts', async () => {
  const log = session([
    ['3/1', write('one')],
    ['3/1', ERROR],
    ['3/1', write('two')],
    ['3/2', write('three')],
  ]);
  expect(await outcomes(log)).toEqual({
    failures: [
      { line: 1, sqlState: '23505', outcome: 'failed' },
      { line: 1, sqlState: '23505', outcome: 'caught' },
    ],
    failed: [],
  });
});

test('ROLLBACK TO shows it, and so does a read; a ROLLBACK of the transaction does not', async () => {
  const log = session([
    ['3/1', write('one')],
    ['3/1', ERROR],
    ['3/1', misc('ROLLBACK', 'rollback to savepoint s')],
    ['3/2', write('two')],
    ['3/2', ERROR],
    ['3/2', says('READ', 'SELECT', 'select 1')],
    ['3/3', write('three')],
    ['3/3', ERROR],
    ['3/3', misc('ROLLBACK', 'rollback')],
  ]);
  const { failures, failed } = await outcomes(log);
  expect(failures).toEqual([
    { line: 1, sqlState: '23505', outcome: 'failed' },
    { line: 1, sqlState: '23505', outcome: 'caught' },
    { line: 4, sqlState: '23505', outcome: 'failed' },
    { line: 4, sqlState: '23505', outcome: 'caught' },
    { line: 7, sqlState: '23505', outcome: 'failed' },
  ]);
  expect(failed).toEqual(['three']);
});

test.each([
  ['COMMIT', 'COMMIT'],
  ['RELEASE', 'RELEASE SAVEPOINT s'],
  ['SAVEPOINT', 'SAVEPOINT s2'],
  ['SET', 'SET work_mem = 1'],
  ['PREPARE TRANSACTION', "PREPARE TRANSACTION 'x'"],
])('a %s shows it, too: pgAudit logs none in a transaction that has failed', async (command, text) => {
  const log = session([
    ['3/1', write('one')],
    ['3/1', ERROR],
    ['3/1', misc(command, text)],
    ['', { ...END, commandTag: 'idle' }],
  ]);
  expect(await outcomes(log)).toEqual({
    failures: [
      { line: 1, sqlState: '23505', outcome: 'failed' },
      { line: 1, sqlState: '23505', outcome: 'caught' },
    ],
    failed: [],
  });
});

test('caught, as the COMMIT says, and the COMMIT fails', async () => {
  const log = session([
    ['3/1', write('one')],
    ['3/1', ERROR],
    ['3/1', misc('COMMIT', 'COMMIT')],
    ['3/1', { ...ERROR, sqlState: '23503' }],
  ]);
  const { failures, failed } = await outcomes(log);
  expect(failures).toEqual([
    { line: 1, sqlState: '23505', outcome: 'failed' },
    { line: 1, sqlState: '23505', outcome: 'caught' },
    { line: 1, sqlState: '23503', outcome: 'failed' },
  ]);
  expect(failed).toEqual(['one']);
});

test('caught, and undone in the end', async () => {
  const log = session([
    ['3/1', write('one')],
    ['3/1', ERROR],
    ['3/1', write('two')],
    ['3/1', misc('ROLLBACK', '/* to */ ROLLBACK -- to')],
  ]);
  const { failures, failed } = await outcomes(log);
  expect(failures).toEqual([
    { line: 1, sqlState: '23505', outcome: 'failed' },
    { line: 1, sqlState: '23505', outcome: 'caught' },
    { line: 3, sqlState: null, outcome: 'undone' },
  ]);
  expect(failed).toEqual(['one', 'two']);
});

test('a prepared transaction is undone by ROLLBACK PREPARED from anybody, and not by COMMIT PREPARED', async () => {
  const log = session([
    ['3/1', write('one')],
    ['3/1', misc('PREPARE TRANSACTION', "PREPARE TRANSACTION 'it''s'")],
    ['3/2', write('two')],
    ['3/2', misc('PREPARE TRANSACTION', "prepare transaction 'b';")],
    ['3/3', misc('COMMIT PREPARED', "COMMIT PREPARED 'b'")],
    ['3/4', misc('ROLLBACK PREPARED', "ROLLBACK PREPARED 'it''s'")],
    ['3/5', misc('ROLLBACK PREPARED', "ROLLBACK PREPARED 'b'")],
  ]);
  expect((await outcomes(log)).failures).toEqual([{ line: 1, sqlState: null, outcome: 'undone' }]);
});

test('a session that ends inside a transaction: certain only if BEGIN and COMMIT are logged', async () => {
  const begin = misc('BEGIN', 'begin');
  const certain = session([
    ['3/1', begin],
    ['3/1', write('one')],
    ['3/1', misc('COMMIT', 'commit')],
    ['3/2', begin],
    ['3/2', write('two')],
    ['', END],
  ]);
  expect((await outcomes(certain)).failures).toEqual([{ line: 5, sqlState: null, outcome: 'undone' }]);
  const committed = session([
    ['3/1', begin],
    ['3/1', write('one')],
    ['3/1', misc('COMMIT', 'commit')],
    ['3/2', begin],
    ['', END],
  ]);
  expect((await outcomes(committed)).failures).toEqual([]);
  // The statement may have been committed, and another transaction begun.
  const uncertain = session([
    ['3/1', write('one')],
    ['', END],
  ]);
  expect(await outcomes(uncertain)).toEqual({
    failures: [{ line: 1, sqlState: null, outcome: 'undone', certain: false }],
    failed: [],
  });
});

test('a session that ends after its transaction reports nothing more', async () => {
  const log = session([
    ['3/1', write('one')],
    ['', { ...END, commandTag: 'idle' }],
  ]);
  expect((await outcomes(log)).failures).toEqual([]);
});

test('with BEGIN, ROLLBACK and the like shipped, too, the report counts what search finds', async () => {
  const log = session([
    ['3/1', misc('BEGIN', 'BEGIN')],
    ['3/1', write('one')],
    ['3/1', misc('ROLLBACK', 'ROLLBACK')],
    ['3/2', misc('BEGIN', 'BEGIN')],
    ['3/2', write('two')],
    ['3/2', misc('PREPARE TRANSACTION', "PREPARE TRANSACTION 'p'")],
    ['3/3', write('three')],
    ['3/4', misc('ROLLBACK PREPARED', "ROLLBACK PREPARED 'p'")],
  ]);
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.csv'), log);
  const filter = { personalUsers: ['.'], classes: ['write', 'misc'] };
  expect((await runOnce(folder, settings(folder, [join(folder, 'a.csv')], { filter }))).code).toBe(0);
  const archive = join(folder, 'archive');
  const { output } = await runCommand(['search', archive, '--failed', '--json']);
  const texts = output
    .split('\n')
    .filter(Boolean)
    .map((line): string => JSON.parse(line).audit.statement);
  expect(texts).toEqual(['BEGIN', 'one', 'BEGIN', 'two', "PREPARE TRANSACTION 'p'"]);
  const [{ time } = { time: '' }] = await archived(folder, 'statement');
  const [day, page] = [time.slice(0, 10), join(folder, 'page.html')];
  await runCommand(['report', archive, '--since', day, '--until', day, '--out', page]);
  expect(/undone by a rollback(?:<[^>]*>|\s)*(\d+)/.exec(await readFile(page, 'utf8'))?.[1]).toBe('5');
});
