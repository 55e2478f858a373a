/** A well configured server for `check`, and the ways to spoil it and to fix it again. */

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ThrowawayPostgres } from '../../demo/postgres.js';
import { type Settings, settings } from './shipper.js';

export class CheckedServer {
  readonly postgres: ThrowawayPostgres;
  readonly folder: string;

  private constructor(postgres: ThrowawayPostgres, folder: string) {
    this.postgres = postgres;
    this.folder = folder;
  }

  /** The caller stops it. */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<CheckedServer> {
    const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
    // The server's unprivileged user needs to pass through.
    await chmod(folder, 0o711);
    const options = { 'pgaudit.log_relation': 'on', log_statement: 'mod', ...more };
    const server = new CheckedServer(
      await ThrowawayPostgres.start(join(folder, 'postgres'), options),
      folder,
    );
    await server.run('\\c template1\nCREATE EXTENSION pgaudit');
    await server.run(
      [
        'CREATE DATABASE hold',
        'CREATE ROLE shipper LOGIN',
        'GRANT pg_read_all_settings TO shipper',
        'GRANT EXECUTE ON FUNCTION pg_current_logfile(text) TO shipper',
        'CREATE ROLE "Z990001" LOGIN',
        'CREATE ROLE "kari@nav.no" LOGIN',
        'CREATE ROLE app_web LOGIN',
      ].join(';\n'),
    );
    return server;
  }

  /** What `check` finds nothing wrong with. */
  config(more: Settings = {}): Settings {
    return settings(this.folder, [this.postgres.logPattern], {
      filter: { personalUsers: ['^[A-Z]\\d{6}$', '@nav\\.no$'], serviceUsers: ['^app', '^postgres$'] },
      database: { url: `postgres://shipper@127.0.0.1:${this.postgres.port}/postgres` },
      redact: { escrowTo: ['age1un8ee8uyjgj9rdhde3ktrvr00rz86d9a3q9qttn38kfe45h0hyfsw9q57m'] },
      ...more,
    });
  }

  /** Like psql: one statement after the other, `\c` to another database; reloaded settings are active afterwards. */
  async run(script: string): Promise<void> {
    let database = 'postgres';
    for (const line of script.split(/\n|(?<=;) /)) {
      const [, other] = /^\\c "?([^"]+)"?$/.exec(line) ?? [];
      if (other !== undefined) database = other;
      else if (line.includes('pg_reload_conf')) await this.#reload();
      else await this.#query(database, line);
    }
  }

  async #query(database: string, statement: string): Promise<unknown> {
    const client = await this.postgres.connect('postgres', { database });
    try {
      return (await client.query({ text: statement, rowMode: 'array' })).rows[0]?.[0];
    } finally {
      await client.end();
    }
  }

  /** Waits until new sessions have the new settings. */
  async #reload(): Promise<void> {
    const loaded = async (): Promise<string> =>
      String(await this.#query('postgres', 'SELECT pg_conf_load_time()::text'));
    const before = await loaded();
    await this.#query('postgres', 'SELECT pg_reload_conf()');
    while ((await loaded()) === before);
  }

  async stop(): Promise<void> {
    await this.postgres.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
