/**
 * Reads the history of rows that config/postgresql/row-history.sql keeps, in an order in which nothing is skipped: by the
 * transaction's number, below the oldest one that still runs. A transaction that commits late has a lower number than
 * others before it, and is above that limit until it ends.
 */

import type { Client } from 'pg';
import { z } from 'zod';
import { ROW_OPERATIONS } from '../../event/names.js';
import type { RowPosition } from '../../event/row.js';
import { codeOf, ShipperError } from '../../lib/errors.js';
import { clientFor, hasOverrun, reasonOf, TIMEOUT } from '../connect.js';
import { readValues } from './exact-json.js';

const milliseconds = z.coerce.number();
const json = z.string().transform(readValues).nullable();

/** A change of a row, as the history has it. Times in milliseconds since the epoch, with their fractions. */
const changeSchema = z.object({
  id: z.uuid(),
  transaction: z.string(),
  virtualTransaction: z.string().nullable(),
  changedAt: milliseconds,
  statementAt: milliseconds,
  login: z.string(),
  sessionStart: milliseconds,
  pid: z.number(),
  database: z.string(),
  /** MD5 (hex) of the text of the client's message; `null` if it was not made. */
  digest: z.string().nullable(),
  operation: z.enum(ROW_OPERATIONS),
  table: z.string(),
  partition: z.string().nullable(),
  key: json,
  old: json,
  new: json,
  masked: z.array(z.string()).nullable(),
  shortened: z.array(z.string()).nullable(),
  estimatedRows: milliseconds.nullable(),
  claimed: z.string().nullable(),
});
export type HistoryRow = z.infer<typeof changeSchema>;

const frontierSchema = z.object({
  isStandby: z.boolean(),
  system: z.string(),
  database: z.string(),
  oid: z.coerce.number(),
  timeline: z.number().nullable(),
  horizon: z.string(),
  next: z.string(),
  preparedSince: milliseconds.nullable(),
});

/** How far the history may be read now. */
export interface Frontier {
  readonly system: string;
  readonly timeline: number;
  readonly database: RowPosition['database'];
  /** All transactions with lower numbers have ended. */
  readonly horizon: bigint;
  /** No transaction had this number yet. */
  readonly next: bigint;
  /** Since when the oldest prepared transaction waits, in milliseconds since the epoch; `null` if there is none. */
  readonly preparedSince: number | null;
}

type Place = Pick<Frontier, 'system' | 'timeline' | 'database'>;

/** Numbers of transactions mean the same in both. */
export function isSameHistory(a: Place, b: Place): boolean {
  return a.system === b.system && a.timeline === b.timeline && a.database.oid === b.database.oid;
}

/** The file's name of a server's WAL begins with its timeline (manual, 30.5). */
const FRONTIER = `SELECT pg_is_in_recovery() AS "isStandby",
  (SELECT system_identifier::text FROM pg_control_system()) AS system,
  current_database() AS database,
  (SELECT oid::int8 FROM pg_database WHERE datname = current_database()) AS oid,
  CASE WHEN NOT pg_is_in_recovery() THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline,
  pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
  pg_snapshot_xmax(pg_current_snapshot())::text AS next,
  (SELECT extract(epoch FROM min(prepared)) * 1000 FROM pg_prepared_xacts) AS "preparedSince"`;

/** Rows, and bytes of their values, of one page. */
const PAGE = { rows: 500, bytes: 8 * 1024 * 1024 };

const epoch = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

/** Values stay text: JavaScript's numbers would lose digits. */
const COLUMNS = `id, transaction::text AS transaction, virtual_transaction AS "virtualTransaction",
  ${epoch('changed_at')} AS "changedAt", ${epoch('statement_at')} AS "statementAt", login,
  ${epoch('session_start')} AS "sessionStart", pid, database, message_md5 AS digest, operation,
  format('%I.%I', schema_name, table_name) AS "table", partition,
  key::text AS key, old::text AS old, new::text AS new, masked, shortened,
  estimated_rows::float8 AS "estimatedRows", claimed`;

const SIZE = `coalesce(octet_length(old::text), 0) + coalesce(octet_length(new::text), 0)`;

/** A page ends before its values take too much memory, but has one row at least. */
const ROWS = `SELECT ${COLUMNS} FROM (
    SELECT *, row_number() OVER inOrder AS number, sum(${SIZE}) OVER inOrder AS size FROM (
      SELECT * FROM row_history.change
      WHERE (transaction, id) > ($1::xid8, $2::uuid) AND transaction < $3::xid8
        AND (changed_at >= $4::timestamptz OR (transaction, id) > ($5::xid8, $6::uuid))
      ORDER BY transaction, id LIMIT $7) AS next
    WINDOW inOrder AS (ORDER BY transaction, id)) AS page
  WHERE number = 1 OR size <= ${PAGE.bytes} ORDER BY page.transaction, page.id`;

export class RowHistory {
  readonly #url: string;
  #client: Client | null = null;
  /** Rows of the next page, at most. */
  #most = PAGE.rows;

  /** Throws a ShipperError if the URL is invalid. */
  constructor(url: string) {
    clientFor(url);
    this.#url = url;
  }

  /** `null` if the server is a standby: its primary's history is read. */
  async frontier(): Promise<Frontier | null> {
    const [row] = await this.query(FRONTIER, []);
    const { isStandby, timeline, horizon, next, database: name, oid, ...rest } = frontierSchema.parse(row);
    if (isStandby || timeline === null) return null;
    return { ...rest, timeline, database: { name, oid }, horizon: BigInt(horizon), next: BigInt(next) };
  }

  /** The rows after a position, in order: some of them, none only if there are none. */
  async page({ transaction, id, again }: RowPosition, { horizon }: Frontier): Promise<HistoryRow[]> {
    const { since = '-infinity', ...former } = again ?? { transaction, id };
    const after = [transaction, id, String(horizon), since, former.transaction, former.id];
    const rows = await this.#atMost([...after, this.#most]);
    this.#most = Math.min(PAGE.rows, 2 * this.#most);
    return z.array(changeSchema).parse(rows);
  }

  /** Rows of a megabyte each take the server too long for a whole page: then the next one is smaller. */
  async #atMost(values: readonly unknown[]): Promise<unknown[]> {
    try {
      return await this.query(ROWS, values);
    } catch (error) {
      if (hasOverrun(codeOf(error))) this.#most = Math.ceil(this.#most / 10);
      throw error;
    }
  }

  /** Rejects with a ShipperError, whose code is PostgreSQL's SQLSTATE or that of the operating system; the next query connects anew. */
  async query(text: string, values: readonly unknown[]): Promise<unknown[]> {
    try {
      const client = await this.#connected();
      return (await client.query(text, [...values])).rows;
    } catch (error) {
      await this.close();
      const code = reasonOf(error);
      throw new ShipperError(code, `the history of rows cannot be read (${code})`, error);
    }
  }

  async #connected(): Promise<Client> {
    if (this.#client !== null) return this.#client;
    const client = clientFor(this.#url);
    this.#client = client;
    await client.connect();
    await client.query(`SET statement_timeout = ${TIMEOUT}`);
    await client.query("SET timezone = 'UTC'");
    return client;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    // Nobody waits for this: a network that drops all packets would delay it for long.
    void client?.end().catch(() => undefined);
  }
}
