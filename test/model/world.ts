/** The shipper's stages beside a server, with all that can fail, and what must be in the archive at the end. */

import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, mkdtemp, open, rename, rm, stat, symlink, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Config } from '../../src/config/schema.js';
import type { Stages } from '../../src/daemon/pipeline.js';
import { hasCode } from '../../src/lib/errors.js';
import { readArchive } from '../support/archive.js';
import { ManualClock } from '../support/clock.js';
import { type Choose, FaultyFs, failure } from '../support/faulty-fs.js';
import { Life, lifeConfig } from '../support/life.js';
import { logged } from '../support/shipper.js';
import { expectDelivery } from './liveness.js';
import { type Content, Server, type Written } from './server.js';

const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export type Sink = 'archive' | 'logging';

export class World {
  readonly folder: string;
  readonly #outside: string;
  readonly #logs: string;
  readonly #clock = new ManualClock('2026-11-21T22:30:00Z');
  readonly #fs: FaultyFs;
  readonly #server: Server;
  readonly #config: Config;
  readonly #choose: Choose;
  readonly #onStages: (stages: Stages) => void;
  #life: Life | null = null;
  readonly #down = new Set<Sink>();
  /** Calls of the file system until the next one fails or kills. */
  #plan: { calls: number; happen: () => void } | null = null;

  /** Every whole record, by its number. */
  readonly #written = new Map<number, Written>();
  /** Records that the journal certainly has. */
  readonly #safe = new Set<number>();
  /** Records that may be lost: their file was destroyed before a look. */
  readonly #maybe = new Set<number>();
  /** Sessions with a line that was read. */
  readonly #seen = new Set<string>();
  /** Records after a line of the same session that was read: their loss must be reported once the session continues. */
  readonly #loud = new Set<number>();
  #mayHaveGaps = false;
  #hasDroppedState = false;

  private constructor(folder: string, choose: Choose, onStages: (stages: Stages) => void) {
    this.folder = folder;
    this.#logs = `${folder}-log`;
    this.#outside = `${folder}-out`;
    this.#choose = choose;
    this.#onStages = onStages;
    this.#fs = new FaultyFs(folder);
    this.#server = new Server(this.#clock, this.#logs);
    this.#config = lifeConfig(folder, [join(this.#logs, '*')]);
    this.#fs.onCall = (_call, path) => this.#onCall(path);
  }

