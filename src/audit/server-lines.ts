/** Records besides pgAudit's that say how a session began, ended, or failed. */

import type { Authentication } from '../event/session.js';
import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import { isOneOf } from './encodings.js';

const AUTHENTICATED = Buffer.from('connection authenticated: ');
const DISCONNECTED = Buffer.from('disconnection: ');
const AUTHENTICATION_TAG = Buffer.from('authentication');
const IN_TRANSACTION = Buffer.from('idle in transaction');
const SUCCESS = Buffer.from('00000');

/** A session's login is among its first lines: only `connection received` and little else comes before it. */
const LAST_LOGIN_LINE = 5;

/** Whether the server itself wrote the record: a client's `RAISE` or `elog` leaves a context or another SQLSTATE. */
function isServersOwn(record: RawRecord): boolean {
  return (
    record.isEmpty(COLUMN.context) &&
    record.isEmpty(COLUMN.query) &&
    record.startsWith(COLUMN.sqlState, SUCCESS)
  );
}

/**
 * `connection authenticated: identity="…" method=… (file:line)`; since PostgreSQL 17 also `user="…" method=trust`,
 * which proves nothing (auth.c, set_authn_id and ClientAuthentication). `null` if the record is another one.
 */
export function readAuthentication(record: RawRecord): Authentication | null {
  if (!record.startsWith(COLUMN.message, AUTHENTICATED) || !isServersOwn(record)) return null;
  if (!record.startsWith(COLUMN.commandTag, AUTHENTICATION_TAG)) return null;
  if (Number(record.text(COLUMN.sessionLine)) > LAST_LOGIN_LINE) return null;
  const text = record.text(COLUMN.message).slice(AUTHENTICATED.length);
  // The identity may contain anything, the text after it may not: the last mark ends it.
  const end = text.lastIndexOf('" method=');
  const [, kind] = /^(identity|user)="/.exec(text) ?? [];
  const [, method] = /^" method=(\S+)/.exec(text.slice(end)) ?? [];
  if (end === -1 || kind === undefined || method === undefined) return null;
  return { identity: kind === 'identity' ? text.slice('identity="'.length, end) : null, method };
}

/**
 * `disconnection: session time: …` (postgres.c, log_disconnections) is a session's last record. Its command tag says
 * whether the session ended inside a transaction. `null` if the record is another one.
 */
export function readDisconnection(record: RawRecord): { readonly isInside: boolean } | null {
  if (!record.startsWith(COLUMN.message, DISCONNECTED) || !isServersOwn(record)) return null;
  return { isInside: record.startsWith(COLUMN.commandTag, IN_TRANSACTION) };
}

/**
 * ERROR, FATAL and PANIC in the languages of `lc_messages` that PostgreSQL is translated to (its po files). These end a
 * transaction; WARNING and below carry any SQLSTATE that the client chooses.
 */
const ERRORS = new Set(
  [
    'ERROR FATAL PANIC FEHLER PANIK ERREUR ERRORE FATALE PANICO ERRO FEL FATALT HATA CHYBA PANIKA',
    'ОШИБКА ВАЖНО ПАНИКА ПОМИЛКА ФАТАЛЬНО ПАНІКА BŁĄD KATASTROFALNY',
    'შეცდომა ფატალური პანიკა 오류 치명적오류 손상 错误 致命错误 比致命错误还过分的错误',
  ].flatMap(words => words.split(' ')),
);

/** WARNING, NOTICE, INFO and LOG in the same languages. */
const MILDER = new Set(
  [
    'WARNING NOTICE INFO LOG WARNUNG HINWEIS ATTENTION ATTENZIONE NOTIFICA AVISO NOTA VARNING NOTIS LOGG',
    'VAROVÁNÍ POZNÁMKA OSTRZEŻENIE UWAGA INFORMACJA DZIENNIK UYARI NOT BİLGİ',
    'ПРЕДУПРЕЖДЕНИЕ ЗАМЕЧАНИЕ ИНФОРМАЦИЯ СООБЩЕНИЕ ПОПЕРЕДЖЕННЯ ПОВІДОМЛЕННЯ ІНФОРМАЦІЯ ЗАПИСУВАННЯ',
    'გაფრთხილება ინფორმაცია ჟურნალი 경고 알림 정보 로그 警告 注意 信息 日志',
  ].flatMap(words => words.split(' ')),
);

/** Classes of SQLSTATE that are not errors: success, warning, no data (manual, appendix A). */
const NO_ERROR = /^0[012]/;

/** The SQLSTATE of an error that ended a transaction; `null` if the record is not such an error. */
export function readError(record: RawRecord): string | null {
  if (record.startsWith(COLUMN.sqlState, SUCCESS)) return null;
  const sqlState = record.text(COLUMN.sqlState);
  if (NO_ERROR.test(sqlState)) return null;
  return isOneOf(ERRORS, decode => record.text(COLUMN.severity, decode)) ? sqlState : null;
}

/**
 * Whether a statement of the session may have failed, in any language. A client's own RAISE WARNING with the SQLSTATE of
 * an error has a context. The server's own warnings have none, and such an SQLSTATE, too: `there is no transaction in
 * progress` is 25P01.
 */
export function mayBeError(record: RawRecord): boolean {
  if (NO_ERROR.test(record.text(COLUMN.sqlState))) return false;
  if (readError(record) !== null) return true;
  return record.isEmpty(COLUMN.context) && !isOneOf(MILDER, decode => record.text(COLUMN.severity, decode));
}
