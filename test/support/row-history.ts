/** A real PostgreSQL with config/postgresql/row-history.sql installed, two persons, a service and a shipper. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client, QueryResultRow } from 'pg';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { startPostgres } from './postgres.js';

export const KARI = 'Z990001';
export const OLA = 'Z990002';
export const SERVICE = 'app_web';
/** A login with row_history_reader alone. */
export const SHIPPER = 'shipper';

export const SCRIPT = readFileSync(
  fileURLToPath(new URL('../../config/postgresql/row-history.sql', import.meta.url)),
  'utf8',
);

/** A row of row_history.change, as the driver reads it. */
export interface Change {
  readonly id: string;
  readonly transaction: string;
  readonly virtual_transaction: string;
  readonly changed_at: Date;
  readonly statement_at: Date;
  readonly login: string;
  readonly session_start: Date;
  readonly pid: number;
  readonly database: string;
  readonly operation: string;
  readonly schema_name: string;
  readonly table_name: string;
  readonly partition: string | null;
  readonly key: unknown;
  readonly old: unknown;
  readonly new: unknown;
  readonly masked: readonly string[];
  readonly shortened: readonly string[];
  readonly estimated_rows: string | null;
  readonly claimed: string | null;
}

const SETUP = [
  `CREATE ROLE "${KARI}" LOGIN`,
  `CREATE ROLE "${OLA}" LOGIN`,
  `CREATE ROLE ${SERVICE} LOGIN`,
  `CREATE ROLE ${SHIPPER} LOGIN`,
  'CREATE SCHEMA fag',
  'GRANT ALL ON SCHEMA fag TO PUBLIC',
  'CREATE TABLE fag.konto (id int PRIMARY KEY, navn text, saldo numeric)',
  'GRANT ALL ON fag.konto TO PUBLIC',
];

export class RowHistory {
  readonly postgres: ThrowawayPostgres;

  private constructor(postgres: ThrowawayPostgres) {
    this.postgres = postgres;
  }

  /** It watches fag.konto, where everybody may do everything. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<RowHistory> {
    const history = new RowHistory(await startPostgres(settings));
    await history.run(
      'postgres',
      ...SETUP,
      SCRIPT,
      `GRANT row_history_reader TO ${SHIPPER}`,
      `SELECT row_history.services('${SERVICE}')`,
      `SELECT row_history.watch('fag.konto')`,
    );
    return history;
  }

  /** Statements in one connection as this login. */
  async run(user: string, ...statements: readonly string[]): Promise<void> {
    await this.postgres.query(user, ...statements);
  }

  connect(user: string): Promise<Client> {
    return this.postgres.connect(user);
  }

  async rows<T extends QueryResultRow>(
    sql: string,
    user = 'postgres',
    values: readonly unknown[] = [],
  ): Promise<T[]> {
    const client = await this.connect(user);
    try {
      return (await client.query<T>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** What the shipper reads, in its order. */
  changes(): Promise<Change[]> {
    return this.rows<Change>('SELECT * FROM row_history.change ORDER BY transaction, id', SHIPPER);
  }

  /** Operation, key, old and new of each change. */
  async told(): Promise<unknown[][]> {
    return (await this.changes()).map(change => [change.operation, change.key, change.old, change.new]);
  }

  /** By relation; null where all is well. */
  async faults(): Promise<Record<string, string | null>> {
    const rows = await this.rows<{ relation: string; fault: string | null }>(
      'SELECT relation, fault FROM row_history.state',
      SHIPPER,
    );
    return Object.fromEntries(rows.map(({ relation, fault }) => [relation, fault]));
  }

  /** Forgets what was recorded so far; only a superuser can, and must take the triggers away first. */
  async forget(): Promise<void> {
    await this.run(
      'postgres',
      'ALTER TABLE row_history.change DISABLE TRIGGER append_only',
      'DELETE FROM row_history.change',
      'ALTER TABLE row_history.change ENABLE ALWAYS TRIGGER append_only',
    );
  }
}
