/** A time limit for HTTP requests of a client that has none. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';

const CHANNEL = 'http.client.request.created';

/**
 * From now on every HTTP request of this process to `hostname` fails with ETIMEDOUT once its connection
 * has stood still for `deadline` milliseconds, while connecting too. Node.js announces each request
 * here, whichever library and proxy agent makes it; no option of the Storage client reaches that far.
 * The returned function lifts the limit.
 */
export function limitRequests(hostname: string, deadline: number): () => void {
  const onRequest = (message: unknown): void => {
    const request: unknown = Reflect.get(Object(message), 'request');
    if (request instanceof ClientRequest && request.host === hostname) limit(request, deadline);
  };
  subscribe(CHANNEL, onRequest);
  return () => {
    unsubscribe(CHANNEL, onRequest);
  };
}

function limit(request: ClientRequest, deadline: number): void {
  request.once('socket', socket => {
    const giveUp = (): void => {
      request.destroy(Object.assign(new Error('the connection stands still'), { code: 'ETIMEDOUT' }));
    };
    socket.setTimeout(deadline);
    socket.once('timeout', giveUp);
    request.once('close', () => {
      socket.off('timeout', giveUp);
      socket.setTimeout(0);
    });
  });
}
