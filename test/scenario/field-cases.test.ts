/** Logs from the field that were once handled wrongly (test/fixtures/cases). */

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { ArchivedEvent } from '../support/archive.js';
import { archived, type Ended, runCommand, runOnce, type Settings, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const CASES = fileURLToPath(new URL('../fixtures/cases/', import.meta.url));

interface Came extends Ended {
  readonly events: readonly ArchivedEvent[];
  of(kind: string): ArchivedEvent[];
}

/** The events of these files, in this order. */
async function shipped(names: readonly string[], more: Settings = {}): Promise<Came> {
  const folder = await temporaryFolder();
  for (const name of names) await copyFile(join(CASES, name), join(folder, name));
  const files = [join(folder, '*.csv'), join(folder, '*.log'), join(folder, '*.json')];
  const ended = await runOnce(folder, { ...settings(folder, files), ...more });
  const events = await archived(folder);
  return { ...ended, events, of: kind => events.filter(event => event.kind === kind) };
}

const FILTER = { personalUsers: ['^[A-Z]\\d{6}$'], serviceUsers: ['^app'] };

describe('a process without a user', () => {
  test('is shipped, as nobody, with what kind of process it is', async () => {
    const { of } = await shipped(['background-worker-no-user.csv']);
    expect(of('statement')).toMatchObject([
      {
        actor: { user: '', status: 'unresolved', resolvedBy: [] },
        session: { backendType: 'pg_cron' },
        audit: { statement: 'insert into jobs(n) values (1)' },
      },
    ]);
  });

  test('is not, if the configuration says so', async () => {
    const { of } = await shipped(['background-worker-no-user.csv'], {
      filter: { ...FILTER, backgroundWorkers: 'drop' },
    });
    expect(of('statement')).toEqual([]);
    expect(of('seal')[0]?.seal?.records.dropped).toEqual({ 'background-worker': 1 });
  });
});

describe('the outcome of a statement', () => {
  test('a rollback is reported besides its own record, if misc is shipped', async () => {
    const { of } = await shipped(['rollback-with-misc.csv'], {
      filter: { ...FILTER, classes: ['write', 'misc'] },
    });
    expect(of('statement').map(({ audit }) => audit?.command)).toEqual(['BEGIN', 'DELETE', 'ROLLBACK']);
    expect(of('failure').map(({ failure }) => failure)).toEqual([
      { statement: 'samples/6b0c0001.66/2', sqlState: null, outcome: 'undone' },
    ]);
  });

  test('a session that ends inside a transaction undoes its statements', async () => {
    const { of } = await shipped(['open-transaction-disconnect.csv']);
    expect(of('failure').map(({ failure }) => failure)).toEqual([
      { statement: 'samples/6b0c0001.69/2', sqlState: null, outcome: 'undone' },
    ]);
  });
});

test('each of the statements of one string names its own relation', async () => {
  const { of } = await shipped(['compound-objects.csv']);
  expect(of('statement').map(({ audit }) => [audit?.command, audit?.objects, audit?.objectsFrom])).toEqual([
    ['INSERT', ['a'], 'parsed'],
    ['UPDATE', ['b'], 'parsed'],
    ['DELETE', ['c'], 'parsed'],
  ]);
});

test.each(['crlf-pg12.csv', 'crlf-pg14.csv'])(
  '%s: Windows line ends are not part of any value',
  async name => {
    const { code, of, output } = await shipped([name]);
    expect([code, of('statement').length > 0, of('gap')]).toEqual([0, true, []]);
    expect(JSON.stringify(of('statement'))).not.toContain('\\r');
    expect(output).not.toContain('file-unsupported');
  },
);

test('a zone that the configured one does not use holds the file back', async () => {
  const { of, output } = await shipped(['zone-not-of-timezone.csv'], {
    source: { files: [join(CASES, 'zone-not-of-timezone.csv')], timezone: 'Europe/Oslo' },
  });
  expect([of('statement'), of('gap')]).toEqual([[], []]);
  expect(output).toContain('source.timezone');
  const { of: eventsOf } = await shipped(['zone-not-of-timezone.csv'], {
    source: { files: [join(CASES, 'zone-not-of-timezone.csv')], timezone: 'Asia/Kolkata' },
  });
  expect(eventsOf('statement').map(({ time }) => time)).toEqual([
    '2026-11-29T06:30:01.000Z',
    '2026-11-29T06:30:02.000Z',
  ]);
});

test('a comment is read at either end: pgAudit 18 removes the leading one', async () => {
  const { of } = await shipped(['comment-pg17-pg18.csv'], {
    filter: { ...FILTER, serviceUsers: [], otherUsers: 'ship' },
    identity: [{ comment: ['user=(?<id>[A-Z]\\d{6})'] }],
  });
  expect(of('statement').map(({ actor }) => [actor?.status, actor?.id])).toEqual([
    ['claimed', 'Z990007'],
    ['unresolved', undefined],
    ['claimed', 'Z990007'],
  ]);
});

test("the leader's repetition of a parallel worker's record is counted, and is not a suspect", async () => {
  const { of } = await shipped(['parallel-worker-context.csv'], {
    source: { files: [join(CASES, 'parallel-worker-context.csv')], pgauditLogLevel: 'warning' },
  });
  expect(of('suspect')).toEqual([]);
  expect(of('seal')[0]?.seal?.records.dropped).toEqual({ class: 1, repetition: 1 });
});

test('a log level that only one role has makes a suspect that names the setting for it', async () => {
  const { of, output } = await shipped(['role-level-warning.csv']);
  expect(of('suspect').map(({ suspect }) => suspect?.reason)).toEqual(['pgauditLogLevel']);
  expect(output).toContain('source.pgauditLogLevel');
});

test('a record in two files is shipped once', async () => {
  const { of } = await shipped(['overlap-1.csv', 'overlap-2.csv']);
  expect(of('statement').map(({ id }) => id)).toEqual([1, 2, 3].map(line => `samples/6b0c0001.6a/${line}`));
  const again = of('seal').map(({ seal }) => seal?.records.dropped['read-before'] ?? 0);
  expect(again.reduce((sum, count) => sum + count, 0)).toBe(1);
});

test('one with the key of another record, but other bytes, is kept as a suspect', async () => {
  const folder = await temporaryFolder();
  const first = await readFile(join(CASES, 'overlap-1.csv'), 'utf8');
  await writeFile(join(folder, 'a.csv'), first);
  await writeFile(join(folder, 'b.csv'), first.replaceAll('insert into a', 'insert into b'));
  expect((await runOnce(folder, settings(folder, [join(folder, '*.csv')]))).code).toBe(0);
  expect((await archived(folder, 'statement')).map(({ audit }) => audit?.statement)).toEqual([
    'insert into a values (1)',
    'insert into a values (2)',
  ]);
  expect(
    (await archived(folder, 'suspect')).map(({ suspect }) => [suspect?.reason, suspect?.message]),
  ).toEqual([
    ['line', 'AUDIT: SESSION,1,1,WRITE,INSERT,,,insert into b values (1),<none>'],
    ['line', 'AUDIT: SESSION,2,1,WRITE,INSERT,,,insert into b values (2),<none>'],
  ]);
  expect((await runCommand(['verify', join(folder, 'archive')])).code).toBe(0);
});

test('an existing path with wildcards in its name is that file', async () => {
  const folder = await temporaryFolder();
  await copyFile(join(CASES, 'overlap-1.csv'), join(folder, 'log[1].csv'));
  await copyFile(join(CASES, 'overlap-2.csv'), join(folder, 'log1.csv'));
  await runOnce(folder, settings(folder, [join(folder, 'log[1].csv')]));
  expect((await archived(folder, 'statement')).map(({ source }) => source?.file)).toEqual([
    'log[1].csv',
    'log[1].csv',
  ]);
});

test('and so is a folder on the way', async () => {
  const folder = await temporaryFolder();
  for (const name of ['log[1]', 'log1']) await mkdir(join(folder, name));
  await copyFile(join(CASES, 'overlap-1.csv'), join(folder, 'log[1]', 'a{1}.csv'));
  await copyFile(join(CASES, 'overlap-2.csv'), join(folder, 'log1', 'b.csv'));
  await runOnce(folder, settings(folder, [join(folder, 'log[1]', '*.csv')]));
  const events = await archived(folder, 'statement');
  expect(new Set(events.map(({ source }) => source?.file))).toEqual(new Set(['a{1}.csv']));
});

test('jsonlog.json is read', async () => {
  const { code, events } = await shipped(['jsonlog.json']);
  expect(code).toBe(0);
  expect(events.filter(({ kind }) => kind === 'statement').map(({ audit }) => audit?.statement)).toEqual([
    'delete from a',
  ]);
});

test.each(['pgauditlogtofile-1.8.log'])('%s is named, is not ready, and is a failure', async name => {
  const { code, output, events } = await shipped([name]);
  expect(code).toBe(1);
  expect(output).toMatch(new RegExp(`"code":"file-unsupported".*${name}`));
  expect(output).toMatch(/"reason":"(format|columns)"/);
  expect(events.filter(({ kind }) => kind !== 'lifecycle' && kind !== 'seal')).toEqual([]);
});

test('the password of a program that COPY starts is redacted', async () => {
  const { code, output, events } = await shipped(['copy-program-password.csv']);
  expect(code).toBe(0);
  expect(events.filter(({ kind }) => kind === 'statement')).not.toEqual([]);
  expect(JSON.stringify(events) + output).toContain('<redacted>');
  expect(JSON.stringify(events) + output).not.toContain('HEMMELIG');
});
