import { ShipperError } from '../errors.js';

/**
 * Finds Google's Application Default Credentials before a client is asked to work: the clients
 * themselves fail later, in the background, and for good. Throws a ShipperError where there are none.
 */
export async function requireCredentials(auth: { getClient(): Promise<unknown> }): Promise<void> {
  try {
    await auth.getClient();
  } catch (error) {
    throw new ShipperError(
      'credentials',
      'no Google credentials: use workload identity, or name a key file in GOOGLE_APPLICATION_CREDENTIALS',
      error,
    );
  }
}
