/** What to do about errors; nothing here ever sees content (I8). */

import { codeOf, framesOf, ShipperError } from '../lib/errors.js';
import type { UnsupportedReason } from '../read/record.js';

/** What to do about files that are not read. */
export const UNSUPPORTED_FIX: Readonly<Record<UnsupportedReason, string>> = {
  'not-a-file': 'It is a folder or a device: narrow source.files.',
  compressed: 'It is compressed: narrow source.files.',
  format:
    'It is neither csvlog, jsonlog nor what CloudNativePG prints: narrow source.files, or set log_destination to csvlog.',
  'other-format': 'The log is read in another format. To choose which, set source.format.',
  columns: 'Its records have a number of columns that no supported PostgreSQL writes (23, 24 or 26).',
  zone: 'Its time zone is ambiguous: set source.timezone to the log_timezone of the server.',
};

/** What to do if the archive has more of the chain than the state. */
export const OLD_STATE_FIX =
  'put back the newest state folder, or move this one away: the chain is taken up from the archive';

/** What to do: our own errors say it, and never contain content; of other errors only the code is shown. */
export function messageOf(error: unknown): string {
  return error instanceof ShipperError ? error.message : fixFor(codeOf(error));
}

/**
 * The same for the caller of a command; an unexpected error is shown with its stack frames, never with a library's own
 * text.
 */
export function describeError(error: unknown): string {
  if (error instanceof ShipperError) return `pgaudit-shipper: ${error.message}`;
  return [`pgaudit-shipper failed: ${messageOf(error)}`, ...framesOf(error).map(frame => `  ${frame}`)].join(
    '\n',
  );
}

/** What to do, by the code of the operating system. */
export function fixFor(code: string): string {
  return FIXES[code] ?? `code ${code}`;
}

const FIXES: Readonly<Record<string, string>> = {
  zone: UNSUPPORTED_FIX.zone,
  format: UNSUPPORTED_FIX.format,
  columns: UNSUPPORTED_FIX.columns,
  'no-log':
    'no log file can be read: fix source.files, or set log_destination to csvlog and logging_collector on',
  compressed: UNSUPPORTED_FIX.compressed,
  'not-a-file': UNSUPPORTED_FIX['not-a-file'],
  unmatched: 'no file matches it: fix source.files, or see whether the server writes csvlog there',
  contested: 'two sources match it: let each of sources[].files match the files of one server',
  ENOENT: 'it does not exist (yet)',
  ENOTDIR: 'a part of its path is not a folder',
  ELOOP: 'its symbolic links form a loop',
  EACCES: "no permission: give it to the shipper's user",
  EPERM: "no permission: give it to the shipper's user",
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk fails',
  EMFILE: 'too many open files: raise the limit',
  ENFILE: 'too many open files: raise the limit',
  ECONNREFUSED: 'nobody listens at the destination',
  ECONNRESET: 'the destination closed the connection',
  ENOTFOUND: "the destination's name cannot be resolved",
  EAI_AGAIN: "the destination's name cannot be resolved at the moment",
  ETIMEDOUT: 'the destination does not answer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted: name the CA in NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted: name the CA in NODE_EXTRA_CA_CERTS',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted: name the CA in NODE_EXTRA_CA_CERTS',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/**
 * What to do about a database that cannot be queried, by the code of PostgreSQL, the operating system or the client.
 */
export function databaseFixFor(code: string): string {
  return (
    DATABASE_FIXES[code] ?? (/^28/.test(code) ? DATABASE_FIXES['28000'] : undefined) ?? 'fix database.url'
  );
}

/** The same for a history of rows. */
export function rowsFixFor(code: string): string {
  return ROWS_FIXES[code] ?? databaseFixFor(code).replaceAll('database.url', 'rows.database');
}

export const SET_BACK = 'rows-set-back';
const NOT_SET_UP = 'run the present row-history.sql in the database of rows.database';
const ROWS_FIXES: Readonly<Record<string, string>> = {
  '3F000': NOT_SET_UP,
  '42P01': NOT_SET_UP,
  '42703': NOT_SET_UP,
  '42883': NOT_SET_UP,
  '42501': 'GRANT row_history_reader TO the role of rows.database',
  [SET_BACK]:
    'the server was set back to an earlier state with the same timeline: stop it, make a file standby.signal in its data folder, start it, and SELECT pg_promote()',
};

const DATABASE_FIXES: Readonly<Record<string, string>> = {
  '28000': 'CREATE ROLE shipper LOGIN; and allow it in pg_hba.conf, with the password of database.url',
  '3D000': 'database.url names a database that does not exist',
  '42501': 'GRANT CONNECT ON DATABASE … to the role of database.url',
  '53300':
    'too many connections: ALTER ROLE … CONNECTION LIMIT -1, ALTER DATABASE … CONNECTION LIMIT -1, or raise max_connections',
  '57014':
    'the server cancelled a query after 5 s: it is overloaded, or somebody holds a lock on its catalogs (pg_stat_activity, pg_locks); 50,000 roles take it a second; the shipper asks again after a minute',
  '57P03': 'the server is starting: try again',
  ECONNREFUSED: 'nobody listens at the host and port of database.url',
  ENOTFOUND: "database.url's host cannot be resolved",
  ETIMEDOUT: "database.url's host does not answer",
  connection:
    "database.url's host does not answer, closed the connection, or has no TLS although sslmode requires it",
  database: 'database.url is invalid, or names a certificate or key that cannot be read',
  ...Object.fromEntries(
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT'].map(
      code => [
        code,
        "the server's certificate is not trusted: name its CA in database.url: ?sslrootcert=FILE",
      ],
    ),
  ),
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for a name other than database.url's host",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
};
