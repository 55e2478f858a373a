/** A client of Cloud Logging for one or two requests, and the names of its errors. */

import type { LoggingServiceV2Client } from '@google-cloud/logging-api';
import { credentials, status } from '@grpc/grpc-js';
import { codeOf } from '../../lib/errors.js';
import { type Endpoint, needsCredentials, requireCredentials } from '../../lib/google/credentials.js';
import { placeOf } from '../../lib/google/logging.js';

/** Milliseconds for one request. */
const DEADLINE = 10_000;

/** Each call fails with its own error, in time. */
export const CALL = { timeout: DEADLINE, retry: null };

/** Throws a ShipperError if there are no credentials. */
export async function withLogging<T>(
  endpoint: Endpoint,
  work: (client: LoggingServiceV2Client) => Promise<T>,
): Promise<T> {
  const { v2 } = await import('@google-cloud/logging');
  const Client: typeof LoggingServiceV2Client = v2.LoggingServiceV2Client;
  const client = new Client(clientOptions(endpoint));
  try {
    if (needsCredentials(endpoint)) await requireCredentials(client.auth);
    return await work(client);
  } finally {
    await client.close();
  }
}

/** No TLS if no credentials are sent. */
function clientOptions(endpoint: Endpoint): ConstructorParameters<typeof LoggingServiceV2Client>[0] {
  if (endpoint === null) return {};
  const { host: apiEndpoint, port } = placeOf(endpoint);
  const sslCreds = credentials.createInsecure();
  return { apiEndpoint, port, ...(!needsCredentials(endpoint) && { sslCreds }) };
}

/** The name of the gRPC status; for other errors their code. */
export function statusOf(error: unknown): string {
  const code = Number(codeOf(error));
  return status[code] ?? codeOf(error);
}
