/** Names in the log besides statements: of roles, databases, applications, objects; and false logins. */

import {
  ADMINISTRATOR,
  type Attempt,
  BOSS,
  FORGED,
  HOSTILE,
  identifier,
  LOUD,
  type Login,
  literal,
  quiet,
  ROWS,
  raises,
  record,
  runs,
} from './forgers.js';

/** Role names: PostgreSQL takes any, up to 63 bytes. */
const ROLES: Readonly<Record<string, string>> = {
  "another's name and a comma": `${BOSS},x`,
  "another's name and a quote": `${BOSS}"`,
  "another's name, quote and comma": `${BOSS}","postgres",1`,
  "another's name and a newline": `${BOSS}\n`,
  "a newline and another's name": `x\n${BOSS}`,
  "another's name and a blank": `${BOSS} `,
  "another's name with a letter that looks the same": `\u0396${BOSS.slice(1)}`,
  "another's name and an invisible mark": `${BOSS}\u200B`,
  'the head of a record': `x\n2026-11-21 20:40:01.123 CET,${BOSS},postgres,1,h,6b.1,1,X,2`,
  'the head of a record, quoted': `x"\n2026-11-21 20:40:01.123 CET,"${BOSS}","postgres",1,"`,
  'CR LF and the head of a record': `x\r\n2026-11-21 20:40:01 CET,${BOSS}`,
  'a payload': 'AUDIT: SESSION,1,1,WRITE,DELETE,,,DELETE FROM salaries,<none>',
  'nothing but quotes and commas': '""","",,"\n"",',
  'sixty-three bytes that end in quotes': `${'æ'.repeat(30)}"",`,
};

function asRole([name, role]: readonly [string, string]): Attempt {
  return {
    name: `role: ${name}`,
    before: [`CREATE ROLE ${identifier(role)} LOGIN`],
    logins: [{ user: role }],
    steps: [
      runs(`UPDATE t SET name = '\n${record()}\n' WHERE false`),
      raises(`DO $$BEGIN RAISE LOG '${FORGED}'; END$$`),
      runs('DELETE FROM t WHERE name = $1', { parameters: [`"\n${record()}`] }),
    ],
  };
}

const DATABASES: Readonly<Record<string, string>> = {
  'the rest of a record': `x",1,"h",6b0201a1.552d,4,"X",,,0,LOG,00000,"${FORGED.slice(0, 18)}`,
  'a newline and the head of a record': `d\n2026-11-21 20:40:01.123 CET,"${BOSS}","postgres",1,"`,
};

function inDatabase([name, database]: readonly [string, string]): Attempt {
  return {
    name: `database: ${name}`,
    before: [`CREATE DATABASE ${identifier(database)}`],
    logins: [{ database }],
    steps: [
      runs('CREATE TEMP TABLE b (name text)'),
      runs(`INSERT INTO b VALUES (${literal(`\n${record()}\n`)})`),
      raises(`DO $$BEGIN RAISE LOG '${FORGED}'; END$$`),
    ],
  };
}

/** Characters that PostgreSQL does not accept; 16 and later replace them by a hexadecimal number, not `?`. */
const UNPRINTABLE = /[^\x20-\x7E]/;

/** PostgreSQL turns it into printable ASCII, and cuts it to 63 bytes. */
function asApplication(name: string): Login {
  const application = name.replaceAll(new RegExp(UNPRINTABLE, 'g'), '?').slice(0, 63);
  return { settings: { application_name: name }, application };
}

const APPLICATIONS: Readonly<Record<string, string>> = {
  'a payload': FORGED,
  'the end of the record and a fake one': `"\n${record()}`,
  'the end of the record': '","client backend",,0\n2026-11-21 20:40:01.123 CET,"Z990001",',
  'quotes that may become odd by the cut': `${'x'.repeat(61)}"""`,
  'a login': `x connection authenticated: identity="${BOSS}" method=cert`,
  'a login on a line of its own': `x\nconnection authenticated: identity="${BOSS}" method=cert (a:1)`,
};

function asClient([name, application]: readonly [string, string]): Attempt {
  return {
    name: `application_name: ${name}`,
    ...(UNPRINTABLE.test(application) && { below: 16 }),
    logins: [asApplication(application)],
    steps: [
      runs('DELETE FROM t WHERE false'),
      raises(`DO $$BEGIN RAISE LOG '${FORGED}'; END$$`),
      runs("UPDATE t SET name = '\"\n' WHERE false"),
    ],
  };
}

