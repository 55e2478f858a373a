/** `search` as a person or a script calls it: what it prints where, how it ends, and with which exit code. */

import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { objectsIn } from '../../support/archive.js';
import { csvRecord, writeMessage } from '../../support/csvlog.js';
import { failureOf, statement, type Written, writeArchive, writeObject } from '../../support/search.js';
import { run } from '../../support/search-command.js';
import { oneSegment, runCommand, runOnce, settings } from '../../support/shipper.js';
import { startStorageServer } from '../../support/storage-server.js';
import { temporaryFolder } from '../../support/temp.js';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
process.env.TZ = 'UTC';
const ESC = '\u001b';

async function twoDays(): Promise<{ folder: string; objects: Written[] }> {
  const folder = await temporaryFolder();
  const konto = { objects: ['public.konto'], objectsFrom: 'pgaudit' } as const;
  const lost = statement({ audit: { statement: 'UPDATE lost SET a = 1' } });
  const objects = await writeArchive(folder, [
    {
      date: '2026-11-21',
      events: [statement({ audit: konto }), statement({ audit: { command: 'DELETE' } }), lost],
    },
    {
      date: '2026-11-22',
      events: [failureOf(lost), statement({ time: '2026-11-22T10:00:00.000Z', audit: konto })],
    },
  ]);
  return { folder, objects };
}

