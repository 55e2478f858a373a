/** A client of the port cannot exhaust the daemon. */

import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Shipper, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

test('of many connections some are kept, the others are closed at once, and a probe is answered', async () => {
  const folder = await temporaryFolder();
  const shipper = await Shipper.start(folder, settings(folder, [join(folder, '*.csv')]));
  let closed = 0;
  const sockets = await Promise.all(
    Array.from(
      { length: 300 },
      () =>
        new Promise<Socket>(resolve => {
          const socket = connect(shipper.port, '127.0.0.1', () => resolve(socket));
          socket.on('error', () => undefined).on('close', () => void closed++);
        }),
    ),
  );
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await expect.poll(() => closed, { timeout: 60_000 }).toBeGreaterThanOrEqual(300 - 64);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => closed, { timeout: 60_000 }).toBe(300);
  expect((await shipper.get('/internal/isalive')).status).toBe(200);
});
