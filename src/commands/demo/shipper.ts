/** The daemon as the demo sees it: a process of its own, its folders and its HTTP pages. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LogEntry } from '../../deliver/destination.js';
import { ShipperError } from '../../errors.js';
import { freePort } from './postgres.js';

const MAIN = fileURLToPath(new URL('../../main.js', import.meta.url));
const PATIENCE = 15_000;

export class ShipperProcess {
  readonly folder: string;
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, url: string, child: ChildProcess) {
    this.folder = folder;
    this.url = url;
    this.#process = child;
  }

  /** Starts `run` with the embedded configuration, everything below `folder`, and waits until it is ready. */
  static async start(folder: string, files: string, people: string): Promise<ShipperProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, [MAIN, 'run'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...environmentFor(folder, files, people), PGAUDIT_SHIPPER_PORT: String(port) },
    });
    child.stdout.pipe(createWriteStream(join(folder, 'shipper.log')));
    const shipper = new ShipperProcess(folder, `http://127.0.0.1:${port}`, child);
    await until('the shipper is ready', () => shipper.#isReady());
    return shipper;
  }

  /** Everything that arrived so far where auditors search. */
  async entries(): Promise<LogEntry[]> {
    return await readEntries(this.folder);
  }

  /** How many records were read, by outcome and reason. */
  async counts(): Promise<Map<string, number>> {
    const text = await (await fetch(`${this.url}/internal/prometheus`)).text();
    const matches = text.matchAll(
      /^pgaudit_shipper_records_total\{outcome="([^"]*)",reason="([^"]*)"\} (\d+)$/gm,
    );
    return new Map(
      [...matches].map(([, outcome, reason, count]) => [`${outcome}: ${reason}`, Number(count)]),
    );
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise(resolve => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
  }

  async #isReady(): Promise<boolean> {
    if (this.#process.exitCode !== null)
      throw new ShipperError('demo', `The shipper ended; look into ${this.folder}/shipper.log.`);
    try {
      return (await fetch(`${this.url}/internal/isready`)).ok;
    } catch {
      return false;
    }
  }
}

export function environmentFor(folder: string, files: string, people: string): Record<string, string> {
  return {
    PGAUDIT_SHIPPER_INSTANCE: 'demo',
    PGAUDIT_SHIPPER_DATA: folder,
    PGAUDIT_SHIPPER_FILES: files,
    PGAUDIT_SHIPPER_PEOPLE: people,
  };
}

export async function readEntries(folder: string): Promise<LogEntry[]> {
  const logging = join(folder, 'logging');
  const names = await readdir(logging).catch(() => []);
  const texts = await Promise.all(names.sort().map(name => readFile(join(logging, name), 'utf8')));
  const lines = texts.flatMap(text =>
    text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean),
  );
  return lines.map(line => JSON.parse(line));
}

/** The archive's objects, in writing order. */
export async function listObjects(folder: string): Promise<string[]> {
  const archive = join(folder, 'archive');
  const found = await readdir(archive, { recursive: true }).catch(() => []);
  return found
    .filter(name => name.endsWith('.ndjson.gz'))
    .map(name => join(archive, name))
    .sort();
}

/** Waits until it is so. Throws a ShipperError when that takes too long. */
export async function until(what: string, isSo: () => Promise<boolean>, patience = PATIENCE): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new ShipperError('demo', `Waited in vain until ${what}.`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
