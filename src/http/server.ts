/** Answers whether the daemon lives, is ready, and what it has counted. */

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health } from '../health.js';
import { type Metrics, render } from '../metrics.js';

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';

/** Listens on `host`; port 0 takes any free one. Throws where it cannot listen. */
export async function serve(
  where: { host: string; port: number },
  health: Health,
  metrics: Metrics,
): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    answer(path, health, metrics).then(
      found => send(response, found),
      () => send(response, { status: 500, type: TEXT, body: 'internal error\n' }),
    );
  });
  server.requestTimeout = 5000;
  await listen(server, where);
  return { port: portOf(server), close: () => close(server) };
}

async function answer(path: string, health: Health, metrics: Metrics): Promise<Answer> {
  switch (path) {
    case '/internal/isalive':
      return { status: 200, type: TEXT, body: 'alive\n' };
    case '/internal/isready': {
      const { problems } = health;
      if (problems.length === 0) return { status: 200, type: TEXT, body: 'ready\n' };
      return { status: 503, type: TEXT, body: `not ready\n${problems.join('\n')}\n` };
    }
    case '/internal/prometheus':
      return { status: 200, type: metrics.registry.contentType, body: await render(metrics) };
    default:
      return { status: 404, type: TEXT, body: 'not found\n' };
  }
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
