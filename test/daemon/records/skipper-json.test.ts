/** As skipper.test.ts, of jsonlog and of what CloudNativePG prints. */

import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cuts, log, write } from '../../support/any-log.js';
import { auditMessage, type Columns, csvRecord } from '../../support/csvlog.js';
import { cut } from '../../support/frames.js';
import { cnpgText, criLines, jsonlogLine } from '../../support/json-lines.js';
import { expectSame, outcomeOf } from '../../support/skipped.js';

const FORMATS = ['jsonlog', 'cnpg'] as const;
type Format = (typeof FORMATS)[number];

/** A record of csvlog, as the format has it. */
function lineOf(record: string, format: Format): Buffer {
  const [row = []]: string[][] = parse(record, { relax_column_count: true });
  if (format === 'jsonlog') return Buffer.from(jsonlogLine(row));
  return Buffer.concat(criLines(cnpgText(row, auditOf(row[13] ?? ''))));
}

/** The fields that CloudNativePG's instance manager finds in a message. */
function auditOf(message: string): string[] | null {
  if (!message.startsWith('AUDIT: ')) return null;
  try {
    const [fields = []]: string[][] = parse(message.slice('AUDIT: '.length), { relax_column_count: true });
    return fields.length < 9 || fields.length > 10 ? null : fields;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

const service = (line: number, columns: Partial<Columns>): string =>
  csvRecord({ user: 'app', sessionLine: line, application: 'a', queryId: '-7', ...columns });

describe.each(FORMATS)('%s, with and without skipping', format => {
  const bytesOf = (records: readonly string[]): Buffer =>
    Buffer.concat(records.map(one => lineOf(one, format)));

  test('any log comes to the same: events, counts, what is remembered, and the position (I1, I2, I3)', async () => {
    let skipped = 0;
    await fc.assert(
      fc.asyncProperty(log, cuts, async ([events, columns], places) => {
        skipped += await expectSame(cut(bytesOf(write(events, columns)), places), { format });
      }),
      { numRuns: 400, endOnFailure: true },
    );
    expect(skipped).toBeGreaterThan(1000);
  });

  test('so does one with bytes that are torn, swapped, lost or put in', async () => {
    const damage = fc.record({
      at: fc.nat(120_000),
      removed: fc.constantFrom(0, 1, 1, 1, 2, 40),
      put: fc.constantFrom(
        ...[
          '',
          '"',
          '\\"',
          '\\',
          ',',
          ':',
          '{',
          '}',
          '\n',
          '\r',
          '\u0000',
          '\\u0000',
          '\\u002c',
          '0',
          '9',
          'x',
          'å',
          ' ',
        ],
      ),
    });
    const damages = fc.array(damage, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(log, damages, cuts, async ([events, columns], all, places) => {
        let bytes = bytesOf(write(events, columns));
        for (const { at, removed, put } of all) {
          const place = at % (bytes.length + 1);
          const after = bytes.subarray(Math.min(place + removed, bytes.length));
          bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(put), after]);
        }
        await expectSame(cut(bytes, places), { format });
      }),
      { numRuns: 400, endOnFailure: true },
    );
  });

  test('so does one of which any byte is another one, is missing, or is one too many', async () => {
    const quoted = auditMessage(['SESSION', '1', '1', 'WRITE', 'INSERT', '', '', 'a,"b"', '1,"a""b","",c']);
    const plain = 'AUDIT: OBJECT,1,1,DDL,DROP,TABLE,t,DROP t,<none>,3';
    for (const message of [quoted, plain]) {
      const before = bytesOf([1, 2, 3].map(line => service(line, { message })));
      const target = bytesOf([service(4, { message })]);
      const after = bytesOf([5, 6].map(line => service(line, { message })));
      for (let at = 0; at < target.length; at++) {
        const start = Buffer.concat([before, target.subarray(0, at)]);
        for (const other of ['', ...'"\\,:}\n 0']) {
          const end = Buffer.concat([target.subarray(at + 1), after]);
          await expectSame([Buffer.concat([start, Buffer.from(other), end])], { format });
        }
        await expectSame([Buffer.concat([start, Buffer.from('0'), target.subarray(at), after])], { format });
      }
    }
  });

  test('a line that is too long is a gap, however short its row', async () => {
    const detail = (line: number): string => (line === 4 ? '\n'.repeat(300) : 'x');
    const records = [1, 2, 3, 4, 5, 6].map(line => service(line, { detail: detail(line) }));
    const options = { format, maxRecordSize: 1000 };
    expect(await expectSame([bytesOf(records)], options)).toBe(1);
    const { counts } = await outcomeOf([bytesOf(records)], true, options);
    expect(counts).toMatchObject({ rejected: { oversize: 1 } });
  });

  test('a service is passed over, with quotes, commas, line breaks and other escapes in its texts', async () => {
    const statements = ['INSERT INTO "t" VALUES ($1,\n$2)', 'x', '\t"å\\', 'a,b', '\u0001'];
    const parameters = ['{"a":"b"}', 'a,"b"', '""', '\n', '1'];
    const records = Array.from({ length: 1000 }, (_, index) => {
      const texts = [parameters[index % 5] ?? '', parameters[index % 3] ?? ''];
      const last = auditMessage(texts).slice('AUDIT: '.length);
      const fields = ['SESSION', String(index + 1), '1', 'WRITE', 'INSERT', 'TABLE', 'public.t'];
      return service(index + 1, { message: auditMessage([...fields, statements[index % 4] ?? '', last]) });
    });
    const { counts, decided } = await outcomeOf([bytesOf(records)], true, { format });
    expect([counts.dropped, decided]).toEqual([{ 'service-user': 1000 }, 2]);
  });
});

test('keys twice, values of other kinds, and what stands around a line are no record that is skipped', async () => {
  const lines = [1, 2, 3, 4, 5, 6].map(line => lineOf(service(line, {}), 'jsonlog').toString());
  const changes: [string | RegExp, string][] = [
    ['"pid":', '"user":"app","pid":'],
    [/"vxid":"[^"]*"/, '"vxid":"3/35,"'],
    [/"error_severity":"LOG"/, '"error_severity":"LOG","state_code":""'],
    [/"error_severity":"LOG"/, '"error_severity":"LOG","context":""'],
    [/"application_name"/, '"file_name":"pl_exec.c","application_name"'],
    [/"user":"app"/, '"user":null'],
    [/"user":"app"/, '"user":"\\u0061pp"'],
    [/"session_id":"[^"]*"/, '"session_id":true'],
    [/"application_name":"a"/, '"application_name":"\\q"'],
    [/\}\n$/, ' }\n'],
    [/\}\n$/, '}\r\n'],
    [/\}\n$/, '} x\n'],
    [/^\{/, '{ '],
    [/^/, 'x\n'],
    [/^/, '\n'],
  ];
  for (const [from, to] of changes) {
    const changed = lines.with(3, (lines[3] ?? '').replace(from, to));
    expect(changed).not.toEqual(lines);
    await expectSame([Buffer.from(changed.join(''))], { format: 'jsonlog' });
  }
});
