/** Connections for looking at a server, and the reasons of their failures. */

import { Client, type ClientConfig } from 'pg';
import { codeOf, ShipperError } from '../lib/errors.js';

/** Milliseconds after which connecting, and each statement, fails. */
export const TIMEOUT = 5000;
/** Milliseconds that the client waits beyond that: the server's own answer says what happened. */
const GRACE = 1000;
/** PostgreSQL's SQLSTATE query_canceled. */
export const CANCELED = '57014';

/** What replaces parts of the connection URL. Another user's password comes from PGPASSWORD or the password file. */
export interface Instead {
  readonly database?: string;
  readonly user?: string;
}

/** A client that is not connected yet. Throws a ShipperError, which does not quote the URL, if it is invalid. */
export function clientFor(url: string, instead: Instead = {}): Client {
  const given = create({ connectionString: url });
  const client = Object.keys(instead).length === 0 ? given : create(differing(given, instead));
  // If an idle connection breaks, its error arrives here; without a listener, it would end the process.
  client.on('error', () => undefined);
  return client;
}

/** Connects, works and disconnects. Rejects with the errors of both. */
export async function withClient<T>(client: Client, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    await client.connect();
    return await work(client);
  } finally {
    // Nobody waits for this: a network that drops all packets would delay it for long.
    void client.end().catch(() => undefined);
  }
}

/**
 * Runs queries in one read-only transaction. The time limit is set inside it, since a connection pooler may refuse it
 * as a connection parameter.
 */
export async function reading<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(`SET LOCAL statement_timeout = ${TIMEOUT}`);
  const result = await work();
  await client.query('COMMIT');
  return result;
}

/** PostgreSQL's SQLSTATE, or a code of the operating system. pg's own errors, for a broken connection, have none. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return code === 'Error' ? 'connection' : code;
}

/** Whether a statement took so long that the server cancelled it: the same again would only burden the server. */
export function hasOverrun(code: string): boolean {
  return code === CANCELED;
}

/** Without the URL, which would take precedence over what replaces its parts. */
function differing(given: Client, { database, user }: Instead): ClientConfig {
  const isAnother = user !== undefined && user !== given.user;
  return {
    host: given.host,
    port: given.port,
    user: user ?? given.user,
    database: database ?? given.database,
    ...(isAnother || !given.password ? {} : { password: given.password }),
    ssl: given.ssl,
  };
}

function create(config: ClientConfig): Client {
  const limits = { connectionTimeoutMillis: TIMEOUT, query_timeout: TIMEOUT + GRACE };
  try {
    return new Client({ ...config, ...limits, application_name: 'pgaudit-shipper' });
  } catch {
    throw new ShipperError(
      'database',
      'database.url (or --as) is not a connection URL of PostgreSQL: postgres://user@host:port/database',
    );
  }
}
