/** Servers that are found by their files: what is said of them when the files are gone, cannot be seen, or come back. */

import { appendFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fieldsOf } from '../support/csvlog.js';
import { cnpgText, criLines } from '../support/json-lines.js';
import {
  archived,
  eventually,
  oneSegment,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  severalSettings,
} from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

interface Node {
  readonly folder: string;
  readonly pods: string;
  readonly config: Settings;
}

async function newNode(): Promise<Node> {
  const folder = await temporaryFolder();
  const pods = join(folder, 'pods');
  const discover = { files: `${pods}/{namespace}_{pod}_{uid}/postgres/*.log`, instance: '{namespace}.{pod}' };
  const config = severalSettings(folder, [{ discover, timezone: 'Europe/Oslo' }], oneSegment(folder));
  return { folder, pods, config };
}

/** Writes the next statement of a pod's only session. */
async function write({ pods }: Node, pod: string, line: number): Promise<void> {
  const logTime = new Date().toISOString().replace('T', ' ').replace('Z', ' UTC');
  const row = fieldsOf({ logTime, user: 'Z990001', sessionId: '6b0c0001.1', sessionLine: line });
  const audit = ['SESSION', `${line}`, '1', 'WRITE', 'UPDATE', '', '', `UPDATE t SET n = ${line}`, '<none>'];
  await mkdir(join(pods, pod, 'postgres'), { recursive: true });
  await appendFile(join(pods, pod, 'postgres', '0.log'), Buffer.concat(criLines(cnpgText(row, audit))));
}

async function said({ folder }: Node): Promise<string[]> {
  const events = await archived(folder);
  return events.flatMap(({ kind, lifecycle, audit, gap }) => {
    if (kind === 'statement') return audit?.statement?.at(-1) ?? '';
    if (kind === 'gap') return `gap ${gap?.reason}`;
    const action = lifecycle?.action ?? '';
    return action === 'found' || action === 'retired' ? action : [];
  });
}

async function verify({ folder }: Node): Promise<number | null> {
  return (await runCommand(['verify', join(folder, 'archive')])).code;
}

test('a server whose files come back after it was let go is read on from where reading stopped (I1)', async () => {
  const node = await newNode();
  await write(node, 'db_pg-1_6f2c', 1);
  await runOnce(node.folder, node.config);
  await rename(join(node.pods, 'db_pg-1_6f2c'), join(node.folder, 'aside'));
  await write(node, 'db_pg-2_aa01', 1);
  await runOnce(node.folder, node.config);
  await rename(join(node.folder, 'aside'), join(node.pods, 'db_pg-1_6f2c'));
  await write(node, 'db_pg-1_6f2c', 2);
  expect(await runOnce(node.folder, node.config)).toMatchObject({ code: 0 });
  const ids = (await archived(node.folder, 'statement')).map(({ id }) => id).sort();
  expect(ids).toEqual(['db.pg-1/6b0c0001.1/1', 'db.pg-1/6b0c0001.1/2', 'db.pg-2/6b0c0001.1/1']);
});

test('a server that goes away while nobody reads is not whole: what it wrote last is not known (I12)', async () => {
  const node = await newNode();
  await write(node, 'db_pg-1_6f2c', 1);
  await runOnce(node.folder, node.config);
  await write(node, 'db_pg-1_6f2c', 2);
  await rm(join(node.pods, 'db_pg-1_6f2c'), { recursive: true });
  await runOnce(node.folder, node.config);
  expect(await said(node)).toEqual(['found', '1', 'gap unwatched', 'retired']);
  expect(await verify(node)).toBe(3);
});

test('a server is not let go while its folder cannot be seen (I12)', async () => {
  const node = await newNode();
  await write(node, 'db_pg-1_6f2c', 1);
  await runOnce(node.folder, node.config);
  await rename(node.pods, join(node.folder, 'aside'));
  const { output } = await runOnce(node.folder, node.config);
  expect(output).toContain('servers-unseen');
  expect(await said(node)).toEqual(['found', '1']);
});

test('a file whose server can have no such name is named, and not passed over silently (I12)', async () => {
  const node = await newNode();
  await write(node, 'db_pg-1_6f2c', 1);
  await write(node, 'db_p+g_6f2c', 1);
  const { output } = await runOnce(node.folder, node.config);
  expect(output).toContain('servers-unseen');
  expect(output).toContain('db_p+g_6f2c');
  const check = await runCommand(['check', '--config', join(node.folder, 'config.yaml')]);
  expect(check.output).toMatch(/failure +servers .*db_p\+g_6f2c/);
});

