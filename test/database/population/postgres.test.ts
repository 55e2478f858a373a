/** On a real server: 20,000 roles and 20 databases, who may connect where, and that the database's queries stay quick. */

import { expect, onTestFinished, test } from 'vitest';
import { schema } from '../../../src/config/schema.js';
import { evaluateServer } from '../../../src/daemon/assemble/population.js';
import { lookAt } from '../../../src/database/look.js';
import { readCatalogs } from '../../../src/database/read.js';
import { startPostgres } from '../../support/postgres.js';
import { settings } from '../../support/shipper.js';

const MANY_ROLES = `DO $$BEGIN
  CREATE ROLE persons;
  FOR i IN 1..20000 LOOP
    EXECUTE format('CREATE ROLE %I LOGIN IN ROLE persons', 'Z' || lpad(i::text, 6, '0'));
  END LOOP;
  FOR i IN 1..300 LOOP
    EXECUTE format('ALTER ROLE %I SET pgaudit.log = %L', 'Z' || lpad(i::text, 6, '0'), 'none');
  END LOOP;
END$$`;

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

// The role that looks may connect to none of them.
test('20,000 roles and 20 databases: by one connection to another one, within its time limits', async () => {
  const postgres = await startPostgres({ 'pgaudit.log_relation': 'on' });
  await postgres.query('postgres', 'CREATE ROLE shipper LOGIN', MANY_ROLES);
  for (const n of range(20))
    await postgres.query(
      'postgres',
      `CREATE DATABASE d${n}`,
      `REVOKE CONNECT ON DATABASE d${n} FROM PUBLIC`,
      `GRANT CONNECT ON DATABASE d${n} TO persons`,
    );
  const url = `postgres://shipper@127.0.0.1:${postgres.port}/postgres`;
  const look = await lookAt(url);
  expect((await readCatalogs(url, 0)).roles.length).toBe(look.roles.length);
  const [source] = schema.parse(settings('/tmp', ['/tmp/*.csv'])).sources;
  if (source === undefined) throw new Error('the settings name no source');
  const { population, unaudited } = await evaluateServer(look, source);
  expect(population[0]?.population).toMatchObject({ persons: 20_000, databases: 22, services: 0 });
  expect([unaudited.count, unaudited.names.length, unaudited.names[0]]).toEqual([300, 100, 'Z000001']);
  expect(population).toHaveLength(7);
});

test('who may turn auditing off by a setting that was granted', async () => {
  const postgres = await startPostgres();
  const grants = {
    level: 'SET ON PARAMETER pgaudit.log_level',
    client: 'SET ON PARAMETER pgaudit.log_client',
    catalog: 'ALTER SYSTEM ON PARAMETER pgaudit.log_catalog',
    least: 'SET ON PARAMETER log_min_messages',
    nowhere: 'ALTER SYSTEM ON PARAMETER log_destination',
    // These change nothing of what pgAudit writes.
    slow: 'SET ON PARAMETER log_min_duration_statement',
    memory: 'ALTER SYSTEM ON PARAMETER work_mem',
  };
  for (const [role, grant] of Object.entries(grants))
    await postgres.query('postgres', `CREATE ROLE ${role} LOGIN`, `GRANT ${grant} TO ${role}`);
  const { roles } = await lookAt(`postgres://memory@127.0.0.1:${postgres.port}/postgres`);
  const able = roles.filter(({ maySetAudit }) => maySetAudit).map(({ name }) => name);
  expect(able).toEqual(['catalog', 'client', 'least', 'level', 'nowhere', 'postgres']);
});

test('who may connect: as PostgreSQL itself says', async () => {
  const postgres = await startPostgres();
  await postgres.query(
    'postgres',
    'CREATE ROLE shipper LOGIN',
    'CREATE ROLE grp',
    'CREATE ROLE outer_group IN ROLE grp',
    'CREATE ROLE direct LOGIN',
    'CREATE ROLE member LOGIN IN ROLE outer_group',
    'CREATE ROLE noinherit LOGIN NOINHERIT IN ROLE grp',
    'CREATE ROLE stranger LOGIN',
    'CREATE ROLE root LOGIN SUPERUSER',
    'CREATE ROLE owner LOGIN',
    'CREATE DATABASE open',
    'CREATE DATABASE closed OWNER owner',
    'REVOKE CONNECT ON DATABASE closed FROM PUBLIC',
    'GRANT CONNECT ON DATABASE closed TO direct, grp',
    'CREATE DATABASE nobodys',
    'REVOKE ALL ON DATABASE nobodys FROM PUBLIC, postgres',
  );
  const { roles, databases } = await lookAt(`postgres://shipper@127.0.0.1:${postgres.port}/postgres`);
  const client = await postgres.connect('postgres');
  onTestFinished(() => client.end());
  const { rows } = await client.query({
    text: `SELECT r.rolname::text, d.datname::text, has_database_privilege(r.oid, d.oid, 'CONNECT')
             FROM pg_roles r, pg_database d WHERE d.datallowconn`,
    rowMode: 'array',
  });
  const connectable = roles.flatMap(({ name, connects }) =>
    databases.map((database, index) => [name, database.name, connects[index] === '1']),
  );
  expect(connectable.map(String).sort()).toEqual(rows.map(String).sort());
});
