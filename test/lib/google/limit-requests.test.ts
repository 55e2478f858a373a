/** No HTTP request is waited for endlessly, wherever it stops. */

import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { withDeadline } from '../../../src/lib/deadline.js';
import { limitRequests, withLimitedRequests } from '../../../src/lib/google/limit-requests.js';

const DEADLINE = 100;

/** A server that takes connections and never answers. */
async function silentServer(): Promise<string> {
  const server = createServer(socket => onTestFinished(() => void socket.destroy()));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** Rejects when the request fails. */
async function requested(url: string): Promise<void> {
  const request = get(url);
  onTestFinished(() => void request.destroy());
  await once(request, 'response');
}

test('a request to a limited host that gets no answer fails in time', async () => {
  onTestFinished(limitRequests('127.0.0.1', DEADLINE));
  await expect(requested(await silentServer())).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

test('requests made under a limit are limited, to any host; others are not', async () => {
  const url = await silentServer();
  const inside = withLimitedRequests(DEADLINE, async () => {
    await Promise.resolve();
    await requested(url);
  });
  const outside = withDeadline(requested(url), 3 * DEADLINE);
  await expect(inside).rejects.toThrow('the connection is idle');
  await expect(outside).rejects.toThrow('no answer');
});
