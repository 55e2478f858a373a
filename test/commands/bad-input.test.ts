/** Bad input is named, and the rest continues. */

import { appendFile, chmod, copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { csvRecord } from '../support/csvlog.js';
import { append, numbered, numberedRange, numbersOf, range } from '../support/log.js';
import {
  archived,
  eventually,
  logged,
  runCommand,
  runOnce,
  Shipper,
  settings,
  writeConfig,
} from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const SAMPLE = fileURLToPath(new URL('../../demo/recorded/pg15.csv', import.meta.url));

describe('the command line', () => {
  test.each([
    [['fly'], "unknown command 'fly'"],
    [['run', '--twice'], "unknown option '--twice'"],
    [['run', '--config'], 'argument missing'],
    [['run', '--config', '/nowhere/config.yaml'], '/nowhere/config.yaml: cannot be read (ENOENT)'],
    [[], 'Usage: pgaudit-shipper'],
  ])('%j is bad usage: exit code 2', async (args, message) => {
    const { code, output } = await runCommand(args);
    expect(code).toBe(2);
    expect(output).toContain(message);
  });

  test('a wrong configuration: exit code 2, one line a fault', async () => {
    const folder = await temporaryFolder();
    const path = await writeConfig(folder, {
      ...settings(folder, ['x']),
      instnace: 'x',
      filter: { otherUsers: 'keep' },
    });
    for (const command of ['run', 'check']) {
      const { code, output } = await runCommand([command, '--config', path]);
      expect(code).toBe(2);
      expect(output.trimEnd().split('\n')).toEqual([
        `${path}: filter.otherUsers: must be one of drop, ship`,
        expect.stringMatching(/config\.yaml: instnace: unknown setting; allowed here: instance, /),
      ]);
    }
  });

  test('a missing directory of people: exit code 2', async () => {
    const folder = await temporaryFolder();
    const { code, output } = await runOnce(
      folder,
      settings(folder, ['x'], {
        identity: [{ directory: '/nowhere/a.csv' }, { directory: '/nowhere/b.csv' }],
      }),
    );
    const path = join(folder, 'config.yaml');
    expect([code, output.trim().split('\n')]).toEqual([
      2,
      [
        `${path}: identity[0].directory: /nowhere/a.csv cannot be read (ENOENT)`,
        `${path}: identity[1].directory: /nowhere/b.csv cannot be read (ENOENT)`,
      ],
    ]);
  });

  test('--help and --version: exit code 0', async () => {
    expect((await runCommand(['--help'])).code).toBe(0);
    expect((await runCommand(['--version'])).output).toMatch(
      /^\d+\.\d+\.\d+ \(commit [0-9a-f]{12}( with changes)?, state \d+\)\n$/,
    );
  });
});

describe('files that the globs name and that are not csvlog', () => {
  test('are reported once by name and counted; the others continue', async () => {
    const folder = await temporaryFolder();
    const logs = join(folder, 'log');
    await mkdir(join(logs, 'folder.csv'), { recursive: true });
    await writeFile(join(logs, 'old.csv.gz'), gzipSync(numberedRange(90, 95)));
    await writeFile(
      join(logs, 'stderr.log'),
      '2026-11-21 20:40:01.123 CET [1] LOG:  AUDIT: SESSION,1,1,WRITE,UPDATE,,,x,<none>\n'.repeat(50),
    );
    await writeFile(
      join(logs, 'json.json'),
      '{"timestamp":"2026-11-21 20:40:01.123 CET","message":"x"}\n'.repeat(50),
    );
    await writeFile(join(logs, 'columns.csv'), csvRecord().replace('\n', ',,,\n').repeat(20));
    await writeFile(join(logs, 'zone.csv'), csvRecord({ logTime: '2026-11-21 20:40:01.123 IST' }));
    await append(join(logs, 'good.csv'), 1, 3);
    const { source, ...rest } = settings(folder, [join(logs, '*')]);
    const shipper = await Shipper.start(folder, { ...rest, source: { files: [join(logs, '*')] } });
    await eventually(async () => numbersOf(await logged(folder)).length === 3);
    await append(join(logs, 'good.csv'), 4);
    await eventually(async () => numbersOf(await logged(folder)).length === 4);
    // It is the newest now.
    await appendFile(join(logs, 'stderr.log'), 'more\n');
    const reports = shipper
      .logged('file-unsupported')
      .map(({ path, reason }) => [String(path).slice(logs.length + 1), reason]);
    expect(reports.sort()).toEqual([
      ['columns.csv', 'columns'],
      ['folder.csv', 'not-a-file'],
      ['json.json', 'other-format'],
      ['old.csv.gz', 'compressed'],
      ['stderr.log', 'format'],
      ['zone.csv', 'zone'],
    ]);
    expect(await shipper.metric('pgaudit_shipper_source_files_unsupported_total{reason="columns"}')).toBe(1);
    // The zone needs to be settled, and the newest file is not csvlog; the others continue.
    const status = async () => JSON.parse((await shipper.get('/internal/status.json')).body);
    await eventually(async () => (await status()).problems.length > 1);
    const { problems, isReady } = await status();
    expect(isReady).toBe(true);
    expect(problems).toMatchObject([
      {
        code: 'log-held-back',
        what: join(logs, 'zone.csv'),
        fix: expect.stringContaining('Its time zone is ambiguous: set source.timezone'),
      },
      { code: 'log-format', what: join(logs, 'stderr.log') },
    ]);
    expect(await shipper.metric('pgaudit_shipper_problem{code="log-held-back"}')).toBe(1);
    await shipper.stop();
    expect(numbersOf(await archived(folder))).toEqual(range(1, 4));
    expect(await archived(folder, 'gap')).toEqual([]);
  });

  test('a file that becomes csvlog later is read from there, and what was before is a gap', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.csv');
    await writeFile(path, 'a line of something else\n'.repeat(3));
    const shipper = await Shipper.start(folder, settings(folder, [path]));
    await eventually(async () => shipper.logged('file-unsupported').length === 1);
    await append(path, 1, 2);
    await eventually(async () => numbersOf(await logged(folder)).length === 2);
    expect((await logged(folder, 'gap')).map(event => event.source)).toMatchObject([
      { offset: 0, length: 75 },
    ]);
  });
});

