/** `check` against both clouds' protocols: what would be refused is named before it is. */

import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { type Cloud, startCloud } from '../../support/cloud.js';
import { append } from '../../support/log.js';
import { type Settings, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

const GOOD = {
  retentionPolicy: { retentionPeriod: String(4018 * 24 * 60 * 60), isLocked: true },
  iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
};

async function scene(): Promise<{ cloud: Cloud; config: Settings }> {
  const cloud = await startCloud();
  cloud.storage.bucketMetadata = GOOD;
  const folder = await temporaryFolder();
  await append(`${folder}/a.csv`, 1);
  return { cloud, config: settings(folder, [`${folder}/*.csv`], cloud.settings) };
}

/** Of the clouds alone. */
async function lookAt(config: Settings): Promise<{ ok: string[]; faults: string[] }> {
  const { findings } = await runCheck(config);
  const ofClouds = findings.filter(({ what }) =>
    ['logging', 'archive', 'clock', 'credentials'].includes(what),
  );
  const texts = (isOk: boolean): string[] =>
    ofClouds
      .filter(({ status: one }) => (one === 'ok') === isOk)
      .map(({ status: one, what, detail, fix }) => `${one} ${what}: ${detail} → ${fix}`);
  return { ok: texts(true), faults: texts(false) };
}

test('both as they should be: no fault, and nothing is written', async () => {
  const { cloud, config } = await scene();
  const { ok, faults } = await lookAt(config);
  expect(faults).toEqual([]);
  expect(ok).toEqual([
    expect.stringContaining('projects/test/logs/pgaudit accepts entries (dry run)'),
    expect.stringContaining('gs://archive-bucket is writable'),
    expect.stringContaining('retention of 4018 days, locked'),
    expect.stringMatching(/Cloud Storage's clock is 0\.\d s/),
  ]);
  expect([cloud.logging.calls, cloud.logging.shown, cloud.storage.objects.size]).toEqual([[1], [], 0]);
});

const GRANT = 'gcloud storage buckets add-iam-policy-binding gs://archive-bucket --member=serviceAccount:…';

test.each<[string, (cloud: Cloud) => void, string[]]>([
  [
    'Cloud Logging denies',
    ({ logging }) => logging.faults.push({ code: status.PERMISSION_DENIED }),
    [
      'failure logging: projects/test/logs/pgaudit accepts no entry (PERMISSION_DENIED) → gcloud projects add-iam-policy-binding test --member=serviceAccount:… --role=roles/logging.logWriter\nor, if the API is off: gcloud services enable logging.googleapis.com --project=test',
    ],
  ],
  [
    'Cloud Logging does not know the project',
    ({ logging }) => logging.faults.push({ code: status.NOT_FOUND }),
    [
      'failure logging: projects/test/logs/pgaudit accepts no entry (NOT_FOUND) → the project does not exist: fix logging.to',
    ],
  ],
  [
    'the bucket does not exist',
    ({ storage }) => {
      storage.bucketMissing = true;
    },
    [
      'failure archive: gs://archive-bucket cannot be queried (404) → the bucket does not exist: fix archive.to, or gcloud storage buckets create',
    ],
  ],
  [
    'the bucket is not writable',
    ({ storage }) => {
      storage.mayCreate = false;
    },
    [
      `failure archive: gs://archive-bucket is not writable (storage.objects.create) → ${GRANT} --role=roles/storage.objectCreator`,
    ],
  ],
  [
    'the bucket is not readable',
    ({ storage }) => {
      storage.mayRead = false;
    },
    [`warning archive: gs://archive-bucket is not readable → ${GRANT} --role=roles/storage.objectViewer`],
  ],
  [
    'objects may be deleted',
    ({ storage }) => {
      storage.mayDelete = true;
    },
    [
      `warning archive: the shipper may delete objects of gs://archive-bucket → ${GRANT} --role=roles/storage.objectCreator and no role with more permissions`,
    ],
  ],
  [
    'the settings of the bucket',
    ({ storage }) => {
      storage.bucketMetadata = null;
    },
    [
      'warning archive: no permission to see the settings of gs://archive-bucket → gcloud storage buckets describe gs://archive-bucket by somebody with the permission, or grant roles/storage.legacyBucketReader',
    ],
  ],
  [
    'nothing protects the bucket',
    ({ storage }) => {
      storage.bucketMetadata = {};
    },
    [
      'warning archive: the bucket has no retention policy → gcloud storage buckets update gs://archive-bucket --retention-period=4018d (11 years)',
      'warning archive: uniform bucket-level access is off → gcloud storage buckets update gs://archive-bucket --uniform-bucket-level-access',
      'warning archive: public access prevention is not enforced on the bucket → gcloud storage buckets update gs://archive-bucket --public-access-prevention',
    ],
  ],
  [
    'retention is not locked',
    ({ storage }) => {
      storage.bucketMetadata = { ...GOOD, retentionPolicy: { retentionPeriod: '864000' } };
    },
    [
      'warning archive: retention of 10 days, not locked → gcloud storage buckets update gs://archive-bucket --lock-retention-period (permanent: it cannot be undone)',
    ],
  ],
])('%s', async (_what, spoil, expected) => {
  const { cloud, config } = await scene();
  spoil(cloud);
  expect((await lookAt(config)).faults).toEqual(expected);
});

test('nobody listens: both are named, and the others are still checked', async () => {
  const { cloud, config } = await scene();
  await cloud.logging.close();
  await cloud.storage.close();
  const { code, findings } = await runCheck(config);
  const failed = findings
    .filter(({ status: one }) => one === 'failure')
    .map(({ what, detail }) => [what, detail]);
  expect([code, failed]).toEqual([
    1,
    [
      ['logging', 'projects/test/logs/pgaudit accepts no entry (UNAVAILABLE)'],
      ['archive', 'gs://archive-bucket cannot be queried (ECONNREFUSED)'],
    ],
  ]);
});
