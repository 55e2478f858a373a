/** The metadata server of a Google machine, as far as credentials need it: workload identity comes from here. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface MetadataServer {
  /** The environment in which a process finds it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The requested paths below `/computeMetadata/v1/`. */
  readonly requests: string[];
  /** How it answers: correctly, with an error status, by breaking the connection, or never. */
  mood: 'well' | 'broken' | 'silent' | 404 | 500;
  /** Lifetime in seconds of tokens from now on. */
  lifetime: number;
  /** The access token that it issues. */
  readonly token: string;
  /** From now on there is another token, and `accepts` refuses the one before. */
  rotate(): void;
  /** Whether an Authorization header has the present token. */
  accepts(authorization: string | undefined): boolean;
  close(): Promise<void>;
}

const ROOT = '/computeMetadata/v1/';
const FLAVOR = 'metadata-flavor';

export async function startMetadataServer(): Promise<MetadataServer> {
  let generation = 1;
  const token = (): string => `ya29.c.token-${generation}`;
  const server = createServer((request, response) => handle(request, response, state));
  // An idle connection stays open: Node.js's own five seconds end just when a busy client asks again.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const state: MetadataServer = {
    environment: {
      GCE_METADATA_HOST: `127.0.0.1:${port}`,
      METADATA_SERVER_DETECTION: 'assume-present',
      // Except on Cloud Run, Google's client gives an answer up after three seconds: a busy machine may need more.
      K_SERVICE: 'test',
    },
    requests: [],
    mood: 'well',
    lifetime: 3600,
    get token() {
      return token();
    },
    rotate() {
      generation += 1;
    },
    accepts: authorization => authorization === `Bearer ${token()}`,
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return state;
}

function handle(request: IncomingMessage, response: ServerResponse, state: MetadataServer): void {
  const { pathname } = new URL(request.url ?? '/', 'http://metadata');
  const path = pathname.slice(ROOT.length);
  state.requests.push(path);
  const { mood } = state;
  if (mood === 'silent') return;
  if (mood === 'broken') {
    request.socket.destroy();
  } else if (typeof mood === 'number') {
    answer(response, mood, '');
  } else if (request.headers[FLAVOR] !== 'Google') {
    answer(response, 403, '');
  } else {
    const body = jsonOf(path, state);
    answer(response, body === null ? 404 : 200, body ?? '');
  }
}

/** https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys */
function jsonOf(path: string, { token, lifetime }: MetadataServer): string | null {
  switch (path) {
    case 'instance/service-accounts/default/token':
      return JSON.stringify({ access_token: token, expires_in: lifetime, token_type: 'Bearer' });
    case 'instance/service-accounts/default/email':
      return 'shipper@test-project.iam.gserviceaccount.com';
    case 'project/project-id':
      return 'test-project';
    case 'universe/universe-domain':
      return 'googleapis.com';
    default:
      return null;
  }
}

function answer(response: ServerResponse, status: number, body: string): void {
  const type = body.startsWith('{') ? 'application/json' : 'application/text';
  response.writeHead(status, { [FLAVOR]: 'Google', 'content-type': type }).end(body);
}
