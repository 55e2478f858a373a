/** Answers whether the daemon is alive and ready, and serves its metrics and status page. */

import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http } from '../../lib/builtin-http.js';
import type { Health } from '../health.js';
import { type Metrics, render } from '../metrics.js';
import type { Status } from './status.js';

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';

/** What the answers are made from. */
export interface AnswerSources {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly status: Status;
}

/** Further connections are closed at once: probes, Prometheus and a few people need far fewer. */
const MOST_CONNECTIONS = 64;
/** Milliseconds after which an idle connection is closed. */
const LONGEST_SILENCE = 10_000;

const HARDENED = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Listens on `host`; port 0 takes any free port. Throws if it cannot listen. */
export async function serve(
  where: { host: string; port: number },
  sources: AnswerSources,
): Promise<HttpServer> {
  const server = http.createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    answer(path, sources).then(
      found => send(response, found),
      () => send(response, { status: 500, type: TEXT, body: 'internal error\n' }),
    );
  });
  server.requestTimeout = 5000;
  server.headersTimeout = 5000;
  server.keepAliveTimeout = 5000;
  server.setTimeout(LONGEST_SILENCE, socket => socket.destroy());
  server.maxConnections = MOST_CONNECTIONS;
  server.maxRequestsPerSocket = 1000;
  await listen(server, where);
  return { port: portOf(server), close: () => close(server) };
}

async function answer(path: string, { health, metrics, status }: AnswerSources): Promise<Answer> {
  switch (path) {
    case '/internal/isalive':
      return { status: 200, type: TEXT, body: 'alive\n' };
    case '/internal/isready': {
      const { hindrances } = health;
      if (hindrances.length === 0) return { status: 200, type: TEXT, body: 'ready\n' };
      return { status: 503, type: TEXT, body: `not ready\n${hindrances.join('\n')}\n` };
    }
    case '/internal/prometheus':
      return { status: 200, type: metrics.registry.contentType, body: await render(metrics) };
    case '/internal/status.json':
      await status.refresh();
      return { status: 200, type: JSON_TYPE, body: status.toJson() };
    case '/': {
      await status.refresh();
      const { html, csp } = status.page();
      return { status: 200, type: HTML, body: html, headers: { 'content-security-policy': csp } };
    }
    default:
      return { status: 404, type: TEXT, body: 'not found\n' };
  }
}

function send(response: ServerResponse, { status, type, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': type, ...HARDENED, ...headers }).end(body);
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
