/** `check --end-to-end`: a person's change is followed through a running daemon, or to where it stops. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../demo/postgres.js';
import type { CheckArguments } from '../../../src/commands/check/check.js';
import { runCheck } from '../../support/checked.js';
import { CheckedServer } from '../../support/checked-server.js';
import { startCloud } from '../../support/cloud.js';
import { archived, type Settings, Shipper, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

let server: CheckedServer;
beforeAll(async () => {
  server = await CheckedServer.start();
  await server.run('GRANT CREATE ON DATABASE postgres TO "Z990001"');
});
afterAll(async () => await server.stop());

interface Scene {
  readonly folder: string;
  readonly config: Settings;
}

async function scene(more: Settings = {}): Promise<Scene> {
  const folder = await temporaryFolder();
  const { filter, database } = server.config();
  const http = { host: '127.0.0.1', port: await freePort() };
  return {
    folder,
    config: settings(folder, [server.postgres.logPattern], { filter, database, http, ...more }),
  };
}

/** `status: detail` of what followed the change. */
async function trace(config: Settings, options: CheckArguments): Promise<string[]> {
  const { findings } = await runCheck(config, { endToEnd: true, ...options });
  return findings
    .filter(({ what }) => what === 'end-to-end')
    .map(({ status, detail }) => `${status}: ${detail.replaceAll(/\d+\.\d s/g, 'N s')}`);
}

test('into local folders: each leg with its time, and nothing is left behind', async () => {
  const { folder, config } = await scene();
  const shipper = await Shipper.start(folder, config);
  expect(await trace(config, { as: 'Z990001', wait: '20s' })).toEqual([
    'ok: "Z990001" changed a table in its own schema',
    'ok: in the csvlog after N s',
    'ok: in the journal after N s',
    'ok: in the log entries after N s',
    'ok: in the archive after N s',
  ]);
  await shipper.stop();
  const statements = (await archived(folder, 'statement')).map(({ audit }) => audit?.command);
  expect(statements).toEqual(['CREATE SCHEMA', 'CREATE TABLE', 'INSERT', 'DROP SCHEMA']);
  const client = await server.postgres.connect('postgres');
  const { rows } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'pgaudit_shipper%'");
  await client.end();
  expect(rows).toEqual([]);
});

test('into both clouds; a person who may make no schema makes a temporary table, by a URL of her own', async () => {
  const cloud = await startCloud();
  const { folder, config } = await scene({
    ...cloud.settings,
    logging: { ...(cloud.settings.logging as object), payload: 'nais' },
  });
  await Shipper.start(folder, config);
  const as = `postgres://kari%40nav.no:x@127.0.0.1:${server.postgres.port}/hold`;
  expect(await trace({ ...config, database: undefined }, { as, wait: '20s' })).toEqual([
    'ok: "kari@nav.no" changed a temporary table',
    'ok: in the csvlog after N s',
    'ok: in the journal after N s',
    'ok: in the log entries after N s',
    'ok: in the archive after N s',
  ]);
  cloud.logging.mayList = false;
  cloud.storage.mayRead = false;
  expect(await trace(config, { as, wait: '20s' })).toEqual([
    'ok: "kari@nav.no" changed a temporary table',
    'ok: in the csvlog after N s',
    'ok: in the journal after N s',
    'warning: the log entries cannot be read (PERMISSION_DENIED)',
    'warning: the archive cannot be read (403)',
  ]);
});

test('no daemon: it stops before the journal', async () => {
  const { config } = await scene();
  const { code, findings } = await runCheck(config, { endToEnd: true, as: 'Z990001', wait: '1s' });
  expect(code).toBe(1);
  expect(findings.filter(({ what }) => what === 'end-to-end').slice(2)).toEqual([
    {
      what: 'end-to-end',
      status: 'failure',
      detail: 'in the csvlog, and not in the journal after 1 s',
      why: 'no daemon answers at http.host and http.port',
      fix: 'start it: pgaudit-shipper run --config …',
    },
  ]);
});

test('pgAudit does not write it down: it is not in the csvlog, also where the server logs the statement itself', async () => {
  const { folder, config } = await scene();
  await Shipper.start(folder, config);
  await server.run(
    `ALTER ROLE "Z990001" SET pgaudit.log = 'none'\nALTER ROLE "Z990001" SET log_statement = 'all'`,
  );
  expect(await trace(config, { as: 'Z990001', wait: '1s' })).toEqual([
    'ok: "Z990001" changed a table in its own schema',
    'failure: "Z990001"\'s change is not in the csvlog after 1 s',
  ]);
  await server.run('ALTER ROLE "Z990001" RESET ALL');
});

/** What is to come comes within, on a busy machine, too; what never comes is waited for so long. */
const AMPLE = '15s';

test('a sink is down: the others have it, and it says how many wait; a segment that is still open is only a warning', async () => {
  const cloud = await startCloud();
  const { logging } = cloud.settings;
  const { folder, config } = await scene({ logging });
  const slow = { ...config, archive: { ...(config.archive as object), segment: { maxAge: '15m' } } };
  const shipper = await Shipper.start(folder, slow);
  await cloud.logging.close();
  const found = await trace(slow, { as: 'Z990001', wait: AMPLE });
  expect(found.slice(0, 3)).toEqual([
    'ok: "Z990001" changed a table in its own schema',
    'ok: in the csvlog after N s',
    'ok: in the journal after N s',
  ]);
  expect(found[3]).toMatch(
    /^(failure: not in the log entries after 15 s; \d+ events wait for it|warning: the log entries cannot be read \(UNAVAILABLE\))$/,
  );
  await shipper.kill();
});

test('the archive waits for its segment: a warning that says for how long', async () => {
  const { folder, config } = await scene({ archive: { to: 'file:ARCHIVE', segment: { maxAge: '15m' } } });
  const slow = { ...config, archive: { to: `file:${join(folder, 'archive')}`, segment: { maxAge: '15m' } } };
  await Shipper.start(folder, slow);
  const { code, findings } = await runCheck(slow, { endToEnd: true, as: 'Z990001', wait: AMPLE });
  expect(code).toBe(0);
  expect(findings.at(-1)).toEqual({
    what: 'end-to-end',
    status: 'warning',
    detail: 'not in the archive after 15 s',
    why: 'a segment is stored when it is 900 s old (archive.segment.maxAge)',
    fix: 'check --end-to-end --wait 910s',
  });
  expect(await readdir(folder)).not.toContain('file:ARCHIVE');
});

test.each<[string, CheckArguments, Settings, string]>([
  ['a service', { as: 'app_web' }, {}, 'failure: app_web is not a login role that is shipped'],
  ["the shipper's own role", {}, {}, 'failure: shipper is not a login role that is shipped'],
  ['nobody', {}, { database: undefined }, 'failure: nobody makes the change'],
  [
    'a person who is not let in',
    { as: 'postgres://Z990001@127.0.0.1:1/x' },
    { database: undefined },
    'failure: Z990001 cannot connect (ECONNREFUSED)',
  ],
  [
    'a person whose changes are not shipped',
    { as: 'Z990001' },
    { filter: { classes: ['read'], personalUsers: ['^Z'] } },
    'failure: filter.classes has neither write nor ddl',
  ],
])('%s makes no change', async (_who, options, more, expected) => {
  const { config } = await scene(more);
  expect(await trace(config, { wait: '1s', ...options })).toEqual([expected]);
});
