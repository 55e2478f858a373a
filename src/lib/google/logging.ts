/** The options of a client of Cloud Logging. */

import type { LoggingServiceV2Client } from '@google-cloud/logging-api';
import { credentials } from '@grpc/grpc-js';
import { type Endpoint, needsCredentials } from './credentials.js';

/** Host and port are separate; no TLS if no credentials are sent. */
export function clientOptions(endpoint: Endpoint): ConstructorParameters<typeof LoggingServiceV2Client>[0] {
  if (endpoint === null) return {};
  const { hostname, port, protocol } = new URL(endpoint);
  // URL omits the scheme's default port.
  const where = { apiEndpoint: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
  return needsCredentials(endpoint) ? where : { ...where, sslCreds: credentials.createInsecure() };
}
