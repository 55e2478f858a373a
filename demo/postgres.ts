/** A throw-away PostgreSQL with pgAudit that writes csvlog, run by an unprivileged user. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { ShipperError } from '../src/lib/errors.js';

const INSTALLED = '/usr/lib/postgresql';
/** Milliseconds to wait for a server that does not answer. */
const START_TIMEOUT = 30_000;

/** The pgAudit settings that the rules for state finances require, and csvlog in a folder of its own. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  shared_preload_libraries: 'pgaudit',
  'pgaudit.log': 'write,ddl,role',
  'pgaudit.log_parameter': 'on',
  logging_collector: 'on',
  log_destination: 'csvlog',
  log_filename: 'postgresql-%Y-%m-%d_%H%M%S.log',
  log_connections: 'on',
  log_disconnections: 'on',
  log_timezone: 'Europe/Oslo',
  fsync: 'off',
};

/** The major versions that are installed with pgAudit, the wanted one first, then the newest. */
export function installedMajors(wanted = 15): number[] {
  const majors = existsSync(INSTALLED) ? readdirSync(INSTALLED).map(Number).filter(Boolean) : [];
  const isUsable = (major: number): boolean =>
    ['lib/pgaudit.so', 'bin/initdb'].every(file => existsSync(join(INSTALLED, String(major), file)));
  return majors.filter(isUsable).sort((a, b) => Number(b === wanted) - Number(a === wanted) || b - a);
}

export class ThrowawayPostgres {
  readonly folder: string;
  readonly port: number;
  readonly major: number;
  #server: ChildProcess;

  private constructor(folder: string, port: number, major: number, server: ChildProcess) {
    this.folder = folder;
    this.port = port;
    this.major = major;
    this.#server = server;
  }

  /**
   * Makes a cluster in `folder`, which must not exist yet, and starts it on a free port. Its superuser is `postgres`;
   * everybody on this machine may connect as anybody. Throws a ShipperError if no PostgreSQL with pgAudit is installed,
   * or it does not start.
   */
  static async start(
    folder: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<ThrowawayPostgres> {
    const [major] = installedMajors();
    if (major === undefined)
      throw new ShipperError('no-postgres', 'No PostgreSQL with pgAudit is installed: run `npm run setup`.');
    const bin = join(INSTALLED, String(major), 'bin');
    const user = unprivilegedUser();
    await mkdir(folder, { mode: 0o700 });
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
    const data = join(folder, 'data');
    const options = [
      '-D',
      data,
      '-A',
      'trust',
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
    ];
    makeCluster(join(bin, 'initdb'), options, { ...user, cwd: folder });
    const port = await freePort();
    const all = {
      ...SETTINGS,
      ...settings,
      port: String(port),
      unix_socket_directories: folder,
      log_directory: join(folder, 'log'),
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
    await appendFile(join(data, 'postgresql.conf'), lines.join(''));
    const postgres = new ThrowawayPostgres(folder, port, major, serverOf(folder, major));
    await postgres.#untilReady();
    await postgres.query('postgres', 'CREATE EXTENSION pgaudit');
    return postgres;
  }

  /** The folder with the csvlog. */
  get logs(): string {
    return join(this.folder, 'log');
  }

  get logPattern(): string {
    return join(this.logs, '*.csv');
  }

  /** A connection as this login role; the caller ends it. */
  async connect(user: string, options: ClientConfig = {}): Promise<Client> {
    const client = new Client({ host: '127.0.0.1', port: this.port, database: 'postgres', user, ...options });
    await client.connect();
    return client;
  }

  /** Runs statements in one connection as this login role. */
  async query(user: string, ...statements: readonly string[]): Promise<void> {
    const client = await this.connect(user);
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  /** Stops the server, fast or as in a power cut, and leaves its folder. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    const ended = new Promise(resolve => this.#server.once('exit', resolve));
    const children = await childrenOf(this.#server.pid ?? 0);
    this.#server.kill(signal);
    await ended;
    // The process that writes the log ends after the server's own.
    while ((await Promise.all(children.map(isRunning))).includes(true))
      await new Promise(resolve => setTimeout(resolve, 10));
  }

  /** Starts it again where it was stopped. */
  async startAgain(): Promise<void> {
    this.#server = serverOf(this.folder, this.major);
    await this.#untilReady();
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT;
    for (;;) {
      try {
        await this.query('postgres', 'SELECT 1');
        return;
      } catch (error) {
        if (this.#server.exitCode !== null || Date.now() > deadline) {
          throw new ShipperError(
            'no-postgres',
            `PostgreSQL did not start; see the log in ${this.logs}.`,
            error,
          );
        }
      }
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }
}

function serverOf(folder: string, major: number): ChildProcess {
  const program = join(INSTALLED, String(major), 'bin', 'postgres');
  const where = { ...unprivilegedUser(), cwd: folder };
  return spawn(program, ['-D', join(folder, 'data')], { ...where, stdio: 'ignore' });
}

/** The processes that a process started (proc_pid_task, proc(5)). */
async function childrenOf(pid: number): Promise<string[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return list.split(' ').filter(Boolean);
}

/** Not if it has ended, and only waits for somebody to ask for its exit code. */
async function isRunning(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) [ZX]/.test(stat);
}

function makeCluster(
  initdb: string,
  options: readonly string[],
  where: { uid?: number; gid?: number; cwd: string },
): void {
  const { status, stderr } = spawnSync(initdb, options, { ...where, encoding: 'utf8' });
  if (status !== 0) throw new ShipperError('no-postgres', `initdb failed: ${stderr.trim()}`);
}

/** PostgreSQL refuses to run as root; its package creates a user. */
function unprivilegedUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (user: string, flag: string): number =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }));
  return { uid: idOf('postgres', '-u'), gid: idOf('postgres', '-g') };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new ShipperError('no-port', 'No port is free.');
  return address.port;
}
