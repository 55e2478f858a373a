/** Servers with very many roles. The server itself ends what takes over five seconds: its statement_timeout. */

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { schema } from '../../src/config/schema.js';
import { evaluateServer } from '../../src/daemon/assemble/population.js';
import { RoleCatalog } from '../../src/database/catalog.js';
import { lookAt } from '../../src/database/look.js';
import { powersIn } from '../../src/database/population/powers.js';
import { readCatalogs } from '../../src/database/read.js';
import { SettingsWatch } from '../../src/database/settings-watch.js';
import { Disk } from '../../src/lib/disk.js';
import { codeOf } from '../../src/lib/errors.js';
import { RoleGroups } from '../../src/lib/role-groups.js';
import { runCheck } from '../support/checked.js';
import { ManualClock } from '../support/clock.js';
import { createRoles } from '../support/many-roles.js';
import { startPostgres } from '../support/postgres.js';
import { settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const START = '2026-11-21T20:40:00Z';
const urlOf = ({ port }: { readonly port: number }): string =>
  `postgres://shipper@127.0.0.1:${port}/postgres`;

test('50,000 roles with 100,000 memberships are read, examined and checked', async () => {
  const postgres = await startPostgres({ 'pgaudit.log_relation': 'on' });
  await postgres.query('postgres', 'CREATE ROLE shipper LOGIN', createRoles(50_000));
  const url = urlOf(postgres);
  const client = await postgres.connect('postgres');
  onTestFinished(() => client.end());
  const { rows } = await client.query(
    `SELECT count(*)::int AS edges,
            (SELECT count(*)::int FROM pg_roles WHERE pg_has_role(oid, 'persons', 'MEMBER') AND NOT rolsuper) AS persons
       FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member AND r.rolcanlogin`,
  );
  const { roles } = await readCatalogs(url, 0);
  expect(roles.flatMap(({ name, memberOf }) => (name.startsWith('Z') ? memberOf : [])).length).toBe(
    rows[0].edges,
  );
  expect(rows[0].edges).toBe(100_000);
  expect(new RoleGroups(roles).within(['persons']).size).toBe(rows[0].persons);
  const folder = await temporaryFolder();
  const configured = settings(folder, [postgres.logPattern], {
    filter: { personalUsers: ['memberOf:persons'], serviceUsers: ['^postgres$'] },
    database: { url },
  });
  const [source] = schema.parse(configured).sources;
  if (source === undefined) throw new Error('the settings name no source');
  const { population, unaudited } = await evaluateServer(await lookAt(url), source);
  expect([population[0]?.population.persons, unaudited.count]).toEqual([50_000, 0]);
  const { findings } = await runCheck(configured);
  expect(findings).toContainEqual(
    expect.objectContaining({ status: 'ok', detail: '50000 login roles are shipped' }),
  );
});

test('100,000 groups, each in the next one, the last of which may write files: each role has this power', () => {
  const role = {
    canLogin: true,
    isSuperuser: false,
    mayCreateRoles: false,
    maySetAudit: false,
    grantable: [],
    connects: '1',
  };
  const roles = Array.from({ length: 100_000 }, (_, n) => ({
    ...role,
    name: `g${n}`,
    memberOf: [n === 99_999 ? 'pg_write_server_files' : `g${n + 1}`],
  }));
  const powersOf = powersIn({ roles, version: 150_000 });
  const found = new Set(roles.map(one => powersOf(one).join()));
  expect([...found]).toEqual(['member of pg_write_server_files']);
});

/** A server that cancels every read of roles, since somebody locks a catalog; ends with the test. */
async function slow(): Promise<string> {
  const postgres = await startPostgres();
  await postgres.query('postgres', 'CREATE ROLE shipper LOGIN');
  const client = await postgres.connect('postgres');
  await client.query('BEGIN; LOCK TABLE pg_catalog.pg_shdescription IN ACCESS EXCLUSIVE MODE');
  onTestFinished(() => client.end());
  return urlOf(postgres);
}

test('a read of roles that the server cancels is repeated after a minute, whoever asks, and named', async () => {
  const url = await slow();
  const clock = new ManualClock(START);
  const failures: string[] = [];
  const report = {
    catalogLoaded: () => void failures.push('loaded'),
    catalogFailed: (error: unknown) => void failures.push(`${codeOf(error)}: ${Object(error).message}`),
    cacheFailed: () => undefined,
  };
  const cachePath = join(await temporaryFolder(), 'roles.json');
  const catalog = await RoleCatalog.load({ url, cachePath }, { clock, disk: new Disk(), report });
  onTestFinished(() => catalog.close());
  const reading = catalog.refresh();
  await expect.poll(() => clock.waiting).toBe(1);
  await clock.advance(2000);
  await reading;
  await expect.poll(() => failures).toHaveLength(2);
  expect(failures).toEqual([
    expect.stringContaining('ETIMEDOUT: '),
    '57014: reading the roles of the database took over 5 s and was cancelled (57014); the next attempt is in a minute',
  ]);
  expect(catalog.hasOverrun).toBe(true);
  await clock.advance(59_999);
  // An answer that is not a promise asked nobody.
  catalog.expire();
  expect(catalog.knows('z990001', clock.now())).toBe(false);
  await clock.advance(1);
  const asked = catalog.knows('z990001', clock.now());
  expect(asked).toBeInstanceOf(Promise);
  await clock.advance(2000);
  await asked;
  expect(failures).toHaveLength(2);
});

test('a look at settings that the server cancels is repeated after a minute, however often the log wakes it', async () => {
  const url = await slow();
  const clock = new ManualClock(START);
  const failures: string[] = [];
  const report = {
    settingsFailed: (error: unknown) => void failures.push(codeOf(error)),
    settingsNotRecorded: () => undefined,
    settingsChecked: () => undefined,
    cacheFailed: () => undefined,
  };
  const evaluate = () => Promise.reject(new Error('nothing was read'));
  const cachePath = join(await temporaryFolder(), 'settings.json');
  const watch = await SettingsWatch.load({ url, cachePath, evaluate }, { clock, disk: new Disk(), report });
  const stop = new AbortController();
  const following = watch.follow(stop.signal, () => undefined);
  await expect.poll(() => clock.waiting).toBe(1);
  expect(failures).toEqual(['57014']);
  watch.wake();
  await clock.advance(59_999);
  expect(clock.waiting).toBe(1);
  stop.abort();
  await following;
});

test('check says of such a server that it is slow, and not that its URL is wrong', async () => {
  const database = { url: await slow() };
  const folder = await temporaryFolder();
  const { faults } = await runCheck(settings(folder, [join(folder, '*.csv')], { database }));
  expect(faults).toContainEqual(
    expect.stringMatching(
      /^failure database: cannot be read \(57014\) → the server cancelled a query after 5 s/,
    ),
  );
});