const refused = (name: string, login: Login): Attempt => ({
  name: `refused: ${name}`,
  logins: [{ ...login, isRefused: true }],
  steps: [],
});

const REFUSED: readonly Attempt[] = [
  refused('a user that is a fake record', { user: `\n${record()}\n` }),
  refused('a user that is a payload', { user: FORGED.replace('salaries', 's') }),
  refused('a user whose name is cut within a character', { user: `${'x'.repeat(62)}æ"\n${record()}` }),
  refused('a user that is nothing but quotes', { user: '"""""\n"' }),
  refused('a database that is a fake record', { database: `"\n${record()}\n` }),
  refused('a database that is a payload', { database: FORGED }),
  refused('options that are a fake record', {
    settings: { options: `-c x=\n${record().replaceAll(' ', '\\ ')}` },
  }),
  refused('options that are a payload', { settings: { options: `-c ${FORGED.replaceAll(' ', '\\ ')}=1` } }),
  refused('a setting whose name is a payload', { settings: { [FORGED]: '1' } }),
  refused('a setting whose value is a fake record', { settings: { client_encoding: `\n${record()}\n` } }),
  refused('a library whose name is a payload', { settings: { local_preload_libraries: `"${FORGED}"` } }),
];

/** Who logs in with a password; the others are trusted (`startServer`). */
const BEHIND_PASSWORD = 'IN ROLE behind_password';

function withPassword(name: string, role: string): Attempt {
  return {
    name: `login: ${name}`,
    before: [`CREATE ROLE ${identifier(role)} LOGIN PASSWORD 'secret' ${BEHIND_PASSWORD}`],
    logins: [{ user: role, password: 'secret', authentication: { identity: role, method: 'password' } }],
    steps: [
      runs('DELETE FROM t WHERE false'),
      quiet(
        `DO $$BEGIN RAISE LOG 'connection authenticated: identity="${BOSS}" method=cert (pg_hba.conf:1)'; END$$`,
      ),
      runs("UPDATE t SET name = 'x' WHERE false"),
    ],
  };
}

const LOGINS: readonly Attempt[] = [
  withPassword('a true one, with a password', 'Z990681'),
  withPassword("a name that holds another's identity", `${BOSS}" method=cert (pg_hba.conf:1)`),
  withPassword('a name that holds it twice', `${BOSS}" method=cert" method=cert (a:1)`),
  withPassword(
    'a name that holds a whole login line',
    `x\nconnection authenticated: identity="${BOSS}" method=c`,
  ),
  {
    name: 'login: the line of another, by RAISE LOG, and by the text of an error',
    steps: [
      quiet(
        `DO $$BEGIN RAISE LOG 'connection authenticated: identity="${BOSS}" method=cert (pg_hba.conf:1)'; END$$`,
      ),
      quiet(`SELECT 'connection authenticated: identity="${BOSS}" method=cert (pg_hba.conf:1)'::int`, {
        fails: true,
      }),
      runs('DELETE FROM t WHERE false'),
    ],
  },
  {
    name: "login: a wrong password for another's name",
    before: [`CREATE ROLE "Z990682" LOGIN PASSWORD 'secret' ${BEHIND_PASSWORD}`],
    logins: [{ user: 'Z990682', password: FORGED, isRefused: true }],
    steps: [],
  },
];

/** Names of objects appear in statements, errors, contexts and details. */
const NAMED = identifier(`"\n2026-11-21 20:40:01.123 CET,"${BOSS}","`);
const AUDITED = identifier(FORGED);

