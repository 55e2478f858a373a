import { withDeadline } from '../deadline.js';
import { codeOf, ShipperError } from '../errors.js';
import { withLimitedRequests } from './limit-requests.js';

/**
 * Where a service is: `null` for Google's own place; `https://host:port` for the same service elsewhere (Private
 * Service Connect); `http://host:port` for another server that speaks its protocol, without TLS and credentials.
 */
export type Endpoint = string | null;

export function needsCredentials(endpoint: Endpoint): boolean {
  return endpoint === null || endpoint.startsWith('https:');
}

/** Milliseconds in which a token must be there; on Google's machines the library itself would wait for ever. */
const DEADLINE = 5_000;

/** google-auth-library's GoogleAuth, as far as it is needed here. */
interface Auth {
  getClient(): Promise<{ getRequestHeaders(): Promise<unknown> }>;
}

/**
 * Finds Google's Application Default Credentials, and a token, before a client is asked to work: the clients
 * themselves fail later, in the background, for good, or with a status that looks like the service's own. A token that
 * is there is used again. Throws a ShipperError with code `credentials`.
 */
export async function requireCredentials(auth: Auth, deadline = DEADLINE): Promise<void> {
  const client = await attempt(() => auth.getClient(), NO_CREDENTIALS, deadline);
  await attempt(() => client.getRequestHeaders(), NO_TOKEN, deadline);
}

const NO_CREDENTIALS =
  'no Google credentials: use workload identity, or name a key file in GOOGLE_APPLICATION_CREDENTIALS';
const NO_TOKEN =
  'no token is given for the Google credentials: look at the metadata server, or at oauth2.googleapis.com and the key';

/** What goes on after the deadline ends as well, in time: each of its requests is limited. */
async function attempt<T>(work: () => Promise<T>, failure: string, deadline: number): Promise<T> {
  try {
    return await withDeadline(withLimitedRequests(deadline, work), deadline);
  } catch (error) {
    throw new ShipperError('credentials', `${failure} (${codeOf(error)})`, error);
  }
}
