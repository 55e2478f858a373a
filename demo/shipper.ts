/** The daemon of the demo: a process of its own, with its folders and HTTP pages. */

import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogEntry } from '../src/deliver/destination.js';
import { ShipperError } from '../src/lib/errors.js';
import { inProject } from '../src/lib/paths.js';
import { freePort } from './postgres.js';

const MAIN = inProject('dist/main.js');
const LOCAL_CONFIG = inProject('config/local.yaml');
const PATIENCE = 15_000;

export class ShipperProcess {
  readonly url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, url: string, child: ChildProcess) {
    this.#folder = folder;
    this.url = url;
    this.#process = child;
  }

  /** Starts `run` with config/local.yaml and all its files below `folder`, and waits until it is ready. */
  static async start(folder: string, files: string, people: string): Promise<ShipperProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, [MAIN, 'run', '--config', LOCAL_CONFIG], {
      stdio: ['ignore', openSync(join(folder, 'shipper.log'), 'w', 0o600), 'inherit'],
      env: {
        ...process.env,
        PGAUDIT_SHIPPER_INSTANCE: 'demo',
        PGAUDIT_SHIPPER_DATA: folder,
        PGAUDIT_SHIPPER_FILES: files,
        PGAUDIT_SHIPPER_PEOPLE: people,
        PGAUDIT_SHIPPER_PORT: String(port),
      },
    });
    const shipper = new ShipperProcess(folder, `http://127.0.0.1:${port}`, child);
    try {
      await until('the shipper is ready', () => shipper.#isReady());
    } catch (error) {
      process.stderr.write(await readFile(join(folder, 'shipper.log'), 'utf8'));
      await shipper.stop();
      throw error;
    }
    return shipper;
  }

  /** The log entries so far, without the shipper's own events. */
  async entries(): Promise<LogEntry[]> {
    const logging = join(this.#folder, 'logging');
    const names = await readdir(logging).catch(() => []);
    const texts = await Promise.all(names.sort().map(name => readFile(join(logging, name), 'utf8')));
    const lines = texts.flatMap(text =>
      text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean),
    );
    const entries = lines.map((line): LogEntry => JSON.parse(line));
    return entries.filter(({ labels }) => labels.kind === 'statement' || labels.kind === 'suspect');
  }

  /** Records read, by outcome and reason. */
  async counts(): Promise<Map<string, number>> {
    const text = await (await fetch(`${this.url}/internal/prometheus`)).text();
    const matches = text.matchAll(
      /^pgaudit_shipper_records_total\{outcome="([^"]*)",reason="([^"]*)",.*\} (\d+)$/gm,
    );
    return new Map(
      [...matches].map(([, outcome, reason, count]) => [`${outcome}: ${reason}`, Number(count)]),
    );
  }

  /** Waits until everything that happened before has been read. */
  async quiet(): Promise<void> {
    const total = async (): Promise<number> =>
      [...(await this.counts()).values()].reduce((sum, count) => sum + count, 0);
    for (let before = -1, now = await total(); now !== before; now = await total()) {
      before = now;
      await sleep(300);
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise(resolve => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
  }

  async #isReady(): Promise<boolean> {
    if (this.#process.exitCode !== null)
      throw new ShipperError('demo', 'The shipper ended at start; see above.');
    try {
      return (await fetch(`${this.url}/internal/isready`)).ok;
    } catch {
      return false;
    }
  }
}

/** Paths of the archive's objects, in writing order. */
export async function listObjects(folder: string): Promise<string[]> {
  const archive = join(folder, 'archive');
  const found = await readdir(archive, { recursive: true }).catch(() => []);
  return found
    .filter(name => name.endsWith('.ndjson.gz'))
    .map(name => join(archive, name))
    .sort();
}

/** Waits until `isSo` resolves to true. Throws a ShipperError if that takes too long. */
export async function until(what: string, isSo: () => Promise<boolean>, patience = PATIENCE): Promise<void> {
  const deadline = performance.now() + patience;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new ShipperError('demo', `Waited in vain until ${what}.`);
    await sleep(20);
  }
}
