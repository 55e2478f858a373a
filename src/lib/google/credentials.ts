import { withDeadline } from '../deadline.js';
import { codeOf, ShipperError } from '../errors.js';
import { withLimitedRequests } from './limit-requests.js';

/**
 * Where a service is: `null` for Google's own address; `https://host:port` for the same service elsewhere (Private
 * Service Connect); `http://host:port` for another server with the same protocol, without TLS and credentials.
 */
export type Endpoint = string | null;

export function needsCredentials(endpoint: Endpoint): boolean {
  return endpoint === null || endpoint.startsWith('https:');
}

/** Milliseconds to get a token; on Google's machines the library itself would wait forever. */
const DEADLINE = 5_000;

/** The parts of google-auth-library's GoogleAuth that are used here. */
interface Auth {
  getClient(): Promise<{ getRequestHeaders(): Promise<unknown> }>;
}

/**
 * Finds Google's Application Default Credentials, and a token, before a client is used: the clients themselves fail
 * later, in the background, permanently, or with a status that looks like the service's own. A token that exists is
 * reused. Returns the headers of a request with it. Throws a ShipperError with code `credentials`.
 */
export async function requireCredentials(auth: Auth, deadline = DEADLINE): Promise<Record<string, string>> {
  const client = await attempt(() => auth.getClient(), NO_CREDENTIALS, deadline);
  const headers = await attempt(() => client.getRequestHeaders(), NO_TOKEN, deadline);
  return headers instanceof Headers ? Object.fromEntries(headers) : {};
}

const NO_CREDENTIALS =
  'no Google credentials: use workload identity, or name a key file in GOOGLE_APPLICATION_CREDENTIALS';
const NO_TOKEN =
  'the Google credentials give no token: check the metadata server, or oauth2.googleapis.com and the key';

/** Work that continues after the deadline ends, too: each of its requests has a time limit. */
async function attempt<T>(work: () => Promise<T>, failure: string, deadline: number): Promise<T> {
  try {
    return await withDeadline(withLimitedRequests(deadline, work), deadline);
  } catch (error) {
    throw new ShipperError('credentials', `${failure} (${codeOf(error)})`, error);
  }
}
