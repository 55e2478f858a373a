import type { Config } from '../../config/schema.js';
import { messageOf } from '../../fixes.js';
import { needsCredentials } from '../../google/credentials.js';
import { StorageConnector } from '../../google/storage.js';
import { type Finding, failure, ok } from './finding.js';

const FIX =
  'use workload identity; or gcloud iam service-accounts keys create KEY.json, and name it in GOOGLE_APPLICATION_CREDENTIALS';

/** Whether Google's credentials are there, and good for a token; none where no destination needs them. */
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
      failure('credentials', messageOf(error), 'the daemon waits for them; the clouds were not checked', FIX),
    ];
  } finally {
    connector.close();
  }
}
