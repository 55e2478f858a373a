/** A change that cannot be mistaken for another, made and undone as a person would. */

import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { reading } from '../../../database/connect.js';
import { hasCode } from '../../../lib/errors.js';
import { identifier } from '../../../lib/sql/compose.js';

/** What the legs are searched for: random, each in the text of one statement only. */
export interface Markers {
  readonly write: string;
  readonly ddl: string;
}

export function newMarkers(): Markers {
  const mark = (): string => `pgaudit_shipper_check_${randomBytes(8).toString('hex')}`;
  return { write: mark(), ddl: mark() };
}

export interface Change {
  readonly how: 'schema' | 'temporary';
  /** `performance.now()` when the change was complete. */
  readonly at: number;
}

const DENIED = ['42501'];

/**
 * Creates a table in its own schema with one row, and drops all of it. A role that may not create a schema creates a
 * temporary table, which pgAudit audits as well. Rejects with the errors of pg.
 */
export async function makeChange(client: Client, { write, ddl }: Markers): Promise<Change> {
  const schema = identifier(ddl);
  const mayCreate = await mayCreateSchema(client);
  if (mayCreate) {
    try {
      await client.query(`CREATE SCHEMA ${schema}`);
      await client.query(`CREATE TABLE ${schema}.scratch (note text)`);
      await client.query(`INSERT INTO ${schema}.scratch VALUES ('${write}')`);
      return { how: 'schema', at: performance.now() };
    } finally {
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    }
  }
  await client.query(`CREATE TEMPORARY TABLE ${schema} (note text)`);
  await client.query(`INSERT INTO pg_temp.${schema} VALUES ('${write}')`);
  const at = performance.now();
  await client.query(`DROP TABLE pg_temp.${schema}`);
  return { how: 'temporary', at };
}

async function mayCreateSchema(client: Client): Promise<boolean> {
  return await reading(client, async () => {
    const { rows } = await client.query(
      'SELECT has_database_privilege(current_database(), \'CREATE\') AS "may"',
    );
    return rows[0]?.may === true;
  });
}

/** Whether the role may create no table at all. */
export function isDenied(error: unknown): boolean {
  return hasCode(error, ...DENIED);
}