describe('a source that cannot be read', () => {
  test('no file yet: not ready, waiting, and a warning; ready with the first one, even an empty one', async () => {
    const folder = await temporaryFolder();
    const shipper = await Shipper.start(folder, settings(folder, [join(folder, '*.csv')]));
    await shipper.eventuallyLogged('nothing-matches');
    await shipper.eventuallyLogged('source-unreadable');
    const { status, body } = await shipper.get('/internal/isready');
    expect([status, body]).toEqual([503, expect.stringContaining('no log file can be read')]);
    await writeFile(join(folder, 'a.csv'), '');
    await eventually(() => shipper.isReady());
    expect(JSON.parse((await shipper.get('/internal/status.json')).body).problems).toEqual([]);
  });

  test('a path that cannot be opened: not ready, a clear message, retried', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.csv');
    // A link to itself: unlike a lack of permission, it stops root as well.
    await symlink(path, path);
    const shipper = await Shipper.start(folder, settings(folder, [path]));
    await eventually(async () => shipper.logged('source-unreadable').length === 1);
    const { status, body } = await shipper.get('/internal/isready');
    expect([status, body]).toEqual([
      503,
      expect.stringContaining(`source: ${path}: its symbolic links form a loop`),
    ]);
    expect(await shipper.metric('pgaudit_shipper_source_readable')).toBe(0);
    await rm(path);
    await append(path, 1);
    await eventually(async () => numbersOf(await logged(folder)).length === 1);
    await eventually(() => shipper.isReady());
  });

  test.each<[string, string[], number]>([
    ['a folder that is not there', ['nowhere/*.csv'], 1],
    ['no file that matches', ['*.nothing'], 1],
    ['a file that is not there, alone', ['nothing.csv'], 1],
    ['a file that is not there yet, beside one that is', ['good.csv', 'nothing.csv'], 0],
    ['a file that is named and compressed', ['good.csv', 'old.csv.gz'], 1],
    ['a named path that is not a file', ['good.csv', 'log'], 1],
    ['a log in another format', ['good.csv', 'other.log'], 1],
    ['a wildcard that matches nothing beside one that does', ['good.csv', '*.nothing'], 0],
    ['a compressed file among others', ['*.csv*'], 0],
    ['an empty file', ['empty.csv'], 0],
    ['nothing new', ['good.csv'], 0],
  ])('--once and check of %s', async (_what, names, expected) => {
    const folder = await temporaryFolder();
    await append(join(folder, 'good.csv'), 1);
    await writeFile(join(folder, 'empty.csv'), '');
    await writeFile(join(folder, 'old.csv.gz'), gzipSync('x'));
    await writeFile(join(folder, 'other.log'), '2026-11-21 20:40:01.123 CET [1] LOG:  x\n'.repeat(50));
    await mkdir(join(folder, 'log'));
    const config = settings(
      folder,
      names.map(name => join(folder, name)),
    );
    await runOnce(folder, config);
    const again = await runOnce(folder, config);
    expect(again.code).toBe(expected);
    const checked = await runCommand(['check', '--config', join(folder, 'config.yaml')]);
    expect([checked.code, checked.output]).toEqual([expected, expect.any(String)]);
  });
});

