/** What the server itself logs about hostile text: statements, durations, plans, waits, errors with details. */

import {
  type Attempt,
  BOSS,
  FORGED,
  HOSTILE,
  LOUD,
  literal,
  quiet,
  raises,
  record,
  runs,
} from './forgers.js';

const FAKE = `"\n${record()}\n`;

export const SERVER_ATTEMPTS: readonly Attempt[] = [
  {
    name: 'statements, durations, plans and parameters in the log',
    logins: [{ user: LOUD }],
    steps: [
      runs(`UPDATE t SET name = ${literal(FAKE)} WHERE false`),
      runs('UPDATE t SET name = $1 WHERE name = $2', { parameters: [FAKE, FORGED] }),
      quiet(`/* ${FORGED} */ SELECT ${literal(FORGED)}`),
      quiet('SELECT $1, $2', { parameters: [FAKE, FORGED] }),
      quiet(`SELECT ${literal(FORGED)} FROM generate_series(1, 100000) ORDER BY random() LIMIT 0`),
    ],
  },
  {
    name: 'a violated key, a violated check and a failed row, with fake records as values',
    before: [
      'CREATE TABLE kept (k text UNIQUE, n text NOT NULL, CHECK (k <> n))',
      'GRANT ALL ON kept TO PUBLIC',
    ],
    steps: [
      runs(`INSERT INTO kept VALUES (${literal(FAKE)}, '')`),
      runs(`INSERT INTO kept VALUES (${literal(FAKE)}, '')`, { fails: true }),
      runs('INSERT INTO kept VALUES ($1, $2)', { parameters: [FORGED, FORGED], fails: true }),
      runs('INSERT INTO kept VALUES ($1, $2)', { parameters: [FORGED, null], fails: true }),
    ],
  },
  {
    name: 'copied data that are wrong, which stand in the context',
    steps: [runs('COPY t (id) FROM STDIN', { copy: `${FORGED}\n`, fails: true })],
  },
  {
    name: 'a wait for a lock, and its end',
    logins: [{ user: LOUD }, {}],
    steps: [
      quiet('BEGIN', { session: 1 }),
      runs('UPDATE t SET name = name', { session: 1 }),
      quiet("SET lock_timeout = '30ms'"),
      runs(`UPDATE t SET name = ${literal(FAKE)} /* ${FORGED} */`, { fails: true }),
      quiet('ROLLBACK', { session: 1 }),
    ],
  },
  {
    name: 'a statement that is cancelled, and a session that ends itself',
    steps: [
      // Long enough to be planned, and logged, on any machine.
      quiet("SET statement_timeout = '2s'"),
      runs(`UPDATE t SET name = ${literal(FAKE)} FROM pg_sleep(600)`, { fails: true }),
      quiet('SET statement_timeout = 0'),
      quiet(`/* ${FORGED}${FAKE} */ SELECT pg_terminate_backend(pg_backend_pid())`, { fails: true }),
    ],
  },
  {
    name: 'an error of another server, which brings message and SQLSTATE along',
    before: ['CREATE EXTENSION dblink', `GRANT EXECUTE ON FUNCTION dblink_connect_u(text) TO "${HOSTILE}"`],
    steps: [
      quiet(
        "SELECT dblink_connect_u(format('host=127.0.0.1 port=%s user=%s dbname=postgres', current_setting('port'), session_user))",
      ),
      raises(
        `SELECT dblink_exec(${literal(`DO $$BEGIN RAISE EXCEPTION '${FORGED}' USING ERRCODE = '01000'; END$$`)})`,
        { suspects: 2, fails: true },
      ),
      raises(`SELECT dblink_exec(${literal(`DO $$BEGIN RAISE WARNING '${FORGED}'; END$$`)})`),
    ],
  },
  {
    name: 'bytes that are no text at all',
    steps: [
      quiet(
        Buffer.concat([Buffer.from(`/* ${FORGED}`), Buffer.from([0xc3, 0x22, 0x0a]), Buffer.from(record())]),
        {
          fails: true,
        },
      ),
      runs('DELETE FROM t WHERE false'),
    ],
  },
  {
    name: "another's session that is cancelled and ended under the eyes of both",
    before: [`GRANT pg_signal_backend TO "${HOSTILE}"`],
    logins: [{}, { user: BOSS }],
    steps: [
      runs('DELETE FROM t WHERE false', { session: 1 }),
      quiet(
        `SELECT pg_terminate_backend(pid) /* ${FORGED}${FAKE} */ FROM pg_stat_activity WHERE usename = '${BOSS}'`,
      ),
    ],
  },
];
