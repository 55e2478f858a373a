import type { Config } from '../../config/schema.js';
import { messageOf } from '../../daemon/fixes.js';
import { needsCredentials } from '../../lib/google/credentials.js';
import { StorageConnector } from '../../lib/google/storage.js';
import { type Finding, failure, ok } from './finding.js';

const FIX =
  'use workload identity; or gcloud iam service-accounts keys create KEY.json, and name it in GOOGLE_APPLICATION_CREDENTIALS';

/** Whether there are Google credentials that give a token; no finding if no destination needs them. */
export async function checkCredentials({ archive, logging }: Config): Promise<Finding[]> {
  const clouds = [archive, logging].filter(
    ({ to, endpoint }) => to.kind !== 'file' && needsCredentials(endpoint),
  );
  if (clouds.length === 0) return [];
  const connector = new StorageConnector({ bucket: '', endpoint: null });
  try {
    await connector.connect();
    return [ok('credentials', "Google's Application Default Credentials give a token")];
  } catch (error) {
    return [
      failure(
        'credentials',
        messageOf(error),
        "the daemon waits for them; Google's services were not checked",
        FIX,
      ),
    ];
  } finally {
    connector.close();
  }
}
