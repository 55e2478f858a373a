/**
 * What the server says in its own language, in the database's encoding. The bytes are Python's, and the shipper does not
 * know the encoding.
 */

import { expect, test } from 'vitest';
import { look } from '../../src/audit/genuine.js';
import { readError } from '../../src/audit/server-lines.js';
import type { RawRecord } from '../../src/read/record.js';
import { csvRecord } from '../support/csvlog.js';
import { recordOf } from '../support/frames.js';

type Columns = NonNullable<Parameters<typeof csvRecord>[0]>;

const latin1 = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');
const record = (columns: Columns): RawRecord => recordOf(Buffer.from(csvRecord(columns), 'latin1'));

test.each([
  ['BŁĄD in LATIN2', '42a3a144'],
  ['BŁĄD in WIN1250', '42a3a544'],
  ['ОШИБКА in KOI8R', 'effbe9e2ebe1'],
  ['ОШИБКА in WIN1251', 'ced8c8c1cac0'],
  ['ОШИБКА in ISO_8859_5', 'bec8b8b1bab0'],
  ['ФАТАЛЬНО in KOI8U', 'e6e1f4e1ecf8eeef'],
  ['错误 in EUC_CN', 'b4edcef3'],
  ['오류 in EUC_KR', 'bfc0b7f9'],
  ['ОШИБКА in UTF8', 'd09ed0a8d098d091d09ad090'],
])('%s is an error', (_name, hex) => {
  expect(readError(record({ severity: latin1(hex), sqlState: '22012' }))).toBe('22012');
});

test.each([
  ['OSTRZEŻENIE in LATIN2', '4f5354525a45af454e4945'],
  ['ПРЕДУПРЕЖДЕНИЕ in KOI8R', 'f0f2e5e4f5f0f2e5f6e4e5eee9e5'],
])('%s is a warning, whose SQLSTATE a client may choose', (_name, hex) => {
  expect(readError(record({ severity: latin1(hex), sqlState: '22012' }))).toBeNull();
});

test.each([
  ['processus parallèle in LATIN1', '70726f63657373757320706172616c6ce86c65'],
  ['パラレルワーカー in EUC_JP', 'a5d1a5e9a5eca5eba5efa1bca5aba1bc'],
  ['параллельный исполнитель in KOI8R', 'd0c1d2c1ccccc5ccd8ced9ca20c9d3d0cfcccec9d4c5ccd8'],
  ['병렬 처리 작업자 in EUC_KR', 'bab4b7c420c3b3b8ae20c0dbbef7c0da'],
  ['并行工作者进程 in EUC_CN', 'b2a2d0d0b9a4d7f7d5dfbdf8b3cc'],
])('%s is the context of a repetition', (_name, hex) => {
  expect(look(record({ context: latin1(hex) })).kind).toBe('repetition');
  expect(look(record({ context: `${latin1(hex)} 1` })).kind).toBe('suspect');
});
