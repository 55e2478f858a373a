import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse as csvParse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { CsvFramer } from '../../../src/read/frame/csv-framer.js';
import { anyColumns, csvRecord, fieldsOf, writeMessage } from '../../support/csvlog.js';
import { cut, frames, pieces } from '../../support/frames.js';
import { workOf } from '../../support/work.js';

const SAMPLES = fileURLToPath(new URL('../../../demo/recorded/', import.meta.url));

const count = workOf(new URL('./work-cases.ts', import.meta.url));
afterAll(() => count.close());

const first = csvRecord({ sessionLine: 1 });
const second = csvRecord({
  sessionLine: 2,
  message: writeMessage('UPDATE t SET a=\'"x", \n\'', ['1', 'å"']),
});
const third = csvRecord({ sessionLine: 3 });

/** Records by session line, and the bytes between them that are not records. */
function summary(bytes: Buffer | string, chunk = 7): string {
  const framed = frames(pieces(Buffer.from(bytes), chunk), { finish: true });
  return framed
    .map(frame => frame.fields?.[6] ?? `${frame.reason} ${frame.offset}+${frame.length}`)
    .join(', ');
}

describe('records', () => {
  test('are framed once, also if more bytes come after a large one was taken', () => {
    const large = csvRecord({ sessionLine: 1, message: 'x'.repeat(1_050_000) });
    const framer = new CsvFramer({ offset: 0, maxRecordSize: 1 << 26 });
    framer.push(Buffer.from(large));
    expect(framer.next()).toMatchObject({ kind: 'record', offset: 0, length: large.length });
    framer.push(Buffer.from(second));
    framer.space(512 * 1024);
    expect(framer.next()).toMatchObject({ kind: 'record', offset: large.length });
    framer.close();
  });

  test('of any content, under any chunking, agree with csv-parse (I1)', () => {
    const anyLog = fc.record({
      records: fc.array(fc.tuple(anyColumns, fc.constantFrom(23, 24, 26)), { minLength: 1, maxLength: 6 }),
      cuts: fc.array(fc.nat(5000), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(anyLog, ({ records, cuts }) => {
        const counts = [...records.map(([, count]) => count)].sort();
        const bytes = Buffer.from(
          records.map(([columns], index) => csvRecord(columns, counts[index])).join(''),
        );
        const framed = frames(cut(bytes, cuts));
        const parsed: string[][] = csvParse(bytes, { record_delimiter: '\n', relax_column_count: true });
        expect(framed.map(frame => frame.fields)).toEqual(parsed);
        let end = 0;
        for (const { offset, length } of framed) {
          expect(offset).toBe(end);
          end += length;
        }
        expect(end).toBe(bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(readdirSync(SAMPLES).filter(name => name.endsWith('.csv')))(
    'of %s are the same byte by byte',
    name => {
      const bytes = readFileSync(`${SAMPLES}${name}`);
      const parsed: string[][] = csvParse(bytes, { record_delimiter: '\n' });
      expect(frames(cut(bytes, Array.from(bytes.keys()))).map(frame => frame.fields)).toEqual(parsed);
    },
  );

  test.each([
    ['"a"b', 'text after a closing quote'],
    ['a"b', 'a quote inside an unquoted column'],
    ['"a" ', 'a blank after a closing quote'],
  ])('a column %s (%s) breaks the quote rule, as it does for csv-parse', column => {
    const bytes = Buffer.from(first + second.replace('"hold"', column) + third);
    expect(() => csvParse(bytes)).toThrow();
    expect(summary(bytes)).toMatch(/^1, torn \d+\+\d+, 3$/);
  });

  test('of an older server after those of a newer one are records', () => {
    const bytes = [26, 26, 24, 24, 23, 23, 26]
      .map((count, index) => csvRecord({ sessionLine: index }, count))
      .join('');
    expect(summary(bytes)).toBe('0, 1, 2, 3, 4, 5, 6');
  });

  test('without a final newline are not read yet', () => {
    const record = Buffer.from(csvRecord());
    expect(frames([record.subarray(0, -1)])).toEqual([]);
    expect(frames([record.subarray(0, -1), record.subarray(-1)])).toHaveLength(1);
  });
});

describe('a torn record', () => {
  test.each([
    ['a record follows', third, ['record 1', 'torn 400', 'record 3']],
    ['nothing follows', '', ['record 1', 'torn 400']],
  ])('that is too long is told once, if %s', (_what, rest, expected) => {
    const framed = frames([first, 'a"'.repeat(200), rest].map(Buffer.from), {
      finish: true,
      maxRecordSize: 300,
    });
    expect(
      framed.map(({ reason = 'record', length, fields }) => `${reason} ${fields?.[6] ?? length}`),
    ).toEqual(expected);
  });

  test('cut at any byte, the next one glued on: nothing genuine after it is lost, and the rest is a gap', () => {
    const length = Buffer.byteLength(first);
    const torn = Buffer.from(second);
    for (let end = 1; end < torn.length; end++) {
      const bytes = Buffer.concat([Buffer.from(first), torn.subarray(0, end), Buffer.from(third)]);
      expect([end, summary(bytes, 1000)]).toEqual([end, `1, torn ${length}+${end}, 3`]);
    }
  });

  test('cut at any byte, then a newline: the gap includes the newline', () => {
    const length = Buffer.byteLength(first);
    const torn = Buffer.from(second);
    for (let end = 1; end < torn.length - 1; end++) {
      const bytes = Buffer.concat([Buffer.from(first), torn.subarray(0, end), Buffer.from(`\n${third}`)]);
      expect([end, summary(bytes, 1000)]).toEqual([end, `1, torn ${length}+${end + 1}, 3`]);
    }
  });

  test('of any version is found, for every pair of versions', () => {
    for (const [before, after] of [
      [23, 24],
      [23, 23],
      [24, 24],
      [26, 26],
      [24, 26],
    ]) {
      const torn = Buffer.from(csvRecord({ sessionLine: 2 }, before));
      for (let end = 1; end < torn.length; end++) {
        const bytes = Buffer.concat([
          torn.subarray(0, end),
          Buffer.from(csvRecord({ sessionLine: 3 }, after)),
        ]);
        expect([before, after, end, summary(bytes, 1000)]).toEqual([before, after, end, `torn 0+${end}, 3`]);
      }
    }
  });

  test('at the end of a file that is done is a gap; in a file that is not, it waits', () => {
    const bytes = Buffer.from(first + second.slice(0, 50));
    expect(frames([bytes]).map(frame => frame.kind)).toEqual(['record']);
    expect(summary(bytes)).toBe(`1, torn ${first.length}+50`);
  });

  test('followed by zeros of a power cut, and garbage between records', () => {
    const zeros = '\u0000'.repeat(100);
    expect(summary(`${first}${second.slice(0, 50)}${zeros}${third}`)).toBe(`1, torn ${first.length}+150, 3`);
    expect(summary(`${first}\n\nrubbish, "more"\n${third}`)).toBe(`1, torn ${first.length}+18, 3`);
  });

  test('whose text was chosen by an attacker brings no record of his', () => {
    const forged = csvRecord({ sessionLine: 666, message: writeMessage('DROP TABLE konto') });
    const unquoted = forged.replaceAll('"', '');
    const plain = `${fieldsOf({ sessionLine: 666, message: 'no AUDIT at all' }).join(',')}\n`;
    const texts = [
      plain,
      `\n${plain}`,
      plain.repeat(3),
      forged,
      unquoted,
      `\n${forged}`,
      `\n${unquoted}\n`,
      `x"\n${forged}`,
      `x""\n${forged}"`,
      forged.repeat(5),
    ];
    for (const text of texts) {
      const torn = Buffer.from(csvRecord({ sessionLine: 2, message: writeMessage(text) }));
      for (let end = 1; end < torn.length; end++) {
        const framed = frames([Buffer.from(first), torn.subarray(0, end), Buffer.from(third)], {
          finish: true,
        });
        const lines = framed.flatMap(frame => (frame.fields ? [frame.fields[6]] : []));
        expect([text, end, lines]).toEqual([text, end, ['1', '3']]);
      }
    }
  });

  test('of endless heads is read a few times', async () => {
    const log = `${first}x${'2026-11-21 20:40:01.123 CET,'.repeat(10_000)}\n${third}`;
    expect(summary(log, 1 << 16)).toMatch(/^1, torn \d+\+\d+, 3$/);
    expect(await count('framed', log, 1 << 16)).toBeLessThan(log.length * 200);
  });
});

describe('a record over the size limit', () => {
  const large = csvRecord({ sessionLine: 2, message: writeMessage('x'.repeat(500_000)) });

  test('is a gap with its user, session, line, length and hash', () => {
    const framed = frames(
      cut(
        Buffer.from(first + large + third),
        Array.from({ length: 300 }, (_, i) => i * 2000),
      ),
      { maxRecordSize: 100_000 },
    );
    expect(framed.map(frame => frame.fields?.[6] ?? frame.reason)).toEqual(['1', 'oversize', '3']);
    expect(framed[1]).toMatchObject({
      offset: first.length,
      length: large.length,
      record: {
        user: 'Z990001',
        session: '6b0201a1.552d',
        line: '2',
        sha256: createHash('sha256').update(large).digest('hex'),
      },
    });
  });

  test('that is torn ends at the next record', () => {
    const bytes = Buffer.from(first + large.slice(0, 300_000) + third);
    const framed = frames(
      cut(
        bytes,
        Array.from({ length: 300 }, (_, i) => i * 2000),
      ),
      { maxRecordSize: 100_000 },
    );
    expect(framed.map(frame => frame.fields?.[6] ?? `${frame.reason} ${frame.length}`)).toEqual([
      '1',
      'torn 300000',
      '3',
    ]);
  });
});

test('fields that the test support writes are fields that csv-parse reads', () => {
  expect(csvParse(csvRecord({ message: 'a "b"\n' }))).toEqual([fieldsOf({ message: 'a "b"\n' })]);
});
