/** `check` on a real server: who left a group of persons lately is still shipped, and so has to be audited. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { CheckedServer } from '../../support/checked-server.js';
import { temporaryFolder } from '../../support/temp.js';

let server: CheckedServer;
beforeAll(async () => {
  server = await CheckedServer.start();
});
afterAll(() => server.stop());

test('who left the group of persons recently is listed, and who still is a person is not', async () => {
  const directory = await temporaryFolder();
  const seen = { seenAt: Date.now() };
  const persons = ['Z990001', 'ola', 'order'].map(name => ({ name, ...seen }));
  const kept = { v: 1, server: 'x', loadedAt: 0, roles: [], persons, databases: [] };
  await writeFile(join(directory, 'catalog.json'), JSON.stringify(kept));
  const { findings } = await runCheck(server.config({ state: { directory } }));
  expect(findings.filter(({ detail }) => detail.includes('left the group'))).toMatchObject([
    {
      status: 'ok',
      what: 'filter',
      detail: expect.stringMatching(/^ola, "order": left the group of persons/),
    },
  ]);
});

test('who left the group of persons recently has to be audited as long as they are shipped', async () => {
  const directory = await temporaryFolder();
  await server.run("CREATE ROLE leaver LOGIN\nALTER ROLE leaver SET pgaudit.log = 'none'");
  const persons = [{ name: 'leaver', seenAt: Date.now() }];
  const kept = { v: 1, server: 'x', loadedAt: 0, roles: [], persons, databases: [] };
  await writeFile(join(directory, 'catalog.json'), JSON.stringify(kept));
  const filter = { personalUsers: ['^Z', '@', 'memberOf:persons'], serviceUsers: ['^app', '^postgres$'] };
  const { findings } = await runCheck(server.config({ filter, state: { directory } }));
  await server.run('DROP ROLE leaver');
  expect(findings.filter(({ what }) => what === 'pgaudit.log')).toMatchObject([
    { status: 'failure', detail: 'none for role leaver: WRITE, DDL, ROLE of leaver is not audited' },
  ]);
});
