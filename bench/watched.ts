/** A daemon that can be asked for its memory, its CPU time, and for how long it was blocked. */

import { type ChildProcess, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface Watched {
  /** The highest since the last question, in MB. */
  readonly rss: number;
  /** The most CPU time of the main thread between two turns of a timer since the last question, in ms. */
  readonly blocked: number;
  /** Seconds of CPU so far. */
  readonly cpu: number;
}

export class WatchedDaemon {
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #usage: string;
  #asked = 0;

  private constructor(folder: string, child: ChildProcess, lines: Interface) {
    this.folder = folder;
    this.#child = child;
    this.#lines = lines;
    this.#usage = join(folder, 'usage');
  }

  /** @param more settings, besides those for local folders */
  static async start(folder: string, more: object): Promise<WatchedDaemon> {
    const config = {
      state: { directory: join(folder, 'state') },
      archive: { to: `file:${join(folder, 'archive')}` },
      logging: { to: `file:${join(folder, 'logging')}` },
      http: { host: '127.0.0.1', port: 0 },
      ...more,
    };
    await writeFile(join(folder, 'config.yaml'), stringify(config));
    const args = [here('../dist/main.js'), 'run', '--config', join(folder, 'config.yaml')];
    const child = spawn(process.execPath, ['--import', here('watched.mjs'), ...args], {
      env: { ...process.env, METADATA_SERVER_DETECTION: 'none', BENCH_USAGE: join(folder, 'usage') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new WatchedDaemon(folder, child, createInterface({ input: child.stdout }));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits for the next log line with this code. */
  async logged(code: string): Promise<void> {
    for await (const [line] of on(this.#lines, 'line', { close: ['close'] }))
      if (String(line).includes(`"code":"${code}"`)) return;
    throw new Error(`the daemon ended before ${code}`);
  }

  async ask(): Promise<Watched> {
    this.#asked += 1;
    this.#child.kill('SIGUSR2');
    for (;;) {
      const lines = (await readFile(this.#usage, 'utf8').catch(() => '')).split('\n');
      if (lines.length > this.#asked) return JSON.parse(lines[this.#asked - 1] ?? '');
      await pause(10);
    }
  }

  async stop(): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'exit') : null;
    this.#child.kill();
    await ended;
  }
}

export async function benchFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
