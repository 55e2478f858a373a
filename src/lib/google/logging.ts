/**
 * A gRPC connection to Cloud Logging. Google's client of Cloud Logging makes the same one; what else it loads takes
 * 23 MB and a third of a second of CPU at each start, and nothing here would call it.
 */

import { type ChannelCredentials, Client, credentials, Metadata } from '@grpc/grpc-js';
import type { AuthClient, GoogleAuth } from 'google-auth-library';
import { type Endpoint, needsCredentials, requireCredentials } from './credentials.js';

const SCOPES = ['https://www.googleapis.com/auth/logging.write'];

/** As Google's client sets them. */
const OPTIONS = { 'grpc.max_send_message_length': -1, 'grpc.initial_reconnect_backoff_ms': 1000 };

export interface LoggingConnection {
  readonly stub: Client;
  /** `null` if no credentials are sent. */
  readonly auth: GoogleAuth | null;
}

/** To be closed by the caller. Throws a ShipperError with code `credentials`. */
export async function connectLogging(endpoint: Endpoint): Promise<LoggingConnection> {
  if (endpoint !== null && !needsCredentials(endpoint))
    return { stub: connect(endpoint, credentials.createInsecure()), auth: null };
  const { GoogleAuth } = await import('google-auth-library');
  const auth = new GoogleAuth({ scopes: SCOPES });
  // The account of a key file signs its tokens itself, and asks nobody for them.
  auth.useJWTAccessWithScope = true;
  await requireCredentials(auth);
  const client = await auth.getClient();
  return {
    stub: connect(endpoint ?? `https://logging.${client.universeDomain}`, withTokensOf(client)),
    auth,
  };
}

/** A URL omits the default port of its scheme. */
export function placeOf(endpoint: string): { readonly host: string; readonly port: number } {
  const { hostname: host, port, protocol } = new URL(endpoint);
  return { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
}

function connect(endpoint: string, channel: ChannelCredentials): Client {
  const { host, port } = placeOf(endpoint);
  return new Client(`${host}:${port}`, channel, OPTIONS);
}

function withTokensOf(client: AuthClient): ChannelCredentials {
  const tokens = credentials.createFromMetadataGenerator(({ service_url }, done) => {
    metadataOf(client, service_url).then(metadata => done(null, metadata), done);
  });
  return credentials.combineChannelCredentials(credentials.createSsl(), tokens);
}

async function metadataOf(client: AuthClient, url: string): Promise<Metadata> {
  const metadata = new Metadata();
  for (const [name, value] of await client.getRequestHeaders(url)) metadata.set(name, value);
  return metadata;
}
