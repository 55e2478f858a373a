/** What is genuine does not depend on how a database writes its texts. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decoderFor } from '../../src/audit/encodings.js';
import { type Parsed, parse } from '../../src/audit/genuine.js';
import { csvRecord } from '../support/csvlog.js';
import { recordOf } from '../support/frames.js';

/** The scanner need not know the encoding. */
test.each(['LATIN1', 'LATIN2', 'ISO_8859_5', 'WIN866', 'WIN1252', 'KOI8R', 'EUC_JP', 'EUC_KR', 'EUC_CN'])(
  'what is genuine is the same in the encoding %s',
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
