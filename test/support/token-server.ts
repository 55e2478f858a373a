/** Google's token endpoint behind a proxy of our own: only https://oauth2.googleapis.com is reached through it. */

import { once } from 'node:events';
import {
  createServer as createProxy,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Authority } from './certificates.js';
import type { Claims, ServiceAccount } from './service-account.js';

const HOST = 'oauth2.googleapis.com';

export interface TokenServer {
  /** The environment in which a process asks it. */
  readonly environment: NodeJS.ProcessEnv;
  /** The claims of each request with a valid signature. */
  readonly claims: Claims[];
  /** Whether the proxy accepts connections. */
  isOpen: boolean;
  /** Whether an Authorization header has the issued token. */
  accepts(authorization: string | undefined): boolean;
  close(): Promise<void>;
}

const TOKEN = 'ya29.c.token-for-a-key';

export async function startTokenServer(authority: Authority, account: ServiceAccount): Promise<TokenServer> {
  const endpoint = createServer(authority.certify(HOST), (request, response) => {
    exchange(request, response, account, state).catch(error => response.destroy(error));
  });
  const tunnels = new Set<Duplex>();
  const proxy = createProxy().on('connect', (request, socket) => {
    tunnels.add(socket);
    const isAllowed = state.isOpen && request.url === `${HOST}:443`;
    if (isAllowed) passOn(socket, portOf(endpoint));
    else socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
  });
  for (const server of [endpoint, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
  const state: TokenServer = {
    environment: { HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`, NO_PROXY: 'localhost,127.0.0.1' },
    claims: [],
    isOpen: true,
    accepts: authorization => authorization === `Bearer ${TOKEN}`,
    async close() {
      for (const tunnel of tunnels) tunnel.destroy();
      for (const server of [proxy, endpoint]) {
        server.closeAllConnections();
        await new Promise(resolve => server.close(resolve));
      }
    },
  };
  return state;
}

function passOn(socket: Duplex, port: number): void {
  const target = connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(target).pipe(socket);
  });
  target.once('close', () => socket.destroy());
  for (const one of [socket, target]) one.once('error', () => target.destroy());
}

/** RFC 7523, 2.1: a signed assertion for an access token. */
async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  account: ServiceAccount,
  state: TokenServer,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const claims = account.verify(form.get('assertion') ?? '');
  if (claims !== null) state.claims.push(claims);
  const body = claims
    ? { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer' }
    : { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' };
  response.writeHead(claims ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function portOf(server: Server): number {
  const address: string | AddressInfo | null = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