describe('in a pipe', () => {
  test("it prints the archive's lines, byte for byte, and nothing else", async () => {
    const { folder, objects } = await twoDays();
    const lines = objects.flatMap(object => object.lines).filter(line => line.includes('"kind":"statement"'));
    expect(await run(folder, [])).toEqual({ code: 0, stdout: `${lines.join('\n')}\n`, stderr: '' });
    const all = objects.flatMap(object => object.lines);
    expect(await run(`file:${folder}`, ['--kind', 'all'])).toMatchObject({ stdout: `${all.join('\n')}\n` });
  });

  test('groups are JSON', async () => {
    const { folder } = await twoDays();
    const { stdout } = await run(folder, ['--group-by', 'actor,object', '--having', '2']);
    expect(stdout).toBe(
      '{"events":2,"actor":"Z990001","object":"public.konto","name":"Kari Nordmann"}\n' +
        '{"events":2,"actor":"Z990001","object":null,"name":"Kari Nordmann"}\n',
    );
  });

  test('nothing found is nothing printed, and no failure', async () => {
    const { folder } = await twoDays();
    expect(await run(folder, ['--user', 'nobody'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('--objects are the names of the objects that hold what was found, with their time stamps', async () => {
    const { folder, objects } = await twoDays();
    const [first, second] = objects.map(({ name }) => join(folder, name));
    await writeFile(`${first}.tsr`, 'stamp');
    const found = await run(`file:${folder}/instance=prod`, ['--object', 'konto', '--objects']);
    expect(found).toEqual({ code: 0, stdout: `${first}\n${first}.tsr\n${second}\n`, stderr: '' });
    expect((await run(folder, ['--objects'])).stdout).toBe(found.stdout);
    expect((await run(folder, ['--command', 'DELETE', '--objects'])).stdout).toBe(`${first}\n${first}.tsr\n`);
  });

  test('--limit ends it', async () => {
    const { folder } = await twoDays();
    expect((await run(folder, ['--limit', '2'])).stdout.split('\n')).toHaveLength(3);
    expect((await run(folder, ['--group-by', 'object', '--limit', '1'])).stdout.split('\n')).toHaveLength(2);
  });
});

describe('on a terminal', () => {
  test('it prints a table of its width, and a progress bar on the other stream', async () => {
    const { folder } = await twoDays();
    const { code, stdout, stderr } = await run(folder, ['--object', 'konto'], { columns: 100 });
    expect(stdout.split('\n')).toEqual([
      'time (UTC)           person          database  command    object           statement',
      '2026-11-21 20:40:01  Kari Nordmann   hold      UPDATE     public.konto     UPDATE t SET a = 1',
      '2026-11-22 10:00:00  Kari Nordmann   hold      UPDATE     public.konto     UPDATE t SET a = 1',
      '',
    ]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('searching 2026-11-2')]);
  });

  test('with --json it prints JSON in which nothing steers the terminal', async () => {
    const folder = await temporaryFolder();
    const text = `\u009b2J ${ESC}[2J \u202e x`;
    await writeArchive(folder, [{ date: '2026-11-21', events: [statement({ audit: { statement: text } })] }]);
    const { stdout } = await run(folder, ['--json'], { columns: 80 });
    expect(stdout.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.parse(stdout).audit.statement).toBe(text);
  });

  test('nothing found is reported', async () => {
    const { folder } = await twoDays();
    expect(await run(folder, ['--user', 'nobody'], { columns: 80 })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('nothing found\n'),
    });
  });

  test('what is shown of how many, what was looked at, and what did not fit are said', async () => {
    const { folder } = await twoDays();
    const { stdout, stderr } = await run(folder, ['--limit', '1'], { columns: 78 });
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stderr).toContain(
      '1 of 4 events shown; 2 days of the archive were looked at (2026-11-21 to 2026-11-22), with 7 events\n',
    );
    expect(stderr).toContain('1 row did not fit: --format long shows all of each\n');
  });

  test('changes of which nobody can say whether they have a WHERE are counted', async () => {
    const folder = await temporaryFolder();
    const texts = ['DELETE FROM t', 'DELETE FROMM t WHERE a = 1', 'DELETE FROM t WHERE a = 1', null];
    const events = texts.map(text => statement({ audit: { command: 'DELETE', statement: text } }));
    await writeArchive(folder, [{ date: '2026-11-21', events }]);
    const { stdout, stderr } = await run(folder, ['--without-where'], { columns: 100 });
    expect(stdout.split('\n').slice(1, -1)).toEqual([expect.stringContaining('DELETE FROM t')]);
    expect(stderr).toContain('2 changes cannot be parsed, or the text was not logged');
    expect((await run(folder, ['--without-where'])).stderr).toContain('2 changes cannot be parsed');
  });

  test('two periods are side by side', async () => {
    const { folder } = await twoDays();
    const args = ['--compare', '2026-11-22', '2026-11-21', '--group-by', 'object'];
    expect((await run(folder, args, { columns: 80 })).stdout.split('\n')).toEqual([
      '  2026-11-22  2026-11-21  difference  object',
      '           0           2          +2  -',
      '           1           1           0  public.konto',
      '',
    ]);
  });

  test('long says all of an event, and a text of many lines passes for nothing else', async () => {
    const folder = await temporaryFolder();
    const text = `a\nid  ${'x'}/1\r\n${ESC}[2J`;
    const one = statement({ audit: { statement: text, parameters: ['p'] } });
    const [object] = await writeArchive(folder, [{ date: '2026-11-21', events: [one] }]);
    const { stdout } = await run(folder, ['--format', 'long', '--timezone', 'Europe/Oslo'], { columns: 40 });
    const label = (name: string): string => name.padEnd('session.virtualTransactionId'.length);
    const margin = `${label('')} | `;
    expect(stdout).toContain(
      `${label('audit.statement')}\n${margin}a\n${margin}id  x/1\n${margin}\\u001b[2J\n${label('audit.parameters[1]')}  p\n`,
    );
    expect(stdout).toContain(`${label('time (Europe/Oslo)')}  2026-11-21 21:40:01\n`);
    for (const value of [one.id, 'kari.nordmann@nav.no', '127.0.0.1', object?.name ?? '', 'previousHash'])
      expect(stdout).toContain(value);
  });

  test('of a text with millions of lines, long shows the first, and says how many more there are', async () => {
    const folder = await temporaryFolder();
    const lines = 17_000_000;
    const one = statement({ audit: { statement: `UPDATE t SET a = 1${'\n'.repeat(lines - 1)}` } });
    await writeArchive(folder, [{ date: '2026-11-21', events: [one] }]);
    const { code, stdout } = await run(folder, ['--format', 'long'], { columns: 40 });
    expect(code).toBe(0);
    expect(stdout).toContain(
      `\n${' '.repeat('session.virtualTransactionId'.length)}  ... ${lines - 100_000} more lines: --format json has them\n`,
    );
    expect(stdout.split('\n').length).toBeLessThan(100_100);
  });

  test('names in paths steer nothing either', async () => {
    const { folder, objects } = await twoDays();
    const [{ body } = { body: Buffer.alloc(0) }] = objects;
    await writeObject(folder, { name: `instance=x${ESC}[2J/node=n/date=2026-11-21/x.ndjson.gz`, body });
    const { code, stderr } = await run(folder, []);
    expect([code, stderr]).toEqual([1, expect.stringContaining('instance=x\\u001b[2J/node=n')]);
  });
});

describe('what cannot be searched', () => {
  test('a damaged object: the rest is searched, and the exit code is 1', async () => {
    const { folder, objects } = await twoDays();
    const [first, second] = objects;
    await writeFile(join(folder, first?.name ?? ''), first?.body.subarray(0, 40) ?? '');
    const { code, stdout, stderr } = await run(folder, []);
    expect([code, stdout]).toEqual([1, `${second?.lines[1]}\n`]);
    expect(stderr).toContain(`${first?.name}: its compressed data is damaged (truncated).`);
    expect(stderr).toContain('verify says more');
  });

  test('no archive, a file in place of one, a bucket without a name', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await mkdir(join(folder, 'empty'));
    for (const [archive, expected, message] of [
      [
        join(folder, 'nowhere'),
        1,
        'there is no archive here: give the value of archive.to in the configuration',
      ],
      [join(folder, 'empty'), 1, 'there is no archive here'],
      [join(folder, 'file'), 1, 'it is not a folder: give the folder above instance=…'],
      ['gs://', 2, 'an archive is gs://bucket/prefix or file:folder'],
      ['file:', 2, 'an archive is gs://bucket/prefix or file:folder'],
    ] as const) {
      const { code, stdout, stderr } = await run(archive, []);
      expect([code, stdout, stderr]).toEqual([
        expected,
        '',
        expect.stringContaining(`${archive}: ${message}`),
      ]);
    }
  });
});

describe('in Cloud Storage', () => {
  async function bucket(): Promise<{
    endpoint: string;
    to: string;
    objects: Written[];
    server: Awaited<ReturnType<typeof startStorageServer>>;
  }> {
    const server = await startStorageServer();
    const segments = Array.from({ length: 30 }, (_, index) => ({
      date: `2026-11-${String(index + 1).padStart(2, '0')}`,
      prefix: 'hold',
      events: [statement({ audit: { statement: `UPDATE t SET a = ${index}` } })],
    }));
    const objects = await writeArchive(null, segments);
    for (const { name, body } of objects) {
      const more = { contentType: 'application/gzip', crc32c: '', metadata: {}, generation: 1 };
      server.objects.set(name, { name, body, ...more });
    }
    return { server, objects, endpoint: server.endpoint, to: `gs://${server.bucket}/hold` };
  }

  test('the same is found as in a folder', async () => {
    const { server, to, endpoint, objects } = await bucket();
    const { code, stdout, stderr } = await run(to, ['--endpoint', endpoint]);
    await server.close();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`${objects.map(({ lines }) => lines[0]).join('\n')}\n`);
  });

  test('--objects are named as gcloud takes them', async () => {
    const { server, to, objects, endpoint } = await bucket();
    const { stdout } = await run(to, ['--endpoint', endpoint, '--objects']);
    await server.close();
    const root = to.split('/').slice(0, 3).join('/');
    expect(stdout).toBe(objects.map(({ name }) => `${root}/${name}\n`).join(''));
  });

  test('without permission, or without the bucket, it says what to do', async () => {
    const { server, to, endpoint } = await bucket();
    server.mayRead = false;
    const forbidden = await run(to, ['--endpoint', endpoint]);
    expect(forbidden).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('grant roles/storage.objectViewer'),
    });
    const missing = await run('gs://other/hold', ['--endpoint', endpoint]);
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the bucket or the object does not exist'),
    });
    await server.close();
  });
});

