/** The processes that are measured. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const MAIN = here('../dist/main.js');
const ENV = { ...process.env, METADATA_SERVER_DETECTION: 'none' };

export interface Usage {
  /** Seconds. */
  readonly wall: number;
  readonly cpu: number;
  /** MB at most. */
  readonly rss: number;
}

/** With the CPU seconds of its threads, by name: `MainThread`, `V8Worker`, `libuv-worker`. */
export interface Detailed extends Usage {
  readonly threads: Readonly<Record<string, number>>;
}

/** Runs a script to its end, with `options` of Node.js. Throws where it fails. */
async function measured(
  script: string,
  args: readonly string[],
  exitCodes: readonly number[] = [0],
  options: readonly string[] = [],
): Promise<Detailed> {
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  const path = join(folder, 'usage.json');
  const start = performance.now();
  const ended = promisify(execFile)(process.execPath, [...options, '--import', here('usage.mjs'), script, ...args], {
    env: { ...ENV, BENCH_USAGE: path },
    maxBuffer: 64 * 1024 * 1024,
  });
  await ended.catch((error: { readonly code?: unknown }) => {
    if (!exitCodes.some(code => code === error.code)) throw error;
  });
  const wall = (performance.now() - start) / 1000;
  const { user, system, rss, threads } = JSON.parse(await readFile(path, 'utf8'));
  await rm(folder, { recursive: true });
  return { wall, cpu: user + system, rss, threads };
}

/** Runs a command of the program, which must end with one of these exit codes. */
export const command = (args: readonly string[], exitCodes: readonly number[] = [0]): Promise<Usage> =>
  measured(MAIN, args, exitCodes);

export const csvParse = (file: string): Promise<Usage> => measured(here('csv-parse.mjs'), [file]);

export interface Settings {
  readonly filter?: object;
  /** The filter drops nothing. */
  readonly keepsAll?: boolean;
  readonly logging?: object;
  /** A folder; by default one that is removed at the end. */
  readonly archive?: string;
  readonly port?: number;
}

/** Calls `use` with a configuration that reads `files`; what it makes is gone afterwards. */
export async function withConfig<T>(
  files: string,
  { filter, logging, archive, port = 0 }: Settings,
  use: (config: string) => Promise<T>,
): Promise<T> {
  if (!existsSync(MAIN)) throw new Error('there is no dist: npm run build');
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  const config = {
    instance: 'bench',
    source: { files: [files], timezone: 'Europe/Oslo' },
    filter,
    identity: [{ pattern: ['^(?<id>[A-Z]\\d{6})$'] }],
    state: { directory: join(folder, 'state') },
    archive: { to: `file:${archive ?? join(folder, 'archive')}` },
    logging: logging ?? { to: `file:${join(folder, 'logging')}` },
    http: { host: '127.0.0.1', port },
    log: { level: 'error' },
  };
  try {
    await writeFile(join(folder, 'config.yaml'), stringify(config));
    return await use(join(folder, 'config.yaml'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `run --once` over these files, with `options` of Node.js. */
export async function ship(
  files: string,
  settings: Settings,
  options: readonly string[] = [],
): Promise<Detailed> {
  const args = (config: string): string[] => ['run', '--once', '--config', config];
  return await withConfig(files, settings, config => measured(MAIN, args(config), [0], options));
}

/** `run`, until `use` is done with it. */
export async function withDaemon<T>(config: string, use: (daemon: ChildProcess) => Promise<T>): Promise<T> {
  const daemon = spawn(process.execPath, [MAIN, 'run', '--config', config], { env: ENV, stdio: 'ignore' });
  try {
    return await use(daemon);
  } finally {
    const ended = daemon.exitCode === null ? once(daemon, 'exit') : null;
    daemon.kill();
    await ended;
  }
}

/** Waits until the daemon on this port is ready; milliseconds. */
export async function untilReady(port: number): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < 60_000) {
    const answer = await fetch(`http://127.0.0.1:${port}/internal/isready`).catch(() => null);
    if (answer?.ok) return performance.now() - start;
    await pause(5);
  }
  throw new Error('the daemon does not become ready');
}

/** Waits until the daemon on this port has read all that was logged before. */
export async function untilRead(port: number): Promise<void> {
  const start = performance.now();
  while (performance.now() - start < 60_000) {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/internal/prometheus`)).text();
    if (/^pgaudit_shipper_source_lag_bytes\{[^}]*\} 0$/m.test(metrics)) return;
    await pause(50);
  }
  throw new Error('the daemon does not come to the end of the log');
}

export interface Receipts {
  readonly received: number;
  readonly delays: number[];
}

/** Calls `use` with the endpoint of a logging server, and how to ask it what it received since. */
export async function withLoggingServer<T>(
  use: (endpoint: string, ask: () => Promise<Receipts>) => Promise<T>,
): Promise<T> {
  const args = ['--import', here('typescript.mjs'), here('logging-server.ts')];
  const server = spawn(process.execPath, args, { env: ENV, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  try {
    return await use(await next(), async () => {
      server.stdin.write('?\n');
      return JSON.parse(await next());
    });
  } finally {
    server.kill();
  }
}

/** Of a process that lives: seconds of CPU so far, and MB in memory. */
export async function usageNow(pid: number): Promise<{ cpu: number; rss: number }> {
  const [stat, status] = await Promise.all(
    ['stat', 'status'].map(name => readFile(`/proc/${pid}/${name}`, 'utf8')),
  );
  const [user = 0, system = 0] = (stat ?? '').slice((stat ?? '').lastIndexOf(')')).split(' ').slice(12, 14).map(Number);
  const rss = Number(/VmRSS:\s+(\d+)/.exec(status ?? '')?.[1]) / 1024;
  return { cpu: (user + system) / 100, rss };
}