  /** @param onStages may plant a fault into each life's stages */
  static async create(choose: Choose, onStages: (stages: Stages) => void = () => undefined): Promise<World> {
    const world = new World(await mkdtemp(join(PLACE, 'pgaudit-shipper-test-')), choose, onStages);
    await mkdir(world.#logs);
    await mkdir(world.#outside);
    await world.#server.start();
    return world;
  }

  async remove(): Promise<void> {
    this.#plan = null;
    await this.#life?.kill();
    await this.#server.close();
    for (const path of [this.folder, this.#logs, this.#outside])
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }

  get isRunning(): boolean {
    return this.#life !== null && !this.#fs.isDead;
  }

  // What the server does.

  async write(count: number, which: number): Promise<void> {
    for (let i = 0; i < count; i++) this.#note(await this.#server.write(which + i));
  }

  async writeHalf(which: number, part: number): Promise<void> {
    this.#note(await this.#server.writeHalf(which, part));
  }

  async tear(which: number, part: number, how: 'glued' | 'newline' | 'nul' | 'file'): Promise<void> {
    await this.#server.tear(which, part, { glued: '', newline: '\n', nul: '\0'.repeat(300), file: '' }[how]);
    this.#mayHaveGaps = true;
    await this.#server.start();
    if (how === 'file') await this.#server.newFile();
    await this.write(1, which);
  }

  async restartServer(): Promise<void> {
    await this.#server.flush();
    await this.#server.start();
  }

  /** The power is lost: the log's end is gone or NULs; the server continues. */
  async cutLog(bytes: number, isNul: boolean): Promise<void> {
    if (this.#server.content.paths.size === 0) return;
    this.#destroyUnread(this.#server.content);
    this.#server.content.isDamaged = true;
    const { size } = await stat(this.#server.path);
    const cut = Math.min(bytes, Math.max(0, size - 1));
    if (isNul) {
      const file = await open(this.#server.path, 'r+');
      await file.write(Buffer.alloc(cut), 0, cut, size - cut);
      await file.close();
    } else await truncate(this.#server.path, size - cut);
    await this.#server.start();
    await this.write(1, 0);
  }

  /** The log is gone, and the model does not know it. */
  async hideLog(): Promise<void> {
    await rename(this.#server.path, join(this.#outside, 'hidden'));
  }

  async rotate(how: 'new' | 'rename' | 'rename-out' | 'copytruncate' | 'truncate' | 'reuse'): Promise<void> {
    const { content, path } = this.#server;
    await this.#server.flush();
    const isThere = content.paths.has(path);
    if (how === 'new' || !isThere) return await this.#server.newFile();
    const other = `${path}.${this.#clock.now()}`;
    if (how === 'rename') {
      await rename(path, other);
      await this.#server.newFile(path);
      moved(content, path, other);
    } else if (how === 'rename-out') {
      // It keeps writing to the moved file.
      await rename(path, join(this.#outside, String(this.#clock.now())));
      content.paths.delete(path);
      this.#destroyUnread(content);
    } else if (how === 'copytruncate') {
      await copyFile(path, other);
      await truncate(path);
      await this.#server.emptied();
      moved(content, path, other);
    } else if (how === 'truncate') {
      this.#destroyUnread(content);
      await truncate(path);
      await this.#server.emptied();
      content.paths.clear();
    } else {
      const old = this.#finished()[0];
      await this.#server.newFile(old);
      if (old !== undefined) this.#lose(old, true);
    }
    await this.#clock.advance(5);
  }

  async removeOldest(): Promise<void> {
    const [path] = this.#finished();
    if (path === undefined) return;
    await rm(path);
    this.#lose(path);
  }

  /** Another name for a file that nobody writes to. */
  async alias(how: 'copy' | 'link' | 'symlink'): Promise<void> {
    const path = this.#finished().at(-1);
    if (path === undefined) return;
    const other = `${path}-${how}${this.#clock.now()}`;
    if (existsSync(other)) return;
    const content = this.#contentAt(path);
    if (how === 'copy') await copyFile(path, other);
    else if (how === 'link') await link(path, other);
    else await symlink(path, other);
    if (how !== 'symlink') content?.paths.add(other);
  }

  // What happens to the shipper.

  async start(): Promise<void> {
    if (this.isRunning) return;
    await this.#buryDead(false);
    try {
      const [clock, fs, onStages] = [this.#clock, this.#fs, this.#onStages];
      this.#life = await Life.start(this.#config, { clock, fs, onStages });
    } catch (error) {
      if (!this.#fs.isDead && !hasCode(error, 'EIO', 'ENOSPC')) throw error;
    }
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const life = this.#life;
    this.#life = null;
    await life?.shutDown();
    await this.#buryDead(false);
  }

  /** A power cut: everything that was not synced is lost. */
  async kill(isPowerLost: boolean): Promise<void> {
    if (this.#life === null) return;
    await this.#life.kill();
    await this.#buryDead(isPowerLost);
  }

  /** It will be killed at one of its next calls. */
  killSoon(calls: number): void {
    this.#plan = { calls, happen: () => this.#fs.kill() };
  }

  /** Some of its next calls will fail. */
  failSoon(calls: number, times: number, code: string): void {
    let left = times;
    const happen = (): void => {
      if (--left > 0) this.#plan = { calls: 1, happen };
      throw failure(code);
    };
    this.#plan = { calls, happen };
  }

  setDown(sink: Sink, isDown: boolean): void {
    if (isDown) this.#down.add(sink);
    else this.#down.delete(sink);
  }

  async dropState(): Promise<void> {
    if (this.isRunning) return;
    await this.#buryDead(false);
    const stored = new Set((await this.#archived()).map(numberOf));
    await rm(join(this.folder, 'state'), { recursive: true, force: true });
    this.#fs.forget(join(this.folder, 'state'));
    this.#hasDroppedState = true;
    this.#seen.clear();
    // What was journaled and not stored is read again, if it still exists.
    for (const { n, content } of this.#written.values()) {
      if (stored.has(n)) continue;
      this.#safe.delete(n);
      if (content.paths.size === 0 || content.isDamaged) this.#maybe.add(n);
    }
  }

  async settle(): Promise<void> {
    if (!this.isRunning) return;
    await this.#life?.settle();
    if (this.#fs.isDead) return await this.#buryDead(true);
    if (this.#plan !== null) return;
    for (const { n, session, content } of this.#written.values()) {
      if (content.paths.size === 0 || this.#maybe.has(n) || n === this.#server.half) continue;
      this.#safe.add(n);
      this.#seen.add(session);
    }
  }

  async pass(ms: number): Promise<void> {
    await this.#clock.advance(ms);
  }

  /**
   * All faults stop: everything is delivered in a bounded time, and after another kill the archive has what it must.
   */
  async check(): Promise<void> {
    this.#plan = null;
    this.#down.clear();
    // Each session continues in a readable file, so that gaps are visible; incomplete records become whole.
    if (this.#server.content.paths.size === 0) await this.#server.newFile();
    await this.write(this.#server.sessions.length, 0);
    await this.#deliverAll();
    await this.#buryDead(false);
    await this.start();
    await this.settle();
    await this.stop();
    const events = await this.#archived(false);
    const shipped = events.filter(event => event.kind === 'statement').map(numberOf);
    expect(new Set(shipped).size).toBe(shipped.length);
    const there = new Set(shipped);
    const isTorn = (n: number): boolean => !this.#written.has(n);
    expect(shipped.filter(isTorn), 'torn records that were shipped').toEqual([]);
    const missing = [...this.#written.keys()].filter(n => !there.has(n));
    expect(
      missing.filter(n => !this.#maybe.has(n)),
      'records that are lost',
    ).toEqual([]);
    const gaps = events.filter(event => event.kind === 'gap').map(event => event.gap?.reason);
    if (!this.#mayHaveGaps) expect(gaps, 'gaps where nothing is missing').toEqual([]);
    const unheard = missing.filter(n => this.#loud.has(n) && this.#wentOn(n, there));
    if (unheard.length > 0 && !this.#hasDroppedState) expect(gaps, 'no gap tells of a loss').not.toEqual([]);
    if (this.#hasDroppedState) return;
    const entries = (await logged(this.folder)).filter(event => event.kind === 'statement').map(numberOf);
    expect(entries.toSorted((a, b) => a - b)).toEqual(shipped.toSorted((a, b) => a - b));
  }

  /** What still runs keeps running; what has ended is started, as a supervisor does. */
  async #deliverAll(): Promise<void> {
    if (this.#life?.hasEnded) await this.#buryDead(false);
    await this.start();
    const life = this.#life;
    if (life === null) throw new Error('it does not start, though nothing fails');
    await expectDelivery(life, async () => {
      const there = new Set((await this.#archived()).map(numberOf));
      return [...this.#written.keys()].filter(n => !there.has(n) && !this.#maybe.has(n));
    });
  }

  async #archived(isPartial = true) {
    const events = await readArchive(join(this.folder, 'archive'));
    return isPartial ? events.filter(event => event.kind === 'statement') : events;
  }

  /** Whether a later line of the record's session was shipped. */
  #wentOn(n: number, shipped: ReadonlySet<number>): boolean {
    const session = this.#written.get(n)?.session;
    return [...shipped].some(other => other > n && this.#written.get(other)?.session === session);
  }

  #note(written: Written): void {
    this.#written.set(written.n, written);
    if (written.content.paths.size === 0) this.#risk(written);
  }

  /** It cannot be read any more, unless somebody has it open. */
  #risk({ n, session }: Written): void {
    if (this.#safe.has(n)) return;
    this.#maybe.add(n);
    this.#mayHaveGaps = true;
    if (this.#seen.has(session)) this.#loud.add(n);
  }

  #destroyUnread(content: Content): void {
    this.#mayHaveGaps = true;
    for (const written of this.#written.values()) if (written.content === content) this.#risk(written);
  }

  /** Overwriting a file also destroys whatever is linked to it. */
  #lose(path: string, isOverwritten = false): void {
    const content = this.#contentAt(path);
    content?.paths.delete(path);
    if (isOverwritten)
      for (const other of content?.paths ?? []) if (other.includes('-link')) content?.paths.delete(other);
    if (content !== undefined && content.paths.size === 0) this.#destroyUnread(content);
  }

  #contentAt(path: string): Content | undefined {
    for (const { content } of this.#written.values()) if (content.paths.has(path)) return content;
    return undefined;
  }

  /** Files that are not written to, oldest first. */
  #finished(): string[] {
    const contents = new Set([...this.#written.values()].map(({ content }) => content));
    contents.delete(this.#server.content);
    return [...contents].flatMap(({ paths }) => [...paths]);
  }

  async #buryDead(isPowerLost: boolean): Promise<void> {
    if (this.#life !== null) await this.#life.kill();
    this.#life = null;
    this.#plan = null;
    if (isPowerLost) await this.#fs.losePower(this.#choose);
  }

  #onCall(path: string): void {
    for (const sink of this.#down) if (path.startsWith(join(this.folder, sink))) throw failure('EIO');
    const plan = this.#plan;
    if (plan === null || --plan.calls > 0) return;
    this.#plan = null;
    plan.happen();
  }
}

function moved(content: Content, from: string, to: string): void {
  content.paths.delete(from);
  content.paths.add(to);
}

function numberOf(event: { audit?: { parameters: string[] | null } }): number {
  return Number(event.audit?.parameters?.[0]);
}
