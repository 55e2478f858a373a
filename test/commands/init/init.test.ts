import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { composeConfig } from '../../../src/commands/init/compose.js';
import { propose } from '../../../src/commands/init/sort.js';
import { loadConfig } from '../../../src/config/load.js';
import { startPostgres } from '../../support/postgres.js';
import { runCommand } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

const HOSTILE = 'x"\n\u2028instance: evil\n#\'';

test('a first configuration from a real server: check accepts it, and it is never overwritten', async () => {
  const postgres = await startPostgres();
  await postgres.query(
    'postgres',
    'CREATE ROLE "Z990001" LOGIN',
    'CREATE ROLE "kari@nav.no" LOGIN',
    'CREATE ROLE app_web LOGIN',
    'CREATE ROLE backup LOGIN',
    `CREATE ROLE "${HOSTILE.replaceAll('"', '""')}" LOGIN`,
    'CREATE ROLE shipper LOGIN',
  );
  const out = join(await temporaryFolder(), 'config.yaml');
  const url = `postgres://shipper@127.0.0.1:${postgres.port}/postgres`;
  const init = (...more: string[]) => runCommand(['init', '--database', url, ...more]);
  expect(await init('--out', out)).toMatchObject({
    code: 0,
    output: expect.stringContaining(`wrote ${out}`),
  });
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  const text = await readFile(out, 'utf8');
  const written = parse(text);
  expect(written).toMatchObject({
    filter: {
      personalUsers: expect.arrayContaining(['^[A-Z]\\d{6}$', '@nav\\.no$']),
      serviceUsers: expect.arrayContaining(['^app[_-]', '^shipper$']),
      otherUsers: 'ship',
    },
    database: { url },
  });
  expect(written.instance).not.toBe('evil');
  expect(text).toContain('"backup"');
  await expect(loadConfig(out, {})).resolves.toMatchObject({ instance: written.instance });
  expect(await init('--out', out)).toMatchObject({
    code: 1,
    output: expect.stringContaining('is there already'),
  });
  expect(await readFile(out, 'utf8')).toBe(text);
  const printed = await init('--print');
  expect(printed).toEqual({ code: 0, output: text });
});

test('what the server lacks is in it, as SQL', async () => {
  const postgres = await startPostgres({
    'pgaudit.log': 'read',
    log_statement: 'none',
    log_disconnections: 'off',
  });
  const { output } = await runCommand([
    'init',
    '--database',
    `postgres://postgres@127.0.0.1:${postgres.port}/postgres`,
    '--print',
  ]);
  expect(output).toContain("ALTER SYSTEM SET pgaudit.log = 'read,write,ddl,role'");
  expect(output).toContain("ALTER SYSTEM SET log_disconnections = 'on'");
  expect(output).toContain("ALTER SYSTEM SET log_statement = 'mod'");
  expect(output).not.toContain('shared_preload_libraries');
});

test('classes that are taken away again are lacking', async () => {
  const postgres = await startPostgres({ 'pgaudit.log': 'all, -write' });
  const url = `postgres://postgres@127.0.0.1:${postgres.port}/postgres`;
  const { output } = await runCommand(['init', '--database', url, '--print']);
  expect(output).toContain("ALTER SYSTEM SET pgaudit.log = 'all,-write,write,ddl,role'");
  const look = lookOf([['pgaudit.log', 'read, write, ddl, role, -write', false]]);
  expect(composeConfig(look, url)).toContain("SET pgaudit.log = 'read,-write,write,ddl,role'");
});

test('libraries that the role may not see are not taken out, and a restart that is due is enough', () => {
  const look = (value: string | null, isPending: boolean) =>
    composeConfig(lookOf([['shared_preload_libraries', value, isPending]]), 'postgres://x@db/y');
  expect(look(null, false)).toContain(
    "#   ALTER SYSTEM SET shared_preload_libraries = 'pgaudit'; then restart PostgreSQL; keep the present ones",
  );
  expect(look('timescaledb', false)).toContain("= 'timescaledb', 'pgaudit'; then restart PostgreSQL\n");
  expect(look('timescaledb', true)).not.toContain('SET shared_preload_libraries');
});

test('a log folder in the data folder is nothing for another user', () => {
  const look = (folder: string | null, data: string | null = '/srv/pg') =>
    composeConfig(
      lookOf([
        ['data_directory', data, false],
        ['log_directory', folder, false],
      ]),
      'postgres://x@db/y',
    );
  const moved = "SET log_directory = '/var/log/postgresql'";
  expect(look('log')).toContain(moved);
  expect(look('/srv/pg/log')).toContain(moved);
  expect(look('/var/log/pg')).not.toContain(moved);
  expect(look(null, null)).not.toContain(moved);
});

function lookOf(settings: readonly (readonly [name: string, value: string | null, isPending: boolean])[]) {
  return {
    ...{ server: 'db:5432', version: 170_002, user: 'shipper', pgaudit: null },
    settings: new Map(settings.map(([name, value, isPending]) => [name, { name, value, isPending }])),
    ...{ overrides: [], roles: [], databases: [], logFile: null, jsonLogFile: null },
  };
}

test('a server that cannot be asked, and bad usage', async () => {
  const { code, output } = await runCommand([
    'init',
    '--database',
    'postgres://u:s3cret@127.0.0.1:1/x',
    '--print',
  ]);
  expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('cannot be asked') });
  expect(output).not.toContain('s3cret');
  expect((await runCommand(['init'])).code).toBe(2);
});

test('roles are sorted by how people name them', () => {
  expect(
    propose(['Z990001', 'A123456', 'ola.nordmann', 'kari@nav.no', 'svc-pay', 'orders_app', 'hest', 'a+b']),
  ).toEqual({
    persons: ['^[A-Z]\\d{6}$', '^ola\\.nordmann$', '@nav\\.no$'],
    services: ['^svc[_-]', '^orders_app$'],
    undecided: ['hest', 'a+b'],
  });
});

test('a name with an ident is no application, whatever it ends with', () => {
  expect(propose(['v-oidc-A165413-1771575386-vp8kYc08-sokos-user', 'a123456_rw', 'sokos-user'])).toEqual({
    persons: ['^v-oidc-[A-Za-z]\\d{6}-'],
    services: ['^sokos-user$'],
    undecided: ['a123456_rw'],
  });
});
