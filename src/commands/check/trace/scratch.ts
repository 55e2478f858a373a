/** A change that nobody can mistake for another, made and taken back as a person would. */

import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { reading } from '../../../database/connect.js';
import { hasCode } from '../../../lib/errors.js';
import { identifier } from '../../../lib/sql/compose.js';

/** What is looked for: random, and in the text of one statement alone. */
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
  /** `performance.now()` when it was there. */
  readonly at: number;
}

const DENIED = ['42501'];

/**
 * A table in a schema of its own, one row in it, and all of it gone again. Who may not make a schema gets a temporary
 * table, which pgAudit audits as well. Rejects with the errors of pg.
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

/** Whether the role may make no table at all. */
export function isDenied(error: unknown): boolean {
  return hasCode(error, ...DENIED);
}