describe('state', () => {
  test('that is damaged stops the start: exit code 1, and what to do', async () => {
    const folder = await temporaryFolder();
    await copyFile(SAMPLE, join(folder, 'a.csv'));
    const config = settings(folder, [join(folder, '*.csv')]);
    await runOnce(folder, config);
    await writeFile(join(folder, 'state', 'checkpoint.json'), '{');
    const { code, output } = await runOnce(folder, config);
    expect(code).toBe(1);
    expect(output.split('\n').at(-2)).toMatch(/^pgaudit-shipper: \S+checkpoint\.json is damaged/);
    expect(output).not.toMatch(/"level":"fatal"|\n +at /);
    expect(output).toContain(
      'checkpoint.json is damaged or of another version. Move the whole state folder away',
    );
  });

  test('that a living daemon uses is refused; that of a killed one is taken over', async () => {
    const folder = await temporaryFolder();
    const config = settings(folder, [join(folder, '*.csv')]);
    await writeFile(join(folder, 'a.csv'), '');
    const shipper = await Shipper.start(folder, config);
    await eventually(() => shipper.isReady());
    const { code, output } = await runOnce(folder, config);
    expect([code, output]).toEqual([1, expect.stringMatching(/process \d+ already uses this state folder/)]);
    await shipper.kill();
    await append(join(folder, 'a.csv'), 1);
    expect((await runOnce(folder, config)).code).toBe(0);
  });
});

describe('check', () => {
  test('names what is well, and what is not with its fix', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.csv'), numbered(1));
    await writeFile(join(folder, 'b.csv.gz'), gzipSync('x'));
    const config = settings(folder, [join(folder, '*.csv*'), join(folder, 'nowhere', '*.csv')]);
    const { code, output } = await runCommand(['check', '--config', await writeConfig(folder, config)], {
      NO_COLOR: '1',
    });
    expect(code).toBe(1);
    expect(output).toMatch(/^ok +configuration /m);
    expect(output).toMatch(/^ok +source +\S+a\.csv: csvlog of PostgreSQL 14 or later/m);
    expect(output).toMatch(/^warning +source +\S+b\.csv\.gz\n +→ It is compressed: narrow source\.files/m);
    expect(output).toMatch(/^failure +source +\S+nowhere \(ENOENT\)\n +→ it does not exist/m);
    expect(output).toMatch(/^ok +state +\S+state will be created by the first start/m);
  });

  test('exits with 0 if nothing fails', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.csv'), numbered(1));
    const path = await writeConfig(folder, settings(folder, [join(folder, '*.csv')]));
    expect((await runCommand(['check', '--config', path])).code).toBe(0);
  });
});

