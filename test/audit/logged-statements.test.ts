/**
 * What the server logs of statements, in its languages: as PostgreSQL 15 wrote it with `SET lc_messages`, or as its
 * translations (po files of 13 to 18) say. The bytes of other encodings are Python's.
 */

import { expect, test } from 'vitest';
import { lineAround, statementIn } from '../../src/audit/logged-statements.js';
import { csvRecord } from '../support/csvlog.js';
import { recordOf } from '../support/frames.js';

const SQL = 'UPDATE t SET a=$1';

/** Whether a message is of a statement, and its SQL; in the log as latin1 or UTF-8. */
function read(message: string, encoding: 'latin1' | 'utf8' = 'utf8'): [string, string | null] | null {
  const record = recordOf(Buffer.from(csvRecord({ message, commandTag: 'UPDATE' }), encoding));
  const line = lineAround(record);
  return line === null ? null : [line.around, statementIn(record, line, null)];
}

test.each([
  ...['Ausführen <unnamed>', 'exécute <unnamed>', 'выполнение <unnamed>', '执行 <unnamed>', '実行 <unnamed>'],
  ...[
    'execute S_1',
    'kör a/C_1',
    'esecuzione di b',
    'виконувати <unnamed>',
    'გაშვება b',
    '쿼리실행 b',
    '執行 b',
  ],
  ...['Anweisung', 'instruction ', 'оператор', '语句', '文', 'wyrażenie', 'comando', 'komut', 'perintah'],
])('the server is about to run it: %s', start => {
  expect(read(`${start}: ${SQL}`)).toEqual(['before', SQL]);
});

test.each([
  ...['Dauer: 0.123 ms  Anweisung', 'Dauer: 0.020 ms  Ausführen <unnamed>', 'durée : 0.236 ms, instruction '],
  ...[
    'durée : 0.025 ms  exécute <unnamed>',
    'продолжительность: 0.080 мс, оператор',
    '执行时间: 0.074 ms 语句',
  ],
  ...['продолжительность: 0.014 мс  выполнение <unnamed>', '执行时间: 0.023 ms 执行<unnamed>'],
  ...['期間: 0.209 ミリ秒  文', '期間: 0.035 ミリ秒  実行 <unnamed>', 'czas trwania: 1.5 ms  wyrażenie'],
  ...[
    'тривалість: 1.5 мс виконувати b',
    'ხანგრძლივობა: 1.5 მწმ  გამოსახულება',
    '실행시간: 1.5 ms  명령 구문',
  ],
  ...[
    'süre: 1.5 milisaniye  komut',
    '持續時間: 1.5 毫秒  陳述式',
    'durasi: 1.5 ms, perintah',
    'trvání: 1.5 ms  příkaz',
  ],
])('the server says how long it took: %s', start => {
  expect(read(`${start}: ${SQL}`)).toEqual(['after', SQL]);
});

test.each([
  ...[
    'Dauer: 0.056 ms  Parsen <unnamed>',
    'Dauer: 0.024 ms  Binden <unnamed>',
    'durée : 0.076 ms, analyse <unnamed> ',
  ],
  ...['durée : 0.045 ms, lien <unnamed> ', 'продолжительность: 0.031 мс, разбор <unnamed>'],
  ...['продолжительность: 0.025 мс, сообщение Bind <unnamed>', '执行时间: 0.053 ms  解析 <unnamed>'],
  ...['执行时间: 0.040 ms 绑定<unnamed>', '执行时间: 0.040 ms 绑定b', '期間: 0.079 ミリ秒  パース<unnamed> '],
  ...[
    '期間: 0.079 ミリ秒  パースb ',
    '期間: 0.062 ミリ秒  バインド <unnamed>',
    '실행시간: 1.5 ms  b 구문분석',
  ],
  ...[
    'czas trwania: 1.5 ms  parsowanie b',
    'Dauer: 1.5 ms  Ausführen Fetch von a/b',
    '执行时间: 1.5 ms 执行FETCH操作b',
  ],
])('it was parsed, bound or fetched from, and did not run: %s', start => {
  expect(read(`${start}: ${SQL}`)).toEqual(['after', null]);
});

test.each([
  'execute fetch from',
  'Ausführen Fetch von',
  'kör hämtning från',
  'выборка из',
  '執行擷取，來源為',
])('more of its rows are fetched: %s', words => {
  expect(read(`${words} <unnamed>/C_1: ${SQL}`)).toEqual(['before', null]);
});

test.each([
  'Dauer: 0.123 ms',
  'durée : 0.236 ms',
  'varaktighet 0.1 ms',
  'süre: 1.5 milisaniye',
  '期間: 0.2 ミリ秒',
])('how long it took, without its text: %s', message => {
  expect(read(message)).toEqual(['after', null]);
});

test.each([
  'temporary file: path',
  'process 7 acquired ShareLock after 5.1 ms',
  'Ausführung',
  'checkpoint complete',
])('something else while a statement runs: %s', start => {
  expect(read(`${start}: ${SQL}`)).toBeNull();
});

test.each([
  ['German in LATIN1', '41757366fc6872656e'],
  ['Russian in KOI8R', 'd7d9d0cfcccec5cec9c5'],
  ['Russian in WIN1251', 'e2fbefeeebede5ede8e5'],
  ['Chinese in EUC_CN', 'd6b4d0d0'],
  ['Japanese in EUC_JP', 'bcc2b9d4'],
  ['Georgian in UTF8', 'e18392e18390e183a8e18395e18394e18391e18390'],
])('%s, of which the shipper does not know the encoding', (_language, hex) => {
  const word = Buffer.from(hex, 'hex').toString('latin1');
  expect(read(`${word} <unnamed>: ${SQL}`, 'latin1')).toEqual(['before', SQL]);
});
