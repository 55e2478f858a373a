/** Many roles: the reads of a server's roles and settings, and what is worked out of them. */

import { afterAll, test } from 'vitest';
import { schema } from '../../src/config/schema.js';
import { evaluateServer } from '../../src/daemon/assemble/population.js';
import { lookAt } from '../../src/database/look.js';
import { readCatalogs } from '../../src/database/read.js';
import { createRoles } from '../../test/support/many-roles.js';
import { startPostgres } from '../../test/support/postgres.js';
import { settings } from '../../test/support/shipper.js';
import { addRow, printTable } from '../table.js';

test.each([1000, 20_000, 50_000])('%i login roles, each in two groups', async count => {
  const postgres = await startPostgres();
  await postgres.query('postgres', 'CREATE ROLE shipper LOGIN', createRoles(count));
  const url = `postgres://shipper@127.0.0.1:${postgres.port}/postgres`;
  const filter = { personalUsers: ['memberOf:persons'] };
  const [source] = schema.parse(settings('/tmp', ['/tmp/*.csv'], { filter, database: { url } })).sources;
  if (source === undefined) throw new Error('the settings name no source');
  const row: Record<string, string> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const result = await work();
    row[`${name}: s`] = ((performance.now() - start) / 1000).toFixed(2);
    const { user, system } = process.cpuUsage(cpu);
    row[`${name}: CPU s of ours`] = ((user + system) / 1_000_000).toFixed(2);
    return result;
  };
  await timed('roles', () => readCatalogs(url, 0));
  const look = await timed('look', () => lookAt(url));
  await timed('evaluate', () => evaluateServer(look, source));
  addRow(`${count} login roles`, row);
});

afterAll(printTable);