describe('check --user', () => {
  test('an unknown user, or a caller without the rights: exit code 2', async () => {
    const { code, output } = await runCommand(['check', '--user', 'no such user']);
    expect([code, output]).toEqual([2, '--user no such user: the system knows no such user\n']);
  });

  // Tests may run as root, or not: only one of the two can be tried.
  const isRoot = process.getuid?.() === 0;
  test('looks with the rights of that user', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.csv'), numbered(1), { mode: 0o600 });
    const path = await writeConfig(folder, settings(folder, [join(folder, '*.csv')]));
    await chmod(folder, 0o755);
    const { code, output } = await runCommand(['check', '--user', '65534', '--config', path], {
      NO_COLOR: '1',
    });
    const found = isRoot
      ? /^failure +source +\S+a\.csv \(EACCES\)/m
      : /^--user 65534: only root may change to another user/;
    expect([code, output]).toEqual([isRoot ? 1 : 2, expect.stringMatching(found)]);
    const own = await runCommand(['check', '--config', path], { NO_COLOR: '1' });
    expect(/^warning +user +check runs as root, and the daemon will not/m.test(own.output)).toBe(isRoot);
  });
});

describe('what is not available at the start is named', () => {
  test('a port that is taken', async () => {
    const folder = await temporaryFolder();
    const first = await Shipper.start(folder, settings(folder, [join(folder, '*.csv')]));
    const other = await temporaryFolder();
    const http = { host: '127.0.0.1', port: first.port };
    const path = await writeConfig(other, settings(other, [join(other, '*.csv')], { http }));
    const { code, output } = await runCommand(['run', '--config', path]);
    expect(code).toBe(1);
    expect(output).toContain(
      `nothing can listen on http.host 127.0.0.1, http.port ${first.port} (EADDRINUSE)`,
    );
  });

  test('a state folder that cannot be made', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a file'), '');
    const directory = join(folder, 'a file', 'state');
    const config = settings(folder, [join(folder, '*.csv')], { state: { directory } });
    const { code, output } = await runOnce(folder, config);
    expect([code, output]).toEqual([
      1,
      expect.stringContaining(`state.directory ${directory} cannot be written (ENOTDIR)`),
    ]);
    const check = await runCommand(['check', '--config', join(folder, 'config.yaml')], { NO_COLOR: '1' });
    expect([check.code, check.output]).toEqual([
      1,
      expect.stringContaining('a part of its path is not a folder'),
    ]);
  });

  test('a folder behind a wildcard that cannot be listed', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'log', 'good'), { recursive: true });
    await symlink(join(folder, 'log', 'bad'), join(folder, 'log', 'bad'));
    await append(join(folder, 'log', 'good', 'a.csv'), 1);
    const { code, output } = await runOnce(folder, settings(folder, [join(folder, 'log', '*', '*.csv')]));
    expect([code, output]).toEqual([
      1,
      expect.stringContaining(`"path":"${join(folder, 'log', 'bad')}","code":"ELOOP"`),
    ]);
    expect(numbersOf(await archived(folder))).toEqual([1]);
  });

  test('credentials for the cloud: waited for, with an error, and the other sink continues', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.csv');
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json');
    const config = settings(folder, [path], { logging: { to: 'projects/p/logs/pgaudit' } });
    const shipper = await Shipper.start(folder, config);
    vi.unstubAllEnvs();
    await append(path, 1);
    await eventually(async () => numbersOf(await archived(folder)).length === 1);
    await eventually(async () => shipper.logged('delivery-failed').length >= 2);
    expect(shipper.logged('delivery-failed')[0]).toMatchObject({
      sink: 'logging',
      error: 'credentials',
      msg: expect.stringContaining('no Google credentials: use workload identity'),
    });
  });
});
