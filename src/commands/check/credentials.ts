import type { Config } from '../../config/schema.js';
import { codeOf, ShipperError } from '../../errors.js';
import { needsCredentials } from '../../google/credentials.js';
import { withDeadline } from '../../google/deadline.js';
import { StorageConnector } from '../../google/storage.js';
import { type Finding, failure, ok } from './finding.js';

const DEADLINE = 20_000;

/** Whether Google's credentials are there, and good for a token; none where no destination needs them. */
export async function checkCredentials({ archive, logging }: Config): Promise<Finding[]> {
  const clouds = [archive, logging].filter(
    ({ to, endpoint }) => to.kind !== 'file' && needsCredentials(endpoint),
  );
  if (clouds.length === 0) return [];
  const connector = new StorageConnector({ bucket: '', endpoint: null });
  try {
    const { authClient } = await connector.connect();
    await withDeadline(authClient.getAccessToken(), DEADLINE);
    return [ok('credentials', "Google's Application Default Credentials give a token")];
  } catch (error) {
    if (error instanceof ShipperError)
      return [failure('credentials', error.message, 'the daemon waits for them')];
    const detail = `there are Google credentials, but they give no token (${codeOf(error)})`;
    return [failure('credentials', detail, 'look whether the key or service account still exists')];
  } finally {
    connector.close();
  }
}
