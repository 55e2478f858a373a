/** Executes attempts on a real PostgreSQL, with the expected outcome of each. */

import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import {
  type Attempt,
  GROUND,
  HOSTILE,
  type Language,
  type Login,
  ROLE_SETTINGS,
  type Step,
} from './forgers.js';
import { type Answer, Wire } from './forgers-wire.js';
import { startPostgres } from './postgres.js';
import { eventually } from './shipper.js';

/** One expected statement or suspect. */
export interface Expected {
  readonly user: string;
  readonly database: string | null;
  readonly application?: string;
  readonly authentication: Login['authentication'] | null;
  readonly isForged: boolean;
  /** `null` for a suspect. */
  readonly expected: { readonly statement: string; readonly parameters: readonly string[] | null } | null;
}

/** An attempt, and the bytes of the log that it caused. */
export interface Executed {
  readonly attempt: Attempt;
  readonly expected: readonly Expected[];
  /** What PostgreSQL unexpectedly refused or allowed: then the attempt did not do what it describes. */
  readonly surprises: readonly string[];
  readonly from: number;
  readonly to: number;
}

interface Session extends Login {
  readonly wire: Wire;
  readonly user: string;
  readonly database: string;
}

/** A process that serves no client has neither user nor database in the log (csvlog.c). */
const NOBODY = { database: null };

/** Characters of a statement that a failed test shows. */
const SHOWN = 200;

const SESSION_ID = `SELECT to_hex(trunc(extract(epoch FROM backend_start))::int) || '.' || to_hex(pid)
  FROM pg_stat_activity WHERE pid = pg_backend_pid()`;

/** Everybody is trusted except members of `behind_password`. The log is one file. */
export async function startServer(): Promise<ThrowawayPostgres> {
  const postgres = await startPostgres({
    log_rotation_age: '0',
    log_rotation_size: '0',
    autovacuum_naptime: '1s',
  });
  const roles = Object.entries(ROLE_SETTINGS).flatMap(([role, settings]) => [
    `CREATE ROLE "${role}" LOGIN`,
    ...settings.map(setting => `ALTER ROLE "${role}" SET ${setting}`),
  ]);
  const access = join(postgres.folder, 'data', 'pg_hba.conf');
  const trusted = await readFile(access, 'utf8');
  await writeFile(access, `host all +behind_password 127.0.0.1/32 password\n${trusted}`);
  await postgres.query(
    'postgres',
    ...roles,
    'CREATE ROLE behind_password',
    'SELECT pg_reload_conf()',
    ...GROUND,
  );
  return postgres;
}

/** Makes the installed languages usable for everybody. */
export async function addLanguages(postgres: ThrowawayPostgres): Promise<ReadonlySet<Language>> {
  const extensions = `/usr/share/postgresql/${postgres.major}/extension`;
  const wanted: readonly Language[] = ['plperl', 'pltcl', 'plpython3u'];
  const installed = wanted.filter(language => existsSync(join(extensions, `${language}.control`)));
  await postgres.query('postgres', ...installed.map(language => `CREATE EXTENSION ${language}`));
  return new Set(installed);
}

/** Whether the attempt works on this server. */
export function isPossible(
  { needs = [], below = Number.POSITIVE_INFINITY }: Attempt,
  { major }: ThrowawayPostgres,
  languages: ReadonlySet<Language>,
): boolean {
  return major < below && needs.every(language => languages.has(language));
}

/** Executes them one after another; what is in the log between two marks belongs to one of them. */
export async function execute(
  postgres: ThrowawayPostgres,
  attempts: readonly Attempt[],
): Promise<readonly Executed[]> {
  const wire = await Wire.connect(postgres.port, { user: 'postgres', database: 'postgres' });
  if (!(wire instanceof Wire)) throw new Error('the superuser was not let in');
  const marks = new Marks(wire);
  const all: Pick<Executed, 'attempt' | 'expected' | 'surprises'>[] = [];
  await marks.set();
  for (const attempt of attempts) {
    await postgres.query('postgres', ...(attempt.before ?? []));
    all.push({ attempt, ...(await executeOne(postgres.port, attempt)) });
    await marks.set();
  }
  const places = await marks.end(postgres.logs);
  return all.map((one, index) => ({ ...one, from: places[index] ?? 0, to: places[index + 1] ?? 0 }));
}

