/** A database in another encoding: its statements have the digest of their text in UTF-8, as the log's reader makes it. */

import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { startPostgres } from '../../support/postgres.js';
import { SCRIPT } from '../../support/row-history.js';

test.each(['LATIN1', 'SQL_ASCII'])('%s', async encoding => {
  const postgres = await startPostgres();
  await postgres.query(
    'postgres',
    `CREATE DATABASE annen TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`,
  );
  const client = await postgres.connect('postgres', { database: 'annen' });
  const text = "INSERT INTO t VALUES ('blåbær')";
  for (const sql of [SCRIPT, 'CREATE TABLE t (a text)', "SELECT row_history.watch('t')", text])
    await client.query(sql);
  // Bytes that are no text in UTF-8 do not stop the change.
  await client.query("SET client_encoding = 'SQL_ASCII'");
  await client.query(
    "DO $$BEGIN EXECUTE convert_from('\\x494e5345525420494e544f20742056414c554553202827ff2729', getdatabaseencoding()); END$$",
  );
  const { rows } = await client.query('SELECT message_md5 FROM row_history.change ORDER BY id');
  await client.end();
  expect(rows.length).toBe(2);
  expect(rows[0]?.message_md5).toBe(hash('md5', text));
});