test('of two servers with one name, the second is named, and read once the first is gone (I12)', async () => {
  const { folder, ...node } = await newNode();
  const discover = {
    files: `${node.pods}/{namespace}_{pod}_{uid}/postgres/*.log`,
    instance: '{namespace}-{pod}',
  };
  const config = severalSettings(folder, [{ discover, timezone: 'Europe/Oslo' }], oneSegment(folder));
  const both = { folder, ...node, config };
  await write(both, 'team-a_db_6f2c', 1);
  await write(both, 'team_a-db_aa01', 2);
  const { output } = await runOnce(folder, config);
  expect(output).toMatch(/servers-unseen.*team_a-db/);
  expect(await said(both)).toEqual(['found', '1']);
  const check = await runCommand(['check', '--config', join(folder, 'config.yaml')]);
  expect(check.code).toBe(1);
  expect(check.output).toMatch(/failure +servers .*team_a-db_\*/);
  await rm(join(node.pods, 'team-a_db_6f2c'), { recursive: true });
  await runOnce(folder, config);
  expect((await said(both)).filter(one => one !== 'gap unwatched')).toEqual(['found', '1', '2']);
});

test('of a server of which nothing was ever read nobody says that it was (I12)', async () => {
  const { folder, pods } = await newNode();
  const discover = { files: `${pods}/{namespace}_{pod}_{uid}/postgres/*.log`, instance: '{pod}', most: 1 };
  const config = severalSettings(folder, [{ discover, timezone: 'Europe/Oslo' }], oneSegment(folder));
  const node = { folder, pods, config };
  await write(node, 'db_pg-1_6f2c', 1);
  await write(node, 'db_pg-2_aa01', 1);
  await runOnce(folder, config);
  await rm(join(pods, 'db_pg-2_aa01'), { recursive: true });
  const { output } = await runOnce(folder, config);
  expect(output).toMatch(/"level":"error".*"code":"server-let-go","source":"pg-2"/);
  expect(await verify(node)).toBe(3);
});

test('if no server is found, nothing is proved: check fails, the daemon says so, and the archive is not whole (I12)', async () => {
  const node = await newNode();
  await mkdir(node.pods);
  const shipper = await Shipper.start(node.folder, node.config);
  await eventually(async () => shipper.logged('no-server').length > 0);
  await shipper.stop();
  const { code, output } = await runCommand(['check', '--config', join(node.folder, 'config.yaml')]);
  expect([code, output]).toEqual([1, expect.stringMatching(/failure +servers +0 servers by /)]);
  expect(await verify(node)).toBe(3);
});

test('what was let go is in no later seal and checkpoint: pods come and go for eleven years', async () => {
  const node = await newNode();
  await write(node, 'db_pg-1_6f2c', 1);
  await write(node, 'db_pg-2_aa01', 1);
  await runOnce(node.folder, node.config);
  await rm(join(node.pods, 'db_pg-1_6f2c'), { recursive: true });
  await runOnce(node.folder, node.config);
  await write(node, 'db_pg-2_aa01', 2);
  await runOnce(node.folder, node.config);
  const seals = (await archived(node.folder, 'seal')).map(seal => JSON.stringify(seal));
  expect(seals.map(seal => seal.includes('db.pg-1'))).toEqual([true, true, false]);
  expect(await readFile(join(node.folder, 'state', 'checkpoint.json'), 'utf8')).not.toContain('db.pg-1');
});

test('of two servers with one name, the one that was read before is read on after a restart', async () => {
  const node = await newNode();
  const discover = {
    files: `${node.pods}/{namespace}_{pod}_{uid}/postgres/*.log`,
    instance: '{namespace}-{pod}',
  };
  const config = severalSettings(
    node.folder,
    [{ discover, timezone: 'Europe/Oslo' }],
    oneSegment(node.folder),
  );
  await write(node, 'b_c-d_6f2c', 1);
  await runOnce(node.folder, config);
  await write(node, 'b_c-d_6f2c', 2);
  await write(node, 'b-c_d_6f2d', 9);
  await runOnce(node.folder, config);
  expect(await said(node)).toEqual(['found', '1', '2']);
});
