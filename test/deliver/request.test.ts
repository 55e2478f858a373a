/** Our own wire format is what protobufjs, and with it Google's client, makes of the same entries. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import type { LogEntry, Severity } from '../../src/deliver/destination.js';
import { encodeRequest } from '../../src/deliver/request.js';
import { toStruct } from '../../src/deliver/struct.js';

const PROTOS = createRequire(import.meta.url).resolve('@google-cloud/logging-api/build/protos/protos.json');
const Request = protobuf.Root.fromJSON(JSON.parse(readFileSync(PROTOS, 'utf8'))).lookupType(
  'google.logging.v2.WriteLogEntriesRequest',
);

const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 80 }), fc.lorem());
const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, 2 ** 53, Number.MAX_VALUE));
const dictionary = fc.dictionary(
  texts.filter(name => name !== '__proto__'),
  texts,
  { noNullPrototype: true },
);
const { json } = fc.letrec(tie => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, undefined),
    numbers,
    texts,
    fc.array(tie('some')),
    tie('object'),
  ),
  some: tie('json').map(value => value ?? null),
  object: fc.dictionary(
    texts.filter(name => name !== '__proto__'),
    tie('json'),
    { noNullPrototype: true },
  ),
}));
const entries = fc.record(
  {
    insertId: texts,
    timestamp: fc
      .date({ min: new Date(0), max: new Date('2199-01-01'), noInvalidDate: true })
      .map(date => date.toISOString()),
    severity: fc.constantFrom<Severity>('DEBUG', 'INFO', 'NOTICE', 'WARNING', 'CRITICAL'),
    labels: dictionary,
    operation: fc.record({ id: texts, producer: texts }),
    split: fc.record({ uid: texts, index: fc.nat(), totalSplits: fc.nat() }),
    jsonPayload: fc.dictionary(
      texts.filter(name => name !== '__proto__'),
      json,
      { noNullPrototype: true },
    ),
  },
  { requiredKeys: ['insertId', 'timestamp', 'severity', 'labels', 'jsonPayload'] },
);

/** As the client would be given them without our own encoder. */
function byTheClient(list: readonly LogEntry[], logName: string, labels: Record<string, string>): Uint8Array {
  const message = Request.fromObject({
    logName,
    resource: { type: 'global', labels },
    partialSuccess: true,
    entries: list.map(({ timestamp, jsonPayload, ...rest }) => ({
      ...rest,
      timestamp: {
        seconds: Math.floor(Date.parse(timestamp) / 1000),
        nanos: (Date.parse(timestamp) % 1000) * 1e6,
      },
      jsonPayload: toStruct(jsonPayload),
    })),
  });
  return Request.encode(message).finish();
}

const toObject = (bytes: Uint8Array): unknown =>
  Request.toObject(Request.decode(bytes), { longs: String, enums: String });

test('any entries', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 5 }), texts, dictionary, (list, logName, labels) => {
      const bytes = encodeRequest(list, { logName, resource: { type: 'global', labels } });
      expect(toObject(bytes)).toEqual(toObject(byTheClient(list, logName, labels)));
    }),
    { numRuns: 500 },
  );
});

test('texts around every length at which their form changes', () => {
  const lengths = [0, 1, 23, 24, 25, 127, 128, 129, 16_383, 16_384, 70_000, 2_100_000];
  const list = lengths.flatMap(length =>
    ['x', 'å', '€', '😀'].map(
      (unit): LogEntry => ({
        insertId: `i/${length}`,
        timestamp: '2026-11-21T20:40:01.123Z',
        severity: 'INFO',
        labels: { user: unit.repeat(Math.min(length, 1000)) },
        jsonPayload: { statement: unit.repeat(length) },
      }),
    ),
  );
  const bytes = encodeRequest(list, { logName: 'l', resource: { type: 'global', labels: {} } });
  expect(toObject(bytes)).toEqual(toObject(byTheClient(list, 'l', {})));
});

test('a lone surrogate becomes U+FFFD', () => {
  const entry: LogEntry = {
    insertId: 'i',
    timestamp: '2026-11-21T20:40:01.123Z',
    severity: 'INFO',
    labels: {},
    jsonPayload: { short: '\ud800', long: `${'x'.repeat(50)}\udc00` },
  };
  const bytes = encodeRequest([entry], { logName: 'l', resource: { type: 'global', labels: {} } });
  expect(Buffer.from(bytes).toString()).toContain('\ufffd');
});
