/** Our own encoding is the same as that of protobufjs, and so of Google's client. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { toStruct } from '../../../src/commands/check/struct.js';
import type { LogEntry, Severity } from '../../../src/deliver/destination.js';
import { encodeRequest } from '../../../src/deliver/logging/request.js';
import { StateError } from '../../../src/lib/errors.js';

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

/** As they would be given to the client without our own encoder. */
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

const HEAD = { logName: 'l', resource: { type: 'global', labels: {} } };

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

/** As an entry comes from the journal: with its line, which is parsed only if somebody reads the payload. */
function withLine(
  { jsonPayload, ...rest }: LogEntry,
  line = Buffer.from(JSON.stringify(jsonPayload)),
): LogEntry {
  const nobodyLooks = (): never => {
    throw new Error('the line is parsed');
  };
  return Object.defineProperty({ ...rest, line, jsonPayload: {} }, 'jsonPayload', { get: nobodyLooks });
}

test('any entries with their payload as JSON', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 5 }), list => {
      const bytes = encodeRequest(
        list.map(entry => withLine(entry)),
        HEAD,
      );
      const asJson = list.map(entry => ({
        ...entry,
        jsonPayload: JSON.parse(JSON.stringify(entry.jsonPayload)),
      }));
      expect(toObject(bytes)).toEqual(toObject(byTheClient(asJson, 'l', {})));
    }),
    { numRuns: 1000 },
  );
});

const ENTRY = { insertId: 'i', timestamp: '2026-11-21T20:40:01.123Z', severity: 'INFO', labels: {} } as const;

test('numbers, escapes and empty things in JSON', () => {
  const payload = {
    numbers: [0, 7, -7, 1.5, -0.25, 1e21, 1e-7, 123_456_789_012_345, 1_234_567_890_123_456, Number.MAX_VALUE],
    escapes: ['"', '\\', '\\"', '\\\\', '\\\\"', '"\\', '\n\u0000\u001f', '{"a":[1]}', '\ud800', '\u2028'],
    '"\\': { '': '', a: {}, b: [], c: [[]], d: [{}], e: [null, true, false] },
  };
  const bytes = encodeRequest([withLine({ ...ENTRY, jsonPayload: payload })], HEAD);
  expect(bytes).toEqual(encodeRequest([{ ...ENTRY, jsonPayload: payload }], HEAD));
});

test('an invalid number is refused', () => {
  for (const text of ['--1', '1e', '-', '+1e+', '1.2.3'])
    expect(() =>
      encodeRequest([withLine({ ...ENTRY, jsonPayload: {} }, Buffer.from(`{"a":${text}}`))], HEAD),
    ).toThrow(StateError);
});

test('a damaged line is refused, or makes some other payload; reading it always ends', () => {
  const line = Buffer.from(JSON.stringify({ a: ['x\\"', { b: -1.5e9 }, null, true], c: {} }));
  const damaged = fc.tuple(fc.nat(line.length - 1), fc.nat(255), fc.nat(line.length));
  fc.assert(
    fc.property(damaged, ([at, byte, length]) => {
      const bytes = Buffer.from(line.subarray(0, length));
      if (at < length) bytes[at] = byte;
      try {
        encodeRequest([withLine({ ...ENTRY, jsonPayload: {} }, bytes)], HEAD);
      } catch (error) {
        expect(error).toBeInstanceOf(StateError);
      }
    }),
    { numRuns: 2000 },
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
