/**
 * Both destinations over TLS and with Google's credentials, as in production: credentials are obtained, lost and
 * obtained again.
 */

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../support/certificates.js';
import { startCloud } from '../support/cloud.js';
import { bareEnvironment, GOOGLE_MACHINE } from '../support/environment.js';
import { append, numbersOf, range } from '../support/log.js';
import { startMetadataServer } from '../support/metadata-server.js';
import { createServiceAccount, type ServiceAccount } from '../support/service-account.js';
import { eventually, runCommand, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';
import { startTokenServer } from '../support/token-server.js';

type Authorize = (authorization: string | undefined) => boolean;

/** @param takeUpTimeout how long a daemon without state waits for an archive that cannot be queried */
async function scene(accepts: Authorize, takeUpTimeout = '10s') {
  const folder = await temporaryFolder();
  const authority = createAuthority();
  const trust = await authority.trustedIn(folder);
  const authorizations: (string | undefined)[] = [];
  const authorize: Authorize = authorization => {
    authorizations.push(authorization);
    return accepts(authorization);
  };
  const cloud = await startCloud({ tls: authority.certify('localhost'), authorize });
  const path = join(folder, 'a.csv');
  const config = settings(folder, [path], {
    ...cloud.settings,
    state: { directory: join(folder, 'state'), takeUpTimeout },
    shutdown: { gracePeriod: '300ms' },
  });
  return {
    authority,
    cloud,
    folder,
    path,
    trust,
    /** The Authorization headers of all requests so far. */
    authorizations,
    start: (environment: NodeJS.ProcessEnv) =>
      Shipper.start(folder, config, { ...bareEnvironment(folder), ...environment }),
    /** Waits until both have statements 1 to `last`, each of them once. */
    async bothHave(last: number): Promise<void> {
      const counts = () => [numbersOf(cloud.archived()).length, numbersOf(cloud.logged()).length];
      await eventually(async () => counts().every(count => count >= last));
      expect(numbersOf(cloud.archived())).toEqual(range(1, last));
      expect(numbersOf(cloud.logged())).toEqual(range(1, last));
      expect(cloud.logging.received).toBe(cloud.logging.shown.length);
    },
  };
}

async function workloadIdentity() {
  const metadata = await startMetadataServer();
  onTestFinished(() => metadata.close());
  const { start, trust, ...rest } = await scene(metadata.accepts);
  return {
    metadata,
    ...rest,
    environment: { ...bareEnvironment(rest.folder), ...trust, ...metadata.environment },
    start: (environment: NodeJS.ProcessEnv = {}) =>
      start({ ...trust, ...metadata.environment, ...environment }),
  };
}

/** A setup in which a key file names an account of our own; Google's token endpoint is ours as well. */
async function keyFile() {
  const account = createServiceAccount();
  const { authority, start, trust, folder, ...rest } = await scene(
    authorization => tokens.accepts(authorization) || claimsOf(authorization, account) !== null,
    '0s',
  );
  const tokens = await startTokenServer(authority, account);
  onTestFinished(() => tokens.close());
  const environment = { ...trust, ...tokens.environment, ...(await account.keyFileIn(folder)) };
  return { account, tokens, ...rest, start: () => start(environment) };
}

/** The content of a self-signed token. */
function claimsOf(authorization: string | undefined, account: ServiceAccount) {
  return account.verify(authorization?.replace('Bearer ', '') ?? '');
}

/** The codes of a sink's failures. */
function failures(shipper: Shipper, sink: 'logging' | 'archive'): unknown[] {
  return shipper
    .logged('delivery-failed')
    .filter(line => line.sink === sink)
    .map(line => line.error);
}

/** The same without failures on a busy machine that takes longer than the five seconds for a token. */
function refusals(shipper: Shipper, ...sinks: readonly ('logging' | 'archive')[]): Set<unknown> {
  const lines = shipper.logged('delivery-failed').filter(({ msg }) => !String(msg).includes('(ETIMEDOUT)'));
  return new Set(lines.filter(({ sink }) => sinks.some(one => one === sink)).map(({ error }) => error));
}

async function bothFail(shipper: Shipper): Promise<void> {
  await eventually(
    async () => failures(shipper, 'logging').length > 0 && failures(shipper, 'archive').length > 0,
  );
}

async function isAllDelivered(shipper: Shipper): Promise<boolean> {
  const lags = ['logging', 'archive'].map(sink =>
    shipper.metric(`pgaudit_shipper_sink_lag_events{sink="${sink}"}`),
  );
  return (await Promise.all(lags)).every(lag => lag === 0);
}

/** Neither tokens nor keys, and no stack that might quote them. */
function expectNoSecrets({ output }: Shipper): void {
  expect(output).not.toMatch(/ya29|eyJ|PRIVATE KEY|Bearer/);
  expect(output.split('\n').filter(line => line !== '' && !line.startsWith('{'))).toEqual([]);
}

test('workload identity: both destinations get everything, each request with the token', async () => {
  const { metadata, path, start, bothHave, authorizations } = await workloadIdentity();
  const shipper = await start();
  await append(path, 1, 3);
  await bothHave(3);
  expect(new Set(authorizations)).toEqual(new Set([`Bearer ${metadata.token}`]));
  expect(refusals(shipper, 'logging', 'archive')).toEqual(new Set());
  expectNoSecrets(shipper);
});

test('a token that is not accepted any more, although it has not expired, is replaced without a restart', async () => {
  const { metadata, path, start, bothHave, authorizations } = await workloadIdentity();
  const shipper = await start();
  await append(path, 1, 3);
  await bothHave(3);
  metadata.rotate();
  await append(path, 4, 6);
  await bothHave(6);
  expect(authorizations.at(-1)).toBe(`Bearer ${metadata.token}`);
  // None, if a new token was asked for anyway, since one took too long.
  const isBusy = failures(shipper, 'logging').length > refusals(shipper, 'logging').size;
  expect(refusals(shipper, 'logging')).toEqual(isBusy ? expect.any(Set) : new Set(['UNAUTHENTICATED']));
  expectNoSecrets(shipper);
});

test('an expiring token is replaced before it is refused', async () => {
  const { metadata, path, start, bothHave } = await workloadIdentity();
  metadata.lifetime = 1;
  const shipper = await start();
  for (const [from, to] of [
    [1, 3],
    [4, 6],
  ] as const) {
    await append(path, from, to);
    await bothHave(to);
    await eventually(() => isAllDelivered(shipper));
    metadata.rotate();
  }
  expect(refusals(shipper, 'logging', 'archive')).toEqual(new Set());
});

test.each(['broken', 404, 500] as const)(
  'a metadata server that is %s at first is waited for, and the chain begins in its place',
  async mood => {
    const { metadata, path, start, bothHave, cloud } = await workloadIdentity();
    metadata.mood = mood;
    const shipper = await start();
    await append(path, 1, 3);
    await shipper.eventuallyLogged('take-up-failed');
    metadata.mood = 'well';
    await bothHave(3);
    const [line] = shipper.logged('take-up-failed');
    expect(line).toMatchObject({ level: 'warn', error: 'credentials' });
    expect(line?.msg).toContain('check the metadata server');
    expect(cloud.archived('lifecycle')[0]?.lifecycle?.reason).toBe('archive-empty');
    expectNoSecrets(shipper);
  },
);

test('a metadata server that never answers is given up in time, also on a machine of Google', async () => {
  const { metadata, path, start, bothHave } = await workloadIdentity();
  metadata.mood = 'silent';
  const shipper = await start(GOOGLE_MACHINE);
  await append(path, 1, 3);
  await shipper.eventuallyLogged('take-up-failed');
  metadata.mood = 'well';
  await bothHave(3);
  expect(shipper.logged('take-up-failed')[0]?.msg).toContain('(ETIMEDOUT)');
});

test('a metadata server that fails while the daemon runs is reported as such, and waited for', async () => {
  const { metadata, path, start, bothHave } = await workloadIdentity();
  const shipper = await start();
  await append(path, 1, 3);
  await bothHave(3);
  metadata.rotate();
  metadata.mood = 404;
  await append(path, 4, 6);
  await bothFail(shipper);
  await eventually(async () => failures(shipper, 'logging').includes('credentials'));
  metadata.mood = 'well';
  await bothHave(6);
  expect(new Set(failures(shipper, 'archive'))).toEqual(new Set(['credentials']));
  // A client that a busy machine has created again has no token that could be refused.
  const codes = new Set(failures(shipper, 'logging')).add('UNAUTHENTICATED');
  expect(codes).toEqual(new Set(['UNAUTHENTICATED', 'credentials']));
  expectNoSecrets(shipper);
});

test('a metadata server that stops answering while the daemon runs delays nobody once it answers again', async () => {
  const { metadata, path, start, bothHave } = await workloadIdentity();
  metadata.lifetime = 1;
  const shipper = await start(GOOGLE_MACHINE);
  await append(path, 1, 3);
  await bothHave(3);
  await eventually(() => isAllDelivered(shipper));
  metadata.mood = 'silent';
  await append(path, 4, 6);
  await bothFail(shipper);
  metadata.mood = 'well';
  await bothHave(6);
  expect(new Set(shipper.logged('delivery-failed').map(line => line.error))).toEqual(
    new Set(['credentials']),
  );
});

test.each([
  ['there are none', {}],
  ['the key file is missing', { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/key.json' }],
])('without credentials, because %s, it says so and waits; the next start delivers', async (_why, named) => {
  const metadata = await startMetadataServer();
  onTestFinished(() => metadata.close());
  const { path, trust, start, bothHave } = await scene(metadata.accepts, '0s');
  const shipper = await start({ ...trust, ...named });
  await append(path, 1, 3);
  await bothFail(shipper);
  expect(new Set([...failures(shipper, 'logging'), ...failures(shipper, 'archive')])).toEqual(
    new Set(['credentials']),
  );
  expect(shipper.logged('delivery-failed')[0]?.msg).toContain(
    'use workload identity, or name a key file in GOOGLE_APPLICATION_CREDENTIALS',
  );
  expect(await shipper.stop()).toBe(0);
  expectNoSecrets(shipper);
  await start({ ...trust, ...metadata.environment });
  await bothHave(3);
});

test('a key file: tokens that it signs itself for Cloud Logging, tokens from Google for Cloud Storage', async () => {
  const { account, tokens, path, start, bothHave, authorizations } = await keyFile();
  const shipper = await start();
  await append(path, 1, 3);
  await bothHave(3);
  const signed = authorizations.flatMap(authorization => claimsOf(authorization, account) ?? []);
  expect(signed.length).toBeGreaterThan(0);
  for (const claims of signed) {
    expect(claims).toMatchObject({ iss: account.email, sub: account.email });
    // At Google's own endpoint, the audience says what the token is for.
    expect(claims.scope).toContain('https://www.googleapis.com/auth/logging.write');
    expect(claims.exp).toBe((claims.iat ?? 0) + 3600);
  }
  expect(tokens.claims[0]).toMatchObject({ iss: account.email, aud: 'https://oauth2.googleapis.com/token' });
  expect(tokens.claims[0]?.scope).toContain('https://www.googleapis.com/auth/devstorage');
  expectNoSecrets(shipper);
});

test('a key file, and oauth2.googleapis.com cannot be reached: the archive waits and says so, logging continues (I5)', async () => {
  const { tokens, path, start, bothHave, cloud } = await keyFile();
  tokens.isOpen = false;
  const shipper = await start();
  await append(path, 1, 3);
  await eventually(async () => failures(shipper, 'archive').length > 0);
  await eventually(async () => numbersOf(cloud.logged()).length === 3);
  expect(cloud.storage.objects.size).toBe(0);
  tokens.isOpen = true;
  await bothHave(3);
  expect(new Set(failures(shipper, 'archive'))).toEqual(new Set(['credentials']));
  expect(shipper.logged('delivery-failed')[0]?.msg).toContain('check the metadata server, or oauth2');
  expectNoSecrets(shipper);
});

test('a certificate of an unknown authority is not trusted: it waits and says so; the next start delivers', async () => {
  const metadata = await startMetadataServer();
  onTestFinished(() => metadata.close());
  const { path, trust, start, bothHave, authorizations } = await scene(metadata.accepts, '0s');
  const shipper = await start(metadata.environment);
  await append(path, 1, 3);
  const areRefused = () =>
    [refusals(shipper, 'logging'), refusals(shipper, 'archive')].every(({ size }) => size > 0);
  await eventually(async () => areRefused());
  expect(refusals(shipper, 'logging')).toEqual(new Set(['UNAVAILABLE']));
  expect(refusals(shipper, 'archive')).toEqual(new Set(['UNABLE_TO_VERIFY_LEAF_SIGNATURE']));
  expect(authorizations).toEqual([]);
  expect(await shipper.stop()).toBe(0);
  expectNoSecrets(shipper);
  await start({ ...trust, ...metadata.environment });
  await bothHave(3);
});

test('what reads the archive sends the token with each request', async () => {
  const { metadata, path, start, bothHave, authorizations, cloud, environment } = await workloadIdentity();
  const shipper = await start();
  await append(path, 1, 3);
  await bothHave(3);
  await shipper.stop();
  authorizations.length = 0;
  const { bucket, endpoint } = cloud.storage;
  const { output } = await runCommand(['search', `gs://${bucket}/hold`, '--endpoint', endpoint], environment);
  expect(output.match(/"kind":"statement"/g)).toHaveLength(3);
  expect(authorizations.length).toBeGreaterThan(3);
  expect(new Set(authorizations)).toEqual(new Set([`Bearer ${metadata.token}`]));
});