describe('the built command', () => {
  async function daemonsArchive(): Promise<string> {
    const folder = await temporaryFolder();
    const records = [1, 2, 3].map(n =>
      csvRecord({
        sessionLine: n,
        message: writeMessage(`UPDATE konto SET a = ${n}`, [], n),
        virtualTransactionId: `3/${n}`,
      }),
    );
    await writeFile(join(folder, 'a.csv'), records.join(''));
    await runOnce(folder, settings(folder, [join(folder, 'a.csv')], oneSegment(folder)));
    return join(folder, 'archive');
  }

  test("finds in the daemon's archive what it wrote", async () => {
    const archive = await daemonsArchive();
    const [path = ''] = await objectsIn(archive);
    const lines = gunzipSync(await readFile(path))
      .toString()
      .split('\n')
      .filter(line => line.includes('"kind":"statement"'));
    const { code, output } = await runCommand([
      'search',
      archive,
      '--object',
      'konto',
      '--until',
      '2026-11-21',
    ]);
    expect([code, output]).toEqual([0, `${lines.join('\n')}\n`]);
  });

  test.each([
    [['--limit', 'x'], "option '--limit <n>' argument 'x' is invalid"],
    [['--having', '3'], "option '--having <n>' needs '--group-by <keys>'"],
    [['--weekdays'], "option '--weekdays' needs '--outside-hours <from-to>'"],
    [['--format', 'xlsx'], "option '--format xlsx' needs '--out <file>'"],
    [['--group-by', 'user', '--compare', '2026-09'], "'--compare <periods...>' takes two periods"],
    [['--compare', '2026-09', '2026-10'], "'--compare <periods...>' needs '--group-by <keys>'"],
    [['--since', '2026-10-02', '--until', '2026-10-01'], '--since is after --until'],
    [[], "missing required argument 'archive'"],
  ])('bad usage is exit code 2: %j', async (args, message) => {
    const { code, output } = await runCommand(['search', ...(args.length > 0 ? ['somewhere'] : []), ...args]);
    expect([code, output]).toEqual([2, expect.stringContaining(message)]);
  });

  test('an archive that is not there is exit code 1', async () => {
    const { code, output } = await runCommand(['search', '/nowhere']);
    expect([code, output]).toEqual([1, expect.stringContaining('/nowhere: there is no archive here')]);
  });

  test('ends early, quietly and well when its reader goes away', async () => {
    const folder = await temporaryFolder();
    const events = Array.from({ length: 20_000 }, () => statement({ audit: { statement: 'x'.repeat(500) } }));
    await writeArchive(folder, [{ date: '2026-11-21', events }]);
    const child = spawn(process.execPath, [MAIN, 'search', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', chunk => {
      errors += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise(resolve => child.once('close', resolve));
    expect([code, errors]).toEqual([0, '']);
  });
});
