/** The real daemon as a process of its own, with a configuration that the test chooses. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { type ArchivedEvent, readArchive } from './archive.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export type Settings = Record<string, unknown>;

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Replaces `archive`: what is read at once gets into one segment, however slow the machine is. */
export function oneSegment(folder: string): Settings {
  return { archive: { to: `file:${join(folder, 'archive')}` } };
}

/** Persons, a service, local folders, and segments that are sealed soon. */
export function settings(folder: string, files: readonly string[], more: Settings = {}): Settings {
  return {
    instance: 'samples',
    node: 'test',
    source: { files, timezone: 'Europe/Oslo' },
    filter: { personalUsers: ['^[A-Z]\\d{6}$', '@nav\\.no$'], serviceUsers: ['^app'] },
    identity: [{ pattern: ['^(?<id>[A-Z]\\d{6})$', '^(?<email>[^@]+@nav\\.no)$'] }],
    state: { directory: join(folder, 'state') },
    archive: { to: `file:${join(folder, 'archive')}`, segment: { maxAge: '300ms' } },
    logging: { to: `file:${join(folder, 'logging')}` },
    http: { host: '127.0.0.1', port: 0 },
    ...more,
  };
}

/** The same for several servers, whose chain is named `host`. */
export function severalSettings(folder: string, sources: readonly Settings[], more: Settings = {}): Settings {
  const { source: _one, ...shared } = settings(folder, []);
  return { ...shared, instance: 'host', sources, ...more };
}

export async function writeConfig(folder: string, config: Settings): Promise<string> {
  const path = join(folder, 'config.yaml');
  await mkdir(folder, { recursive: true });
  await writeFile(path, stringify(config));
  return path;
}

/** Runs a command to its end. */
export async function runCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [requireBuilt(), ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', chunk => output.push(chunk));
  child.stderr.on('data', chunk => output.push(chunk));
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  return { code, output: Buffer.concat(output).toString('utf8') };
}

export async function runOnce(folder: string, config: Settings): Promise<Ended> {
  return await runCommand(['run', '--once', '--config', await writeConfig(folder, config)]);
}

/** A running daemon. It is killed when the test ends, if it still lives. */
export class Shipper {
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Starts `run` and waits until it listens. */
  static async start(
    folder: string,
    config: Settings,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Shipper> {
    const shipper = await Shipper.spawn(folder, config, environment);
    const child = shipper.#child;
    await eventually(
      async () => shipper.port > 0 || (child.exitCode !== null && Promise.reject(new Error(shipper.output))),
    );
    return shipper;
  }

  /** Starts `run`; a variable that is `undefined` in `environment` is not set. */
  static async spawn(
    folder: string,
    config: Settings,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Shipper> {
    const path = await writeConfig(folder, config);
    const child = spawn(process.execPath, [requireBuilt(), 'run', '--config', path], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const shipper = new Shipper(child);
    onTestFinished(() => shipper.kill());
    return shipper;
  }

  /** Everything that it printed. */
  get output(): string {
    return this.#output;
  }

  /** Its log lines. */
  get log(): Record<string, unknown>[] {
    return this.#output
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line));
  }

  logged(code: string): Record<string, unknown>[] {
    return this.log.filter(line => line.code === code);
  }

  async eventuallyLogged(code: string): Promise<void> {
    await eventually(async () => this.logged(code).length > 0);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get port(): number {
    return Number(this.logged('listening')[0]?.port ?? 0);
  }

  async get(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`);
    return { status: response.status, body: await response.text() };
  }

  async isReady(): Promise<boolean> {
    return (await this.get('/internal/isready')).status === 200;
  }

  /** `name`, or `name{label="value"}` with the labels of its own; the server's follow on every series. */
  async metric(name: string): Promise<number> {
    const { body } = await this.get('/internal/prometheus');
    const start = name.endsWith('}') ? `${name.slice(0, -1)},` : `${name}{`;
    const line = body.split('\n').find(line => line.startsWith(start));
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  /** Like a power cut, for this process alone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Returns the exit code. */
  async stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP' = 'SIGTERM'): Promise<number | null> {
    await this.#end(signal);
    return this.#child.exitCode;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise(resolve => this.#child.once('close', resolve));
    this.#child.kill(signal);
    await ended;
  }
}

/** The events of the archive in a test's folder, which must be intact, by kind. */
export async function archived(folder: string, kind?: string): Promise<ArchivedEvent[]> {
  const events = await readArchive(join(folder, 'archive'));
  return kind === undefined ? events : events.filter(event => event.kind === kind);
}

/** The payloads of the log entries in a test's folder. */
export async function logged(folder: string, kind?: string): Promise<ArchivedEvent[]> {
  const names = existsSync(join(folder, 'logging')) ? await readdir(join(folder, 'logging')) : [];
  const texts = await Promise.all(names.sort().map(name => readFile(join(folder, 'logging', name), 'utf8')));
  const lines = texts.flatMap(text =>
    text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean),
  );
  const events = lines.map((line): ArchivedEvent => JSON.parse(line).jsonPayload);
  return kind === undefined ? events : events.filter(event => event.kind === kind);
}

/** Polls until it is so. If that never happens, the test's own time limit reports it. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 10));
}

function requireBuilt(): string {
  if (!existsSync(MAIN)) throw new Error('dist/main.js is missing: run `npm run build` first, or `npm test`');
  return MAIN;
}
