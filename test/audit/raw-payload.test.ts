import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { decoderFor } from '../../src/audit/encodings.js';
import { type Parsed, parse } from '../../src/audit/genuine.js';
import { parsePayload } from '../../src/audit/payload.js';
import { Phrases } from '../../src/audit/phrases.js';
import { auditMessage, csvRecord, hostileText, quote } from '../support/csvlog.js';
import { recordOf } from '../support/frames.js';
import { rawLength } from '../support/raw-length.js';
import { workOf } from '../support/work.js';

/** The same by the long way. */
function expectedLength(payload: string): number {
  const parsed = parsePayload(payload);
  return 'suspect' in parsed || parsed.audit.class === 'ROLE' ? -1 : Buffer.byteLength(quote(payload)) - 1;
}

test('is genuine where parsePayload says so, and ends where the message does', () => {
  const piece = fc.constantFrom(
    ...[
      '"',
      '""',
      ',',
      ',',
      '\n',
      '\r',
      'a',
      ' ',
      '1',
      'SESSION',
      'OBJECT',
      'WRITE',
      'DDL',
      'ROLE',
      '<none>',
      'å',
    ],
  );
  const start = fc.constantFrom(
    '',
    'SESSION,',
    'SESSION,1,1,',
    'OBJECT,1,2,WRITE,',
    'SESSION,1,1,READ,SELECT,,,',
  );
  const phrases = new Phrases();
  fc.assert(
    fc.property(start, fc.array(piece, { maxLength: 14 }), (first, pieces) => {
      const payload = first + pieces.join('');
      const [length, expected] = [rawLength(payload, phrases), expectedLength(payload)];
      // A quoted type, number or class is read the long way, and so are quoted rows.
      const isPlain = !/^([^,]*,){0,3}"|,"\d*"$/.test(payload);
      if (isPlain || length !== -1) expect([payload, length]).toEqual([payload, expected]);
    }),
    { numRuns: 20_000 },
  );
});

test('whatever pgAudit writes is genuine at once', () => {
  const anyClass = fc.constantFrom('READ', 'WRITE', 'FUNCTION', 'DDL', 'MISC');
  const rows = fc.constantFrom([], ['0'], ['12']);
  const texts = fc.tuple(hostileText, hostileText, hostileText, hostileText);
  fc.assert(
    fc.property(
      anyClass,
      texts,
      fc.array(hostileText, { maxLength: 4 }),
      rows,
      (auditClass, all, parameters, end) => {
        const last = auditMessage(parameters).slice('AUDIT: '.length);
        const payload = auditMessage(['SESSION', '1', '2', auditClass, ...all, last, ...end]).slice(
          'AUDIT: '.length,
        );
        expect([payload, rawLength(payload)]).toEqual([payload, expectedLength(payload)]);
      },
    ),
    { numRuns: 5000 },
  );
});

const count = workOf(new URL('./work-cases.ts', import.meta.url));
afterAll(() => count.close());

describe.each(['SESSION,1,1,WRITE,X,,,x,"', 'SESSION,1,1,WRITE,X,,,"'])('%s', start => {
  test.each(['"', ',"'.repeat(3), '""""'])('then %j without end is looked at a few times', async end => {
    const payload = start + end.repeat(20_001);
    expect(rawLength(payload)).toBe(expectedLength(payload));
    expect(await count('payload', payload)).toBeLessThan(payload.length * 20);
  });
});

/** Why the long way need not be asked how a database writes its texts. */
test.each(['LATIN1', 'LATIN2', 'ISO_8859_5', 'WIN866', 'WIN1252', 'KOI8R', 'EUC_JP', 'EUC_KR', 'EUC_CN'])(
  'what is genuine does not hang on the encoding %s',
  encoding => {
    const byte = fc.oneof(
      fc.constantFrom(0x22, 0x2c, 0x0a, 0x31, 0x81, 0x8e, 0x8f, 0xa1, 0xfe, 0xff),
      fc.nat(255),
    );
    const anyBytes = fc.uint8Array({ maxLength: 12 }).chain(() => fc.array(byte, { maxLength: 12 }));
    fc.assert(
      fc.property(anyBytes, anyBytes, fc.boolean(), (statement, parameter, isQuoted) => {
        const mark = isQuoted ? '"' : '';
        const message = Buffer.concat([
          Buffer.from(`AUDIT: SESSION,1,1,WRITE,X,,,${mark}`),
          Buffer.from(statement),
          Buffer.from(`${mark},${mark}`),
          Buffer.from(parameter),
          Buffer.from(mark),
        ]).toString('latin1');
        const bytes = Buffer.from(csvRecord({ message }), 'latin1');
        const judged = (decode: ReturnType<typeof decoderFor>): string => summary(bytes, decode);
        expect(judged(decoderFor(encoding))).toBe(judged(null));
      }),
      { numRuns: 1000 },
    );
  },
);

function summary(bytes: Buffer, decode: ReturnType<typeof decoderFor>): string {
  const parsed: Parsed = parse(recordOf(bytes), () => decode);
  return parsed.kind === 'suspect' ? parsed.reason : parsed.kind;
}
