/** config/kubernetes: a user copies a folder, fills in one file, and applies it. */

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildCase, CASES, copyCases, editCase, takeAll } from '../support/kustomization.js';
import { temporaryFolder } from '../support/temp.js';

/** What a team replaces, and by what here. */
const PLACEHOLDERS = {
  'my-team': 'zz-team',
  'my-project': 'zz-project',
  'europe-north1': 'zz-north1',
  fagsystem: 'zz-system',
  'nav\\.no': 'zz\\.example',
};
const PLACEHOLDER = /my-|fagsystem|nav\.no|nav\\\.no|europe-/;

test('there is a case for each way to run a server', () => {
  expect(CASES).toEqual(expect.arrayContaining(['daemonset', 'nais', 'pgo', 'statefulset', 'zalando']));
});

test.each(CASES)('%s, copied: its kustomization.yaml has every placeholder', async name => {
  const folder = await temporaryFolder();
  await copyCases(folder);
  await cp(join(folder, 'kubernetes', name), join(folder, 'kubernetes/orders'), { recursive: true });
  await takeAll(folder, 'orders');
  expect(PLACEHOLDER.test(JSON.stringify(buildCase(folder, 'orders')))).toBe(true);
  await editCase(folder, 'orders', text =>
    Object.entries(PLACEHOLDERS).reduce((done, [from, to]) => done.replaceAll(from, to), text),
  );
  const objects = buildCase(folder, 'orders').map(one => JSON.stringify(one));
  expect(objects.filter(one => PLACEHOLDER.test(one))).toEqual([]);
  expect(objects.filter(one => !one.includes('"namespace":"zz-team"'))).toEqual([]);
});

test.each([
  ['zalando', 'TEAM=other', /"teamId":"other"/],
  ['zalando', 'CLUSTER=other', /"name":"shipper\.other\.credentials\.postgresql\.acid\.zalan\.do"/],
  ['pgo', 'CLUSTER=other', /"name":"other-pguser-shipper"/],
  ['pgo', 'CLUSTER=other', /"kind":"PostgresCluster","metadata":\{"name":"other"/],
  ['daemonset', 'LOG_GROUP=116', /"supplementalGroups":\[116\]/],
])('%s: %s reaches the place that is meant', async (name, setting, place) => {
  const folder = await temporaryFolder();
  await copyCases(folder);
  const [key = '', value = ''] = setting.split('=');
  await editCase(folder, name, text => text.replace(new RegExp(`- ${key}=.*`), `- ${key}=${value}`));
  const objects = buildCase(folder, name).map(one => JSON.stringify(one));
  expect(objects.filter(one => place.test(one))).toHaveLength(1);
});
