import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import type { LogEntry } from '../../src/deliver/destination.js';
import { Isolation } from '../../src/deliver/isolate.js';
import { ShipperError } from '../../src/errors.js';

function entryOf(insertId: string, line: Buffer): LogEntry {
  return { insertId, timestamp: '2026-11-21T20:40:00Z', severity: 'INFO', labels: {}, jsonPayload: {}, line };
}

test('what is sent to tell whether the server is well is what it took, though the bytes are written over since', async () => {
  const sent: string[] = [];
  const isolation = new Isolation(async entries => {
    sent.push(...entries.map(({ insertId, line }) => `${insertId} ${line}`));
    if (entries.some(({ insertId }) => insertId === 'poison'))
      throw new ShipperError('INTERNAL', '', Object.assign(new Error('internal'), { code: status.INTERNAL }));
  });
  const room = Buffer.from('{"a":1}');
  await isolation.write([entryOf('good', room)]);
  room.write('{"b":2}');
  const rejected: string[] = [];
  for (let attempt = 0; rejected.length === 0 && attempt < 20; attempt++) {
    const written = await isolation.write([entryOf('poison', room)]).catch(() => null);
    rejected.push(...(written?.rejected ?? []).map(({ insertId }) => insertId));
  }
  expect(rejected).toEqual(['poison']);
  expect(sent.filter(one => one.startsWith('good'))).toEqual(['good {"a":1}', 'good {"a":1}']);
});
