/** Time limits for calls that have none. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { http } from '../builtin-http.js';

const CHANNEL = 'http.client.request.created';

/**
 * From now on every HTTP request of this process to `hostname` fails with ETIMEDOUT if its connection is idle for
 * `deadline` milliseconds, including while it connects. Node.js reports each request here, whichever library and proxy
 * agent makes it; no option of the Storage client has this effect. The returned function removes the limit.
 */
export function limitRequests(hostname: string, deadline: number): () => void {
  return onEachRequest(request => {
    if (request.host === hostname) limit(request, deadline);
  });
}

/** The same for each HTTP request that `action` makes, to any host, until it settles. */
export async function withLimitedRequests<T>(deadline: number, action: () => Promise<T>): Promise<T> {
  const within = new AsyncLocalStorage<true>();
  const liftLimit = onEachRequest(request => {
    if (within.getStore()) limit(request, deadline);
  });
  try {
    return await within.run(true, action);
  } finally {
    liftLimit();
  }
}

function onEachRequest(report: (request: ClientRequest) => void): () => void {
  const onRequest = (message: unknown): void => {
    const request: unknown = Reflect.get(Object(message), 'request');
    if (request instanceof http.ClientRequest) report(request);
  };
  subscribe(CHANNEL, onRequest);
  return () => {
    unsubscribe(CHANNEL, onRequest);
  };
}

function limit(request: ClientRequest, deadline: number): void {
  request.once('socket', socket => {
    const giveUp = (): void => {
      request.destroy(Object.assign(new Error('the connection is idle'), { code: 'ETIMEDOUT' }));
    };
    socket.setTimeout(deadline);
    socket.once('timeout', giveUp);
    request.once('close', () => {
      socket.off('timeout', giveUp);
      socket.setTimeout(0);
    });
  });
}
