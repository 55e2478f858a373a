/** Two real servers with pgAudit, one daemon: the failure of one does not hold back the other. */

import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startPostgres } from '../support/postgres.js';
import { archived, eventually, runCommand, Shipper, severalSettings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

/** Without it MERGE is not logged, and nobody would count as audited. */
const AUDITED = { 'pgaudit.log_relation': 'on' };

test('a server whose database is down, with memberOf rules: the other is delivered, and it continues when it is up', async () => {
  const [orders, billing] = [await startPostgres(AUDITED), await startPostgres(AUDITED)];
  for (const server of [orders, billing])
    await server.query(
      'postgres',
      'CREATE TABLE t (id int)',
      'GRANT ALL ON t TO PUBLIC',
      'CREATE ROLE shipper LOGIN',
      'CREATE ROLE persons',
      'CREATE ROLE kari LOGIN IN ROLE persons',
      "COMMENT ON ROLE kari IS 'Kari Nordmann'",
    );
  await billing.query('postgres', "COMMENT ON ROLE kari IS 'Kari Hansen'");
  const way = await closedWay(billing.port);
  const folder = await temporaryFolder();
  const url = (port: number): string => `postgres://shipper@127.0.0.1:${port}/postgres`;
  const config = severalSettings(
    folder,
    [
      { instance: 'orders', files: [orders.logPattern], database: { url: url(orders.port) } },
      { instance: 'billing', files: [billing.logPattern], database: { url: url(way.port) } },
    ],
    { filter: { personalUsers: ['memberOf:persons'] }, identity: [{ database: true }] },
  );
  await billing.query('kari', 'INSERT INTO t VALUES (1)');
  const shipper = await Shipper.start(folder, config);
  await orders.query('kari', 'INSERT INTO t VALUES (2)');
  const names = async (): Promise<unknown[]> =>
    (await archived(folder, 'statement')).map(({ instance, actor }) => [instance, actor?.name]);
  await eventually(async () => (await names()).length === 1);
  expect(await names()).toEqual([['orders', 'Kari Nordmann']]);
  const { status, body } = await shipper.get('/internal/isready');
  expect([status, body]).toEqual([503, expect.stringContaining('source billing: waits for its database')]);
  expect(body).not.toContain('orders');
  expect(shipper.logged('catalog-failed')).toMatchObject([{ source: 'billing' }]);
  expect(await shipper.metric('pgaudit_shipper_catalog_failing')).toBe(1);
  await way.open();
  await eventually(async () => (await names()).length === 2);
  expect((await names())[1]).toEqual(['billing', 'Kari Hansen']);
  await eventually(() => shipper.isReady());
  expect(await shipper.metric('pgaudit_shipper_catalog_failing')).toBe(0);
  expect(await shipper.stop()).toBe(0);
  const { code, output } = await runCommand(['verify', `file:${folder}/archive`]);
  expect(code, output).toBe(0);
});

/** A route to a port on which nobody listens until it is opened. */
async function closedWay(to: number): Promise<{ port: number; open(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    const behind = connect(to, '127.0.0.1');
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.pipe(behind).pipe(client);
  });
  const listen = (port: number): Promise<void> =>
    new Promise(resolve => server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise(resolve => server.close(resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, open: () => listen(port) };
}
