/** What persons and services do in the demo: real work, and some attempts to deceive. */

/** The outcome of a step: an event of this kind, a reason to drop it, or no record at all. */
export type Outcome = 'statement' | 'suspect' | 'service-user' | 'other-user' | 'not logged';

export interface Step {
  readonly user: string;
  readonly who: 'person' | 'service' | 'somebody';
  readonly sql: string;
  readonly parameters?: readonly unknown[];
  /** What the step shows to an auditor. */
  readonly note: string;
  readonly expected: Outcome;
}

export const PEOPLE = `id,email,name,unit
Z990001,kari.nordmann@nav.no,Kari Nordmann,4817
Z990002,ola.nordmann@nav.no,Ola Nordmann,4819
`;

/** Statements that prepare the scene, run by the superuser. */
export const SCENE: readonly string[] = [
  'CREATE ROLE "Z990001" LOGIN',
  'CREATE ROLE "ola.nordmann@nav.no" LOGIN',
  'CREATE ROLE app_web LOGIN',
  'CREATE ROLE somebody LOGIN',
  'CREATE TABLE konto (id int PRIMARY KEY, navn text, saldo numeric)',
  "INSERT INTO konto VALUES (1, 'Per', 100), (2, 'Pål', 200), (3, 'Espen', 300)",
  'GRANT ALL ON konto TO PUBLIC',
  'GRANT CREATE ON SCHEMA public TO PUBLIC',
];

export const STEPS: readonly Step[] = [
  {
    user: 'Z990001',
    who: 'person',
    sql: 'UPDATE konto SET navn = $1 WHERE id = $2',
    parameters: ['Kåre', 2],
    note: 'a person changes a row, with parameters',
    expected: 'statement',
  },
  {
    user: 'app_web',
    who: 'service',
    sql: 'UPDATE konto SET saldo = saldo + 10',
    note: 'the application does its work',
    expected: 'service-user',
  },
  {
    user: 'ola.nordmann@nav.no',
    who: 'person',
    sql: 'DELETE FROM konto\nWHERE navn = \'Espen\' -- "cleaning up"',
    note: 'a role named by e-mail; quotes and a line break',
    expected: 'statement',
  },
  {
    user: 'Z990001',
    who: 'person',
    sql: 'SELECT * FROM konto',
    note: 'reading is not a change: pgAudit does not log it here',
    expected: 'not logged',
  },
  {
    user: 'Z990001',
    who: 'person',
    sql: 'CREATE TABLE kopi AS SELECT * FROM konto',
    note: 'a table is made',
    expected: 'statement',
  },
  {
    user: 'ola.nordmann@nav.no',
    who: 'person',
    sql: "DO $$BEGIN RAISE LOG 'AUDIT: SESSION,1,1,WRITE,DELETE,,,DELETE FROM konto,<none>'; END$$",
    note: 'a person forges a record of pgAudit',
    expected: 'suspect',
  },
  {
    user: 'somebody',
    who: 'somebody',
    sql: 'UPDATE konto SET saldo = 0 WHERE id = 1',
    note: 'a user that no rule knows',
    expected: 'other-user',
  },
  {
    user: 'Z990001',
    who: 'person',
    sql: 'DROP TABLE kopi',
    note: 'a table is dropped',
    expected: 'statement',
  },
];
