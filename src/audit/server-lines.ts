/** Log lines beside pgAudit's that tell something about a session: how it began, ended, or failed. */

import type { Authentication } from '../event/session.js';
import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';

const AUTHENTICATED = Buffer.from('connection authenticated: ');
const DISCONNECTED = Buffer.from('disconnection: ');
const AUTHENTICATION_TAG = Buffer.from('authentication');
const IN_TRANSACTION = Buffer.from('idle in transaction');
const SUCCESS = Buffer.from('00000');

/** A session's login comes among its first lines: `connection received` and little else stands before it. */
const LAST_LOGIN_LINE = 5;

/** What the server says of its own accord about a session; a client's `RAISE` or `elog` leaves a context or another SQLSTATE. */
function isServersOwn(record: RawRecord): boolean {
  return (
    record.isEmpty(COLUMN.context) &&
    record.isEmpty(COLUMN.query) &&
    record.startsWith(COLUMN.sqlState, SUCCESS)
  );
}

/**
 * `connection authenticated: identity="…" method=… (file:line)`, since PostgreSQL 17 also `user="…" method=trust`,
 * which proves nothing (auth.c, set_authn_id and ClientAuthentication). `null` where the record is no such line.
 */
export function readAuthentication(record: RawRecord): Authentication | null {
  if (!record.startsWith(COLUMN.message, AUTHENTICATED) || !isServersOwn(record)) return null;
  if (!record.startsWith(COLUMN.commandTag, AUTHENTICATION_TAG)) return null;
  if (Number(record.text(COLUMN.sessionLine)) > LAST_LOGIN_LINE) return null;
  const text = record.text(COLUMN.message).slice(AUTHENTICATED.length);
  // The identity may hold anything, what follows it may not: the last mark ends it.
  const end = text.lastIndexOf('" method=');
  const [, kind] = /^(identity|user)="/.exec(text) ?? [];
  const [, method] = /^" method=(\S+)/.exec(text.slice(end)) ?? [];
  if (end === -1 || kind === undefined || method === undefined) return null;
  return { identity: kind === 'identity' ? text.slice('identity="'.length, end) : null, method };
}

/**
 * `disconnection: session time: …` (postgres.c, log_disconnections): nothing more comes of this session. The command tag
 * says whether it ended inside a transaction. `null` where the record is no such line.
 */
export function readDisconnection(record: RawRecord): { readonly isInside: boolean } | null {
  if (!record.startsWith(COLUMN.message, DISCONNECTED) || !isServersOwn(record)) return null;
  return { isInside: record.startsWith(COLUMN.commandTag, IN_TRANSACTION) };
}

/**
 * ERROR, FATAL and PANIC in the languages of `lc_messages` that PostgreSQL has been translated to (its po files):
 * these end a transaction, while WARNING and below carry what SQLSTATE the client likes.
 */
const ERRORS = new Set(
  [
    'ERROR FATAL PANIC FEHLER PANIK ERREUR ERRORE FATALE PANICO ERRO FEL FATALT HATA CHYBA PANIKA',
    'ОШИБКА ВАЖНО ПАНИКА ПОМИЛКА ФАТАЛЬНО ПАНІКА BŁĄD KATASTROFALNY',
    'შეცდომა ფატალური პანიკა 오류 치명적오류 손상 错误 致命错误 比致命错误还过分的错误',
  ].flatMap(words => words.split(' ')),
);

/** Classes of SQLSTATE that are no errors: success, warning, no data (the manual's appendix A). */
const NO_ERROR = /^0[012]/;

/** The SQLSTATE of an error that ended a transaction; `null` where the record is no error. */
export function readError(record: RawRecord): string | null {
  if (record.startsWith(COLUMN.sqlState, SUCCESS)) return null;
  const sqlState = record.text(COLUMN.sqlState);
  if (NO_ERROR.test(sqlState) || !ERRORS.has(record.text(COLUMN.severity))) return null;
  return sqlState;
}