async function executeOne(port: number, attempt: Attempt): Promise<Pick<Executed, 'expected' | 'surprises'>> {
  const sessions: Session[] = [];
  const surprises: string[] = [];
  for (const login of attempt.logins ?? [{}]) {
    const { user = HOSTILE, database = 'postgres', settings, password, isRefused = false } = login;
    const wire = await Wire.connect(port, { user, database, ...settings }, password);
    if (wire instanceof Wire) sessions.push({ ...login, wire, user, database });
    if (wire instanceof Wire === isRefused)
      surprises.push(`${JSON.stringify(user)} was let in: ${!isRefused}`);
  }
  const expected: Expected[] = [];
  for (const step of attempt.steps) {
    const session = sessions[step.session ?? 0];
    if (session === undefined) break;
    const sql = await textOf(step, sessions);
    const { errors } = await send(step, sql, session.wire);
    if (errors.length > 0 !== (step.fails === true))
      surprises.push(`${sql.toString('utf8', 0, SHOWN)} gave ${errors.join() || 'no error'}`);
    expected.push(...expectedOf(step, sql.toString('utf8'), session));
  }
  for (const { wire } of sessions) await wire.close();
  return { expected, surprises };
}

function expectedOf(step: Step, sql: string, session: Session): Expected[] {
  const { user, database, application, authentication = null } = session;
  const common = { user, database, authentication, ...(application !== undefined && { application }) };
  const parameters = (step.parameters ?? []).map(value => value ?? '');
  const statements = step.statements.map(({ user: under = user, isForged = false, ...expected }) => ({
    ...common,
    user: under,
    isForged,
    expected: { statement: sql, parameters, ...expected },
  }));
  const names = typeof step.suspects === 'number' ? Array<string>(step.suspects).fill(user) : step.suspects;
  return [
    ...statements,
    ...names.map(name => ({
      ...common,
      ...(name === '' && NOBODY),
      user: name,
      isForged: false,
      expected: null,
    })),
  ];
}

async function textOf({ sql }: Step, sessions: readonly Session[]): Promise<Buffer> {
  if (typeof sql !== 'function') return Buffer.from(sql);
  const ids: string[] = [];
  for (const { wire } of sessions) ids.push((await wire.query(SESSION_ID)).value ?? '');
  return Buffer.from(sql(ids));
}

async function send(step: Step, sql: Buffer, wire: Wire): Promise<Answer> {
  if (step.isCall) return await wire.call(sql.toString());
  if (step.isAwaited) await eventually(async () => (await wire.query(sql)).value === 't');
  if (step.parameters) return await wire.execute(sql, step.parameters, step.types);
  return await wire.query(sql, step.copy);
}

/** Log lines of the superuser that cannot be predicted. */
class Marks {
  readonly #wire: Wire;
  readonly #secret = crypto.randomUUID();
  #count = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async set(): Promise<void> {
    await this.#wire.query(`DO $$BEGIN RAISE LOG 'mark ${this.#secret} ${this.#count}.'; END$$`);
    this.#count += 1;
  }

  /** The position of each mark's line in the log. */
  async end(logs: string): Promise<number[]> {
    await this.#wire.close();
    const last = `mark ${this.#secret} ${this.#count - 1}.`;
    await eventually(async () => (await readLog(logs)).includes(last));
    const log = await readLog(logs);
    return Array.from(
      { length: this.#count },
      (_, index) => log.lastIndexOf('\n', log.indexOf(`mark ${this.#secret} ${index}.`)) + 1,
    );
  }
}

/** The whole csvlog. */
export async function readLog(logs: string): Promise<Buffer> {
  const names = (await readdir(logs)).filter(name => name.endsWith('.csv'));
  expect(names).toHaveLength(1);
  return await readFile(join(logs, names[0] ?? ''));
}
