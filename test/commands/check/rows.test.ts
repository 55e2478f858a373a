/** `check` on a real history of rows: each thing that is wrong is named with its fix. */

import { expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { OLA, rowSettings, serverWithHistory } from '../../support/rows.js';
import type { Settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

test('what is recorded, and what its reader may do', async () => {
  const postgres = await serverWithHistory(['CREATE TABLE t (n int)']);
  const folder = await temporaryFolder();
  const run = (...statements: string[]): Promise<void> => postgres.query('postgres', ...statements);
  const found = async (more: Settings = {}): Promise<string[]> => {
    const { findings } = await runCheck(rowSettings(folder, postgres, more));
    return findings.filter(({ what }) => what === 'rows').map(({ status, detail }) => `${status}: ${detail}`);
  };
  const reader = 'ok: read as shipper, who may do nothing else';
  expect(await found()).toEqual([reader, 'failure: no table is under watch']);
  await run("SELECT row_history.watch('t')");
  const good = [reader, 'ok: 1 tables and partitions are under watch'];
  expect(await found()).toEqual(good);
  await run('ALTER TABLE t ENABLE TRIGGER ALL');
  expect(await found()).toEqual([reader, 'failure: public.t: not-always']);
  await run("SELECT row_history.watch('t')", `SELECT row_history.services('app', '${OLA}')`);
  expect(await found()).toEqual([
    ...good,
    `failure: ${OLA}: a service for the triggers, and no service for the filter`,
  ]);
  await run("SELECT row_history.services('app')", 'CREATE ROLE andre', 'GRANT andre TO shipper');
  expect(await found()).toEqual(['warning: shipper is a member of andre, too', good[1]]);
  await run('REVOKE andre FROM shipper', 'ALTER ROLE shipper SUPERUSER');
  expect(await found()).toEqual(['failure: shipper is a superuser', good[1]]);
  await run('ALTER ROLE shipper NOSUPERUSER', 'GRANT INSERT ON row_history.change TO shipper');
  expect(await found()).toEqual(['failure: shipper may write the history', good[1]]);
  await run('REVOKE INSERT ON row_history.change FROM shipper', 'REVOKE row_history_reader FROM shipper');
  expect(await found()).toEqual(['failure: cannot be read (42501)']);
  await run('GRANT row_history_reader TO shipper');
  expect(await found({ filter: { personalUsers: ['^Z'], rows: 'drop' } })).toEqual([
    ...good,
    'warning: filter.rows is drop',
  ]);
  await run('DROP SCHEMA row_history CASCADE');
  expect(await found()).toEqual(['failure: cannot be read (3F000)']);
});