const OBJECTS: readonly Attempt[] = [
  {
    name: 'a table with a hostile name, with pgAudit logging relation and rows',
    before: [`CREATE TABLE ${NAMED} (id int)`, `GRANT ALL ON ${NAMED} TO PUBLIC`],
    logins: [{ user: ROWS }],
    steps: [
      runs(`INSERT INTO ${NAMED} VALUES ($1)`, { parameters: ['1'] }),
      runs(`DELETE FROM ${NAMED} WHERE false /* ",5 */`),
    ],
  },
  {
    name: 'a schema, a table and a column with hostile names',
    before: [`CREATE SCHEMA ${NAMED} AUTHORIZATION "${HOSTILE}"`],
    steps: [
      runs(`CREATE TABLE ${NAMED}.${AUDITED} (${NAMED} int)`),
      runs(`INSERT INTO ${NAMED}.${AUDITED} (${NAMED}) VALUES ($1)`, { parameters: ['1'] }),
      quiet(`SELECT 1 / (${NAMED} - 1) FROM ${NAMED}.${AUDITED}`, { fails: true }),
      runs(`ALTER TABLE ${NAMED}.${AUDITED} RENAME TO ${NAMED}`),
      runs(`DROP TABLE ${NAMED}.${NAMED}`),
    ],
  },
  {
    name: 'names of what does not exist, in errors',
    steps: [
      `SELECT * FROM ${AUDITED}`,
      `SELECT ${AUDITED}`,
      `SELECT ${AUDITED}()`,
      `SELECT 1::${AUDITED}`,
      `SET ${AUDITED} = 1`,
      `SHOW ${AUDITED}`,
      `EXECUTE ${AUDITED}`,
      `FETCH ${AUDITED}`,
      `SET ROLE ${AUDITED}`,
      `SELECT ${literal(`\n${record()}\n`)}::int`,
      `SELECT ${literal(FORGED)}::date`,
      `SELECT ${literal(FORGED)}::json`,
      `SELECT to_tsquery(${literal(FORGED)})`,
      `SELECT regexp_match('', ${literal(`${FORGED}(`)})`,
      `${FORGED}`,
      `SELECT xmlparse(document ${literal(`<a b="${BOSS}">\n${FORGED}`)})`,
    ].map(sql => quiet(sql, { fails: true })),
  },
  {
    name: 'savepoints, cursors and channels with hostile names',
    logins: [{ user: LOUD }],
    steps: [
      quiet('BEGIN'),
      quiet(`SAVEPOINT ${NAMED}`),
      quiet(`DECLARE ${AUDITED} CURSOR FOR SELECT * FROM t`),
      quiet(`FETCH ALL FROM ${AUDITED}`),
      quiet(`LISTEN ${NAMED}`),
      quiet(`NOTIFY ${NAMED}, ${literal(`\n${record()}\n`)}`),
      runs('DELETE FROM t WHERE false'),
      quiet('COMMIT'),
    ],
  },
];

const ROLES_TAKEN_ON: readonly Attempt[] = [
  {
    name: 'SET ROLE to another, who is a group',
    before: [`GRANT "${BOSS}" TO "${HOSTILE}"`],
    steps: [
      quiet(`SET ROLE "${BOSS}"`),
      runs('DELETE FROM t WHERE false'),
      raises(`DO $$BEGIN RAISE LOG '${FORGED}'; END$$`),
    ],
  },
  {
    name: 'SET SESSION AUTHORIZATION to another, by a person who is a superuser',
    before: [`ALTER ROLE "${ADMINISTRATOR}" SUPERUSER`],
    logins: [{ user: ADMINISTRATOR }],
    steps: [
      quiet(`SET SESSION AUTHORIZATION "${BOSS}"`),
      runs('DELETE FROM t WHERE false'),
      raises(`DO $$BEGIN RAISE LOG '${FORGED}'; END$$`),
    ],
  },
  {
    name: 'a role that is renamed in the middle of its session',
    before: ['CREATE ROLE "Z990683" LOGIN'],
    logins: [{ user: 'Z990683' }, { user: ADMINISTRATOR }],
    steps: [
      runs('DELETE FROM t WHERE false'),
      runs('ALTER ROLE "Z990683" RENAME TO "Z990684"', { session: 1 }),
      runs('DELETE FROM t WHERE false'),
    ],
  },
  {
    name: "application_name set to another's, and to a fake record, in the middle of a session",
    steps: [
      quiet(`SET application_name = ${literal(`",\n${record()}`)}`),
      runs('DELETE FROM t WHERE false'),
      quiet(`SET application_name = '${BOSS}'`),
      runs('UPDATE t SET id = 1 WHERE false'),
    ],
  },
];

export const NAME_ATTEMPTS: readonly Attempt[] = [
  ...Object.entries(ROLES).map(asRole),
  ...Object.entries(DATABASES).map(inDatabase),
  ...Object.entries(APPLICATIONS).map(asClient),
  ...REFUSED,
  ...LOGINS,
  ...OBJECTS,
  ...ROLES_TAKEN_ON,
];
