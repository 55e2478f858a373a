import { ShipperError } from '../errors.js';
import { withDeadline } from './deadline.js';

/**
 * Where a service is: `null` for Google's own place; `https://host:port` for the same service elsewhere (Private
 * Service Connect); `http://host:port` for another server that speaks its protocol, without TLS and credentials.
 */
export type Endpoint = string | null;

export function needsCredentials(endpoint: Endpoint): boolean {
  return endpoint === null || endpoint.startsWith('https:');
}

/** Milliseconds in which credentials must be there; a metadata server may never answer. */
const DEADLINE = 30_000;

/**
 * Finds Google's Application Default Credentials before a client is asked to work: the clients
 * themselves fail later, in the background, and for good. Throws a ShipperError where there are none.
 */
export async function requireCredentials(
  auth: { getClient(): Promise<unknown> },
  deadline = DEADLINE,
): Promise<void> {
  try {
    await withDeadline(auth.getClient(), deadline);
  } catch (error) {
    throw new ShipperError(
      'credentials',
      'no Google credentials: use workload identity, or name a key file in GOOGLE_APPLICATION_CREDENTIALS',
      error,
    );
  }
}
