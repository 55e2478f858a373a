/** The bytes of a record that is not UTF-8, for those who can tell what its texts were. */

import { isUtf8 } from 'node:buffer';
import type { DecoderOf } from '../../audit/genuine.js';
import { COLUMN } from '../../lib/csvlog.js';
import { LARGE_RECORD } from '../../lib/large-text.js';
import type { RawRecord } from '../../read/record.js';
import type { Redact } from '../../redact/redact.js';
import { scrubMessage, scrubText } from './scrub.js';

/** Columns in which no client has a say. */
const OWN: ReadonlySet<number> = new Set([
  ...[COLUMN.logTime, COLUMN.pid, COLUMN.connectionFrom, COLUMN.sessionId, COLUMN.sessionLine],
  ...[
    COLUMN.sessionStart,
    COLUMN.virtualTransactionId,
    COLUMN.transactionId,
    COLUMN.severity,
    COLUMN.sqlState,
  ],
  ...[COLUMN.backendType, COLUMN.leaderPid, COLUMN.queryId],
]);

/** `parameters: $1 = 'x'` in a context or a detail: whether that is a secret shows in another text. */
const NUMBERED = /\$\d+ = /;

/**
 * The record in base64; `null` if it is UTF-8, or if any column may hold a secret, in whatever encoding it is read. The
 * texts of an event can be scrubbed, but these bytes also hold those that no event has: detail, context, query. A large
 * record is not searched for them here, and has none.
 */
export function rawOf(record: RawRecord, redact: Redact, decoderOf: DecoderOf): string | null {
  if (record.length > LARGE_RECORD || isUtf8(record.bytes)) return null;
  const readings = [null, latin1, decoderOf(record.text(COLUMN.database))];
  for (let column = 0; column < record.columns; column++) {
    if (OWN.has(column) || record.isEmpty(column)) continue;
    const texts = new Set(readings.map(decode => record.text(column, decode)));
    for (const text of texts) if (mayHoldSecret(text, column, redact)) return null;
  }
  return record.bytes.toString('base64');
}

function mayHoldSecret(text: string, column: number, redact: Redact): boolean {
  if (scrubText(text, redact).count > 0) return true;
  return column === COLUMN.message ? scrubMessage(text, redact).count > 0 : NUMBERED.test(text);
}

function latin1(bytes: Buffer): string {
  return bytes.toString('latin1');
}
