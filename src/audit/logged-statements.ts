/**
 * Records in which the server itself logs a statement. `log_statement` logs it before it runs: `statement: UPDATE …`, or
 * `execute <unnamed>: UPDATE …`. Durations log it afterwards: `duration: 0.3 ms  statement: UPDATE …`. All of this is
 * translated by lc_messages, which a superuser may set for a session, into the database's encoding.
 */

import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import { type Decode, decoderFor, ENCODINGS } from './encodings.js';

const SUCCESS = Buffer.from('00000');
/**
 * Command tag of a session without a running statement. With `update_process_title` off, it stays what it was: whoever
 * sets that in a session can choose any.
 */
const IDLE = Buffer.from('idle');

/** As in the po files of PostgreSQL 13 to 18; French has a space before the colon. */
const STATEMENT = `(?:${[
  'statement|Anweisung|sentencia|instruction|istruzione|sats|wyrażenie|comando|perintah|komut',
  'оператор|ოპერატორი|გამოსახულება|文|语句|陳述式|명령 구문',
].join('|')})\\s?: `;
const EXECUTE = `(?:${[
  'execute|Ausführen|ejecutar|exécute|menjalankan|esecuzione di|wykonanie|executar|kör',
  'выполнение|виконувати|გაშვება|実行|쿼리실행|执行|執行',
].join('|')})`;
/** Fetches more rows of a statement that was logged before. */
const FETCH = `(?:${[
  'execute fetch from|Ausführen Fetch von|ejecutar fetch desde|exécute fetch à partir de|esecuzione di fetch da',
  "menjalankan 'fetch' dari|wykonanie pobrania z|executar busca de|kör hämtning från|выборка из",
  'виконати витягнення з|取り出し実行|자료뽑기|执行FETCH操作|执行提取，来源为|執行擷取，來源為',
].join('|')})`;
/** Words that may be right before the statement's name: it was only parsed or bound. */
const NOT_RUN = 'パース|バインド|解析|绑定|繫結';
const DURATION = String.raw`[^\s:"]+(?: [^\s:"]+)?\s?:? [\d.,]+ (?:ms|мс|ミリ秒|მწმs?|milisaniye|毫秒)`;

const IS_BEFORE = new RegExp(`^"?(?:${STATEMENT}|(?:${FETCH}|${EXECUTE}) )`);
const IS_AFTER = new RegExp(`^"?${DURATION}(?:[ ,"]|$)`);
/** Of any language. */
const WORD = /^"?[^\s:"]+\s?: /;
const FETCHES = new RegExp(`^(?:${DURATION},? {1,2})?${FETCH}`);
const RAN = new RegExp(`^${DURATION},? {1,2}(?:${STATEMENT}|${EXECUTE}[ <]|(?!${NOT_RUN})[^\\s:<]+\\s?: )`);
/** Bytes of the message within which these expressions must match. */
const LONGEST_START = 100;
/** Bytes of a message; PostgreSQL's parser is not given a longer text. */
const LARGEST = 256 * 1024;
/** A text that is not UTF-8; it may be cut within its last character. */
const NOT_UTF8 = /\uFFFD./;

/**
 * `before`: the server logs a statement that it is about to run, or something between two statements, like
 * `disconnection: `. `after`: how long one took. In both cases all records of the statement before it were read.
 */
export interface LoggedLine {
  readonly around: 'before' | 'after';
  /** Of the encoding in which its words are known; `null`: UTF-8. */
  readonly decode: Decode | null;
}

/** `null` if a record is neither. */
export function lineAround(record: RawRecord): LoggedLine | null {
  if (!record.startsWith(COLUMN.sqlState, SUCCESS)) return null;
  if (!record.isEmpty(COLUMN.context) || !record.isEmpty(COLUMN.query)) return null;
  const bytes = startOf(record);
  const text = bytes.toString('utf8');
  const known = aroundIn(text);
  if (known !== null) return { around: known, decode: null };
  const line = NOT_UTF8.test(text) ? lineInAnyEncoding(bytes) : null;
  if (line !== null) return line;
  return record.startsWith(COLUMN.commandTag, IDLE) && WORD.test(text)
    ? { around: 'before', decode: null }
    : null;
}

function aroundIn(start: string): LoggedLine['around'] | null {
  if (IS_BEFORE.test(start)) return 'before';
  return IS_AFTER.test(start) ? 'after' : null;
}

function lineInAnyEncoding(start: Buffer): LoggedLine | null {
  for (const encoding of ENCODINGS) {
    const decode = decoderFor(encoding);
    const around = decode === null ? null : aroundIn(decode(start));
    if (around !== null) return { around, decode };
  }
  return null;
}

function startOf(record: RawRecord): Buffer {
  const start = record.endOf(COLUMN.message - 1) + 1;
  const end = Math.min(record.endOf(COLUMN.message), start + LONGEST_START);
  return record.bytes.subarray(start, end);
}

/**
 * The SQL of such a record; `null` if it has no SQL that runs, or too much.
 *
 * @param decode of the database's encoding, if that is known
 */
export function statementIn(
  record: RawRecord,
  { around, decode: found }: LoggedLine,
  decode: Decode | null,
): string | null {
  if (record.endOf(COLUMN.message) - record.endOf(COLUMN.message - 1) > LARGEST) return null;
  const message = record.text(COLUMN.message, decode ?? found);
  if (FETCHES.test(message) || (around === 'after' && !RAN.test(message))) return null;
  const text = message.slice(message.indexOf(': ') + 2);
  return around === 'before' ? text : text.slice(text.indexOf(': ') + 2);
}
