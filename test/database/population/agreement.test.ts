/** `check` and the daemon always agree whether somebody is audited. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auditFindings } from '../../../src/commands/check/audit.js';
import { schema } from '../../../src/config/schema.js';
import { populationOf } from '../../../src/database/population/population.js';
import type { Snapshot } from '../../../src/database/snapshot.js';
import { sortRoles } from '../../../src/decide/roles.js';
import { settings } from '../../support/shipper.js';

const LOGS = ['write, ddl, role', 'all', 'none', 'write', 'all, -write', 'write,ddl,role,read,misc', ''];
const BOOLEANS = ['on', 'off', 'true', 'f', '1', '0'];

const server = fc.record({
  'pgaudit.log': fc.constantFrom(...LOGS),
  'pgaudit.log_catalog': fc.constantFrom(...BOOLEANS),
  'pgaudit.log_client': fc.constantFrom(...BOOLEANS),
  'pgaudit.log_level': fc.constantFrom('log', 'warning', 'notice', 'debug1'),
  'pgaudit.log_parameter': fc.constantFrom(...BOOLEANS),
  'pgaudit.log_parameter_max_size': fc.constantFrom('0', '1', '1024'),
  'pgaudit.log_relation': fc.constantFrom(...BOOLEANS),
  'pgaudit.log_statement': fc.constantFrom(...BOOLEANS),
  log_min_messages: fc.constantFrom(
    'warning',
    'error',
    'log',
    'fatal',
    'panic',
    'debug2',
    'fatal, backend:notice',
  ),
});

const override = fc
  .record({
    role: fc.constantFrom('Z000001', 'Z000002', 'app', null),
    database: fc.constantFrom('hold', 'lager', null),
    one: fc.oneof(
      fc.constantFrom(...LOGS).map(value => ({ setting: 'pgaudit.log', value })),
      fc.constantFrom(...BOOLEANS).map(value => ({ setting: 'pgaudit.log_relation', value })),
      fc.constantFrom(...BOOLEANS).map(value => ({ setting: 'pgaudit.log_parameter', value })),
    ),
  })
  .map(({ role, database, one }) => ({ role, database, ...one }));

const role = (name: string, connects: string) => ({
  name,
  connects,
  canLogin: true,
  isSuperuser: false,
  mayCreateRoles: false,
  memberOf: [],
  grantable: [],
  maySetAudit: false,
});

const connects = fc.constantFrom('00', '01', '10', '11');
const [source] = schema.parse(settings('/tmp', ['/tmp/*.csv'])).sources;

test('whatever is set', async () => {
  if (source === undefined) throw new Error('the settings name no source');
  const { classes, otherUsers } = source.filter;
  const check = async (
    values: Readonly<Record<string, string>>,
    overrides: Snapshot['overrides'],
    may: readonly [string, string],
  ): Promise<void> => {
    const look: Snapshot = {
      server: 'db:5432',
      version: 150_018,
      user: 'shipper',
      isSuperuser: false,
      clockAhead: 0,
      took: 0,
      settings: new Map(
        Object.entries(values).map(([name, value]) => [name, { name, value, isPending: false }]),
      ),
      overrides,
      roles: [role('Z000001', may[0]), role('Z000002', may[1]), role('app', '11')],
      databases: ['hold', 'lager'].map(name => ({ name, extension: { kind: 'missing' } })),
      pgaudit: '1.7',
      logFile: 'hidden',
      jsonLogFile: null,
      written: [],
    };
    const rules = { classes, otherUsers, pgauditLogLevel: source.pgauditLogLevel };
    const { groups } = await populationOf(look, await sortRoles(look.roles, source.filter), rules);
    for (const name of ['Z000001', 'Z000002']) {
      const failures = auditFindings(look, [name], source).filter(({ status }) => status === 'failure');
      const places = groups.filter(({ roles }) => roles.includes(name)).flatMap(({ databases }) => databases);
      expect(places.some(({ faults }) => faults.length > 0)).toBe(failures.length > 0);
    }
  };
  const overrides = fc.uniqueArray(override, {
    maxLength: 6,
    selector: one => JSON.stringify([one.role, one.database, one.setting]),
  });
  await fc.assert(fc.asyncProperty(server, overrides, fc.tuple(connects, connects), check), {
    numRuns: 2000,
  });
});
