/** Whether Cloud Logging would take an entry. */

import { ShipperError } from '../../lib/errors.js';
import { type Finding, failure, ok } from './finding.js';
import { CALL, statusOf, withLogging } from './logging-client.js';
import { toStruct } from './struct.js';

export interface LoggingPlace {
  readonly logName: string;
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  readonly endpoint: string | null;
}

/** A write that Cloud Logging checks and does not keep (`dry_run` of WriteLogEntriesRequest). */
export async function checkLogging({ logName, resource, endpoint }: LoggingPlace): Promise<Finding[]> {
  const entry = {
    severity: 'DEFAULT',
    jsonPayload: toStruct({ check: 'a dry run, which is not kept' }),
  } as const;
  const request = { logName, resource: { type: resource.type, labels: { ...resource.labels } } };
  try {
    await withLogging(endpoint, client =>
      client.writeLogEntries({ ...request, dryRun: true, entries: [entry] }, CALL),
    );
    return [ok('logging', `${logName} accepts entries (dry run)`)];
  } catch (error) {
    return [refused(logName, error)];
  }
}

function refused(logName: string, error: unknown): Finding {
  const status = statusOf(error);
  const project = logName.split('/')[1] ?? '';
  const fix =
    error instanceof ShipperError ? error.message : (FIXES[status] ?? "look at Google Cloud's status page");
  const why = 'events wait in the state folder; if that is full, reading the log waits';
  return failure(
    'logging',
    `${logName} accepts no entry (${status})`,
    why,
    fix.replaceAll('PROJECT', project),
  );
}

const FIXES: Readonly<Record<string, string>> = {
  PERMISSION_DENIED:
    'gcloud projects add-iam-policy-binding PROJECT --member=serviceAccount:… --role=roles/logging.logWriter\nor, if the API is off: gcloud services enable logging.googleapis.com --project=PROJECT',
  NOT_FOUND: 'the project does not exist: fix logging.to',
  INVALID_ARGUMENT: 'it refuses the log or the resource: fix logging.to or logging.resource',
  UNAUTHENTICATED: 'the credentials are not accepted: check GOOGLE_APPLICATION_CREDENTIALS',
  UNAVAILABLE: 'it cannot be reached: check the network, the proxy and logging.endpoint',
  DEADLINE_EXCEEDED: 'it does not answer: check the network, the proxy and logging.endpoint',
  RESOURCE_EXHAUSTED: 'the quota is used up: request more',
};
