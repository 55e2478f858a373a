/** Whether the shipper may write to the archive's bucket, and whether the bucket keeps what it gets. */

import type { Bucket } from '@google-cloud/storage';
import { z } from 'zod';
import { withDeadline } from '../../lib/deadline.js';
import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';
import { FORBIDDEN, NOT_FOUND, StorageConnector, type StorageOptions } from '../../lib/google/storage.js';
import { type Finding, failure, ok, warning } from './finding.js';

const CREATE = 'storage.objects.create';
const READ = ['storage.objects.get', 'storage.objects.list'];
const DELETE = 'storage.objects.delete';

/** Milliseconds for one request. */
const DEADLINE = 10_000;
const DAY = 24 * 60 * 60;

export async function checkBucket(options: StorageOptions): Promise<Finding[]> {
  const connector = new StorageConnector({ ...options, deadline: DEADLINE });
  try {
    const bucket = (await connector.connect()).bucket(options.bucket);
    const permissions = await permissionFindings(bucket);
    return hasFailed(permissions) ? permissions : [...permissions, ...(await retentionFindings(bucket))];
  } catch (error) {
    return [unreachable(options.bucket, error)];
  } finally {
    connector.close();
  }
}

function hasFailed(findings: readonly Finding[]): boolean {
  return findings.some(({ status }) => status === 'failure');
}

function unreachable(bucket: string, error: unknown): Finding {
  const code = codeOf(error);
  const fix =
    error instanceof ShipperError ? error.message : (FIXES[code] ?? 'check the network and archive.endpoint');
  return failure('archive', `gs://${bucket} cannot be queried (${code})`, WAITS, fix);
}

const WAITS = 'nothing is archived; events wait in the state folder';

const FIXES: Readonly<Record<string, string>> = {
  [NOT_FOUND]: 'the bucket does not exist: fix archive.to, or gcloud storage buckets create',
  [FORBIDDEN]: 'no permission: grant roles/storage.objectCreator on the bucket',
};

/**
 * The shipper's permissions on the bucket; asking for them needs no permission (storage.buckets.testIamPermissions).
 */
async function permissionFindings(bucket: Bucket): Promise<Finding[]> {
  const [answer] = await withDeadline(bucket.iam.testPermissions([CREATE, ...READ, DELETE]), DEADLINE);
  const may = (permission: string): boolean => answer[permission] === true;
  const grant = (role: string): string =>
    `gcloud storage buckets add-iam-policy-binding gs://${bucket.name} --member=serviceAccount:… --role=${role}`;
  if (!may(CREATE))
    return [
      failure(
        'archive',
        `gs://${bucket.name} is not writable (${CREATE})`,
        WAITS,
        grant('roles/storage.objectCreator'),
      ),
    ];
  const findings = [ok('archive', `gs://${bucket.name} is writable`)];
  if (!READ.every(may))
    findings.push(
      warning(
        'archive',
        `gs://${bucket.name} is not readable`,
        'optional; without it, a daemon that lost its state folder begins a new chain and ships again what is in the log',
        grant('roles/storage.objectViewer'),
      ),
    );
  if (may(DELETE))
    findings.push(
      warning(
        'archive',
        `the shipper may delete objects of gs://${bucket.name}`,
        'whoever takes over the shipper can remove what retention does not protect',
        `${grant('roles/storage.objectCreator')} and no role with more permissions`,
      ),
    );
  return findings;
}

const metadataSchema = z.object({
  retentionPolicy: z
    .object({ retentionPeriod: z.coerce.number(), isLocked: z.boolean().optional() })
    .optional(),
  iamConfiguration: z
    .object({
      uniformBucketLevelAccess: z.object({ enabled: z.boolean().optional() }).optional(),
      publicAccessPrevention: z.string().optional(),
    })
    .optional(),
});

async function retentionFindings(bucket: Bucket): Promise<Finding[]> {
  const { name } = bucket;
  try {
    const [metadata] = await withDeadline(bucket.getMetadata(), DEADLINE);
    return bucketFindings(name, metadata);
  } catch (error) {
    if (!hasCode(error, FORBIDDEN)) throw error;
    return [
      warning(
        'archive',
        `no permission to see the settings of gs://${name}`,
        'optional; whether retention is set and locked was not checked',
        `gcloud storage buckets describe gs://${name} by somebody with the permission, or grant roles/storage.legacyBucketReader`,
      ),
    ];
  }
}

/** @param metadata the bucket as the JSON API describes it */
function bucketFindings(name: string, metadata: unknown): Finding[] {
  const { retentionPolicy: policy, iamConfiguration: access } = metadataSchema.parse(metadata);
  const update = (flag: string): string => `gcloud storage buckets update gs://${name} ${flag}`;
  const findings = [policy === undefined ? noRetention(update) : retention(policy, update)];
  if (access?.uniformBucketLevelAccess?.enabled !== true)
    findings.push(
      warning(
        'archive',
        'uniform bucket-level access is off',
        'single objects may have access rules of their own, which no policy shows',
        update('--uniform-bucket-level-access'),
      ),
    );
  if (access?.publicAccessPrevention !== 'enforced')
    findings.push(
      warning(
        'archive',
        'public access prevention is not enforced on the bucket',
        'one wrong grant opens the archive to everybody, unless the organization forbids it',
        update('--public-access-prevention'),
      ),
    );
  return findings;
}

type Update = (flag: string) => string;

function noRetention(update: Update): Finding {
  return warning(
    'archive',
    'the bucket has no retention policy',
    'what is in the archive can be deleted and overwritten',
    `${update('--retention-period=4018d')} (11 years)`,
  );
}

function retention(
  policy: { retentionPeriod: number; isLocked?: boolean | undefined },
  update: Update,
): Finding {
  const detail = `retention of ${Math.floor(policy.retentionPeriod / DAY)} days`;
  if (policy.isLocked === true) return ok('archive', `${detail}, locked`);
  return warning(
    'archive',
    `${detail}, not locked`,
    'whoever may change the bucket can shorten it',
    `${update('--lock-retention-period')} (permanent: it cannot be undone)`,
  );
}
