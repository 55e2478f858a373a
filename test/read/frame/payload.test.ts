/** The scanner knows a genuine payload by its bytes. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePayload } from '../../../src/audit/payload.js';
import { CsvFramer } from '../../../src/read/frame/csv-framer.js';
import { auditMessage, csvRecord, hostileText } from '../../support/csvlog.js';

/** The number of the statement, if the scanner is certain. */
function scanned(payload: string): number | null {
  const framer = new CsvFramer({ offset: 0, maxRecordSize: 1 << 26 });
  framer.push(Buffer.from(csvRecord({ message: `AUDIT: ${payload}` })));
  const record = framer.next();
  if (record?.kind !== 'record') throw new Error('the payload broke its record');
  const statement = record.auditStatement;
  framer.close();
  return statement;
}

/** The same by the parser. */
function parsed(payload: string): number | null {
  const found = parsePayload(payload);
  return 'suspect' in found || found.audit.class === 'ROLE' ? null : found.audit.statementId;
}

test('it is genuine if the parser says so', () => {
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
  fc.assert(
    fc.property(start, fc.array(piece, { maxLength: 14 }), (first, pieces) => {
      const payload = first + pieces.join('');
      const [found, expected] = [scanned(payload), parsed(payload)];
      // A quoted type, number or class is left to the parser, and so are quoted rows.
      const isPlain = !/^([^,]*,){0,3}"|,"\d*"$/.test(payload);
      if (isPlain || found !== null) expect([payload, found]).toEqual([payload, expected]);
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
        expect([payload, scanned(payload)]).toEqual([payload, parsed(payload)]);
      },
    ),
    { numRuns: 5000 },
  );
});
