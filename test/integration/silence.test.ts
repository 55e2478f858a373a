/** The daemon never shows content: not in its log, its metrics or its pages, whatever goes wrong (I8). */

import { appendFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { startCloud } from '../support/cloud.js';
import { csvRecord, writeMessage } from '../support/csvlog.js';
import { eventually, runOnce, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const MARKER = 'xq7-marker-c0ffee';

test('a marker in SQL, parameters and messages appears only in the destinations', async () => {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const people = join(folder, 'people.csv');
  await writeFile(people, 'id,name\nZ990001,Kari\n');
  const genuine = csvRecord({
    sessionLine: 1,
    message: writeMessage(`UPDATE t SET a = '${MARKER}'`, [MARKER]),
  });
  const records = [
    genuine,
    csvRecord({ sessionLine: 2, message: `AUDIT: ${MARKER}` }),
    csvRecord({ sessionLine: 3, message: writeMessage(MARKER), context: MARKER, query: MARKER }),
    genuine.slice(0, -60),
    csvRecord({ sessionLine: 4, message: `duplicate key ${MARKER}`, severity: 'ERROR', sqlState: '23505' }),
    csvRecord({ sessionLine: 5, logTime: '2026-02-30 20:40:01.123 CET', message: writeMessage(MARKER) }),
    csvRecord({ sessionLine: 6, message: writeMessage(MARKER.repeat(5000)) }),
    `garbage ${MARKER}\n`,
    csvRecord({ sessionLine: 7, user: 'somebody', message: writeMessage(MARKER) }),
    genuine.replace(',1,"UPDATE"', ',8,"UPDATE"'),
  ];
  cloud.logging.faults.push({ code: status.UNAVAILABLE }, { code: status.INVALID_ARGUMENT });
  cloud.logging.refuse = entry => entry.labels.user === 'Z990001' && entry.insertId.endsWith('/3');
  cloud.storage.faults.push({ status: 503 }, { status: 403 }, { drop: true });
  const config = settings(folder, [join(folder, '*.csv')], {
    ...cloud.settings,
    source: { files: [join(folder, 'a.csv')], maxRecordSize: '50KiB' },
    identity: [{ pattern: ['^(?<id>[A-Z]\\d{6})$'] }, { directory: people }],
    log: { level: 'debug' },
  });
  await writeFile(path, '');
  const shipper = await Shipper.start(folder, config);
  await eventually(() => shipper.isReady());
  for (const record of records) await appendFile(path, record);
  await writeFile(people, `id,name,validFrom\nZ990001,${MARKER},${MARKER}\n`);
  await eventually(async () => shipper.logged('directory-failed').length === 1);
  await eventually(async () => cloud.storage.faults.length === 0 && cloud.archived('statement').length >= 2);
  const pages = await Promise.all(
    ['/internal/isalive', '/internal/isready', '/internal/prometheus', `/${MARKER}`].map(page =>
      shipper.get(page),
    ),
  );
  expect(await shipper.stop()).toBe(0);

  const codes = new Set(shipper.log.map(line => line.code));
  expect([...codes]).toEqual(
    expect.arrayContaining([
      'suspect',
      'gap',
      'delivery-failed',
      'entry-rejected',
      'other-user',
      'directory-failed',
    ]),
  );
  expect(new Set(cloud.archived('gap').map(event => event.gap?.reason))).toEqual(
    new Set(['torn', 'time', 'oversize']),
  );
  expect(JSON.stringify(cloud.archived())).toContain(MARKER);
  expect(JSON.stringify(cloud.logged())).toContain(MARKER);
  expect(shipper.output).not.toContain(MARKER);
  for (const { body } of pages) expect(body).not.toContain(MARKER);
});

test('an error that stops the daemon is reported by its code and place', async () => {
  const folder = await temporaryFolder();
  const config = settings(folder, [join(folder, '*.csv')]);
  await writeFile(join(folder, 'a.csv'), csvRecord({ message: writeMessage(MARKER) }));
  await runOnce(folder, config);
  await writeFile(join(folder, 'state', 'cursor-logging.json'), `{"${MARKER}`);
  const { code, output } = await runOnce(folder, config);
  expect(code).toBe(1);
  expect(output).toContain('cursor-logging.json is damaged');
  expect(output).not.toContain(MARKER);
});

test('a manipulated journal is reported without its content', async () => {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const config = settings(folder, [path], {
    ...cloud.settings,
    archive: { to: `file:${join(folder, 'archive')}` },
  });
  cloud.logging.faults.push(...Array.from({ length: 50 }, () => ({ code: status.UNAVAILABLE })));
  const shipper = await Shipper.start(folder, config);
  await appendFile(path, csvRecord());
  await eventually(async () => (await shipper.metric('pgaudit_shipper_journal_events_total')) >= 2);
  await shipper.kill();
  const [name = ''] = await readdir(join(folder, 'state', 'journal'));
  const segment = join(folder, 'state', 'journal', name);
  await writeFile(segment, (await readFile(segment, 'utf8')).replace('{"v":1,"chain":"', `{${MARKER}`));
  cloud.logging.faults.length = 0;
  const { code, output } = await runOnce(folder, config);
  expect(code).toBe(1);
  expect(output).toContain('does not end as the checkpoint says');
  expect(output).not.toContain(MARKER);
});

test('state and local destinations are readable only by the owner', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.csv'), csvRecord());
  await runOnce(folder, settings(folder, [join(folder, '*.csv')]));
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const one of found.filter(({ parentPath }) => /\/(state|archive|logging)/.test(`${parentPath}/`))) {
    const { mode } = await stat(join(one.parentPath, one.name));
    expect([one.name, mode & 0o077]).toEqual([one.name, 0]);
  }
  expect(await readFile(join(folder, 'state', 'checkpoint.json'), 'utf8')).toContain('"version":1');
});
