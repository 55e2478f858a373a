/** The server's roles and databases, cached. */

import { Backoff } from '../lib/back-off.js';
import { CacheFile, type CacheFileReport } from '../lib/cache-file.js';
import { type Clock, hasPassed, sleep } from '../lib/clock.js';
import { within } from '../lib/deadline.js';
import type { Disk } from '../lib/disk.js';
import { codeOf } from '../lib/errors.js';
import { RoleGroups } from '../lib/role-groups.js';
import { type Catalogs, catalogs } from './catalogs.js';
import { hasOverrun } from './connect.js';
import { lateFailure, readCatalogs, serverOf } from './read.js';

/** Milliseconds between two reads if nobody requests one earlier. */
const INTERVAL = 60_000;
/** Milliseconds that a caller waits at most: reading the log waits for it. */
const LONGEST_WAIT = 2000;
/** Milliseconds after which the answer is stale. */
const STALE_AFTER = 10 * 60_000;
/** Milliseconds for which a role stays a person after the last look that showed it in a group of persons. */
const PERSON_FOR = 30 * 24 * 60 * 60_000;
const FIRST_DELAY = 1000;
const LAST_DELAY = 60_000;

export interface RoleCatalogOptions {
  /** `postgres://user:password@host:port/database`; any database of the server will do. */
  readonly url: string;
  /** The file that keeps the last answer. */
  readonly cachePath: string;
  /** Group roles whose members are persons. */
  readonly personGroups?: readonly string[];
}

export interface CatalogReport extends CacheFileReport {
  /** The catalogs were read: for the first time since the start, or again after an outage. */
  catalogLoaded(roles: number): void;
  /** The database cannot be read; reported once per outage. The answer read before stays. */
  catalogFailed(error: unknown): void;
}

export interface CatalogSurroundings {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly report: CatalogReport;
  readonly random?: (() => number) | undefined;
}

interface Role {
  readonly comment: string | null;
  readonly mayCommentItself: boolean;
}

/**
 * Answers from the last read, which is kept on disk, too; nothing here rejects, and nothing waits longer than two
 * seconds.
 */
export class RoleCatalog {
  readonly #url: string;
  readonly #personGroups: readonly string[];
  readonly #surroundings: CatalogSurroundings;
  readonly #file: CacheFile<Catalogs>;
  readonly #backoff: Backoff;
  #loadedAt: number | null = null;
  #roles: ReadonlyMap<string, Role> = new Map();
  #groups = new RoleGroups([]);
  #encodings: ReadonlyMap<string, string> = new Map();
  /** By name, when a look last showed the role in a group of persons. */
  #persons: ReadonlyMap<string, number> = new Map();
  #reading: Promise<void> | null = null;
  /** Number of changes of the catalogs, and of those that the last answer includes: an answer from disk may be old. */
  #changes = 1;
  #changesRead = 0;
  /** Whether the server cancelled a read since the last success, because it took too long. */
  #isOverrun = false;
  /** Whether there is nothing to report when a read succeeds. */
  #isWell = false;

  private constructor(
    { url, personGroups = [] }: RoleCatalogOptions,
    file: CacheFile<Catalogs>,
    surroundings: CatalogSurroundings,
  ) {
    const { clock, random } = surroundings;
    this.#url = url;
    this.#personGroups = personGroups;
    this.#file = file;
    this.#surroundings = surroundings;
    this.#backoff = new Backoff({ clock, random, first: FIRST_DELAY, last: LAST_DELAY });
  }

  /**
   * Takes the last answer from disk if it is from the same server; does not query the database. Throws a ShipperError
   * if the URL is invalid.
   */
  static async load(options: RoleCatalogOptions, surroundings: CatalogSurroundings): Promise<RoleCatalog> {
    const server = serverOf(options.url);
    const file = new CacheFile({ ...surroundings, path: options.cachePath, schema: catalogs });
    const catalog = new RoleCatalog(options, file, surroundings);
    const saved = await file.read();
    if (saved?.server === server) catalog.#take(saved);
    return catalog;
  }

  /** Reads the catalogs at once and then every minute, until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh();
      await sleep(this.#surroundings.clock, INTERVAL, signal);
    }
  }

  /** Reads the catalogs now, or waits for the read that is running. */
  async refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await within(this.#reading, LONGEST_WAIT, this.#surroundings.clock, () => this.#failed(lateFailure()));
  }

  /** Something changed roles or memberships: the next `knows` reads the catalogs first. */
  expire(): void {
    this.#changes += 1;
  }

  /**
   * Whether the last answer has this role. Reads the catalogs first if they may have changed, or if the role is unknown
   * and they were read before `time`, when it existed; not while the database fails.
   *
   * @param time milliseconds since the epoch
   */
  knows(user: string, time: number): boolean | Promise<boolean> {
    if (!this.#isWorthReading(user, time)) return this.#roles.has(user);
    const { clock } = this.#surroundings;
    return within(this.#readFor(user, time), LONGEST_WAIT, clock, () => this.#roles.has(user));
  }

  /**
   * Whether one role is in another, directly or through other groups; `null` if the last answer does not have the first
   * role, or if there is no answer. Call `knows` first: this uses the answer whether it is stale or not. A superuser is
   * only in the groups that it was added to.
   */
  isMember(user: string, role: string): boolean | null {
    return this.#roles.has(user) ? this.#groups.isIn(user, role) : null;
  }

  /** Whether a look in the last 30 days showed the role in a group of persons. */
  wasPerson(user: string): boolean {
    return this.#persons.has(user);
  }

  /** Whether there is such a role; `null` if nothing was ever read. */
  hasRole(role: string): boolean | null {
    return this.#loadedAt === null ? null : this.#roles.has(role);
  }

  /** `null` if the role is unknown or has no comment. */
  commentOf(user: string): string | null {
    return this.#roles.get(user)?.comment ?? null;
  }

  /** Whether the role could have written its own comment. */
  mayCommentItself(user: string): boolean {
    return this.#roles.get(user)?.mayCommentItself ?? true;
  }

  /** By PostgreSQL's name (UTF8, LATIN1, SQL_ASCII); `null` if the database is unknown. */
  encodingOf(database: string): string | null {
    return this.#encodings.get(database) ?? null;
  }

  /** When the last answer was requested, in milliseconds since the epoch; `null` if there is none. */
  get loadedAt(): number | null {
    return this.#loadedAt;
  }

  /** Whether nothing is known to have changed since the last answer. */
  get isCurrent(): boolean {
    return this.#changesRead >= this.#changes;
  }

  /** Whether the last answer is over ten minutes old because the database cannot be read. */
  get isStale(): boolean {
    return this.#loadedAt !== null && hasPassed(this.#loadedAt, this.#surroundings.clock.now(), STALE_AFTER);
  }

  /** Whether the next attempt should wait, since the server cancelled the last one after it had worked for seconds. */
  get hasOverrun(): boolean {
    return this.#isOverrun;
  }

  /** Writes the last answer if it is not on disk yet. */
  close(): Promise<void> {
    return this.#file.close();
  }

  #isWorthReading(user: string, time: number): boolean {
    if (this.#backoff.isWaiting) return false;
    if (!this.isCurrent) return true;
    return !this.#roles.has(user) && time > (this.#loadedAt ?? 0);
  }

  async #readFor(user: string, time: number): Promise<boolean> {
    await this.refresh();
    // The read that was running may have begun before the change.
    if (this.#isWorthReading(user, time)) await this.refresh();
    return this.#roles.has(user);
  }

  async #read(): Promise<void> {
    const { clock, report } = this.#surroundings;
    const changes = this.#changes;
    try {
      const read = this.#take(await readCatalogs(this.#url, clock.now()));
      this.#changesRead = changes;
      this.#keep(read);
      this.#backoff.succeeded();
      this.#isOverrun = false;
      if (!this.#isWell) report.catalogLoaded(read.roles.length);
      this.#isWell = true;
    } catch (error) {
      this.#failed(error);
    }
  }

  #keep(read: Catalogs): void {
    const { roles, databases, persons } = read;
    this.#file.scheduleNews(() => read, [roles, databases, persons.map(({ name }) => name)]);
  }

  /** Returns what to keep of it, with the persons of earlier looks. */
  #take(read: Catalogs): Catalogs {
    const { loadedAt, roles, databases } = read;
    this.#loadedAt = loadedAt;
    this.#groups = new RoleGroups(roles);
    this.#persons = this.#personsIn(read);
    this.#roles = new Map(
      roles.map(({ name, comment, mayCommentItself }) => [name, { comment, mayCommentItself }]),
    );
    this.#encodings = new Map(databases.map(({ name, encoding }) => [name, encoding]));
    return { ...read, persons: [...this.#persons].map(([name, seenAt]) => ({ name, seenAt })) };
  }

  #personsIn({ loadedAt, persons }: Catalogs): Map<string, number> {
    const earlier = [...this.#persons, ...persons.map(({ name, seenAt }) => [name, seenAt] as const)];
    const seen = new Map(earlier.filter(([, seenAt]) => !hasPassed(seenAt, loadedAt, PERSON_FOR)));
    for (const group of this.#personGroups)
      for (const name of this.#groups.within([group])) if (name !== group) seen.set(name, loadedAt);
    return seen;
  }

  /**
   * Also called if a read takes so long that nobody waits for it any more: it continues, and may succeed, or be
   * cancelled by the server, which is then reported by its name.
   */
  #failed(error: unknown): void {
    const isOverrun = hasOverrun(codeOf(error));
    if (this.#backoff.isWaiting && !isOverrun) return;
    const { failures } = this.#backoff.failed(isOverrun ? LAST_DELAY : undefined);
    this.#isWell = false;
    const isNews = failures === 1 || (isOverrun && !this.#isOverrun);
    this.#isOverrun ||= isOverrun;
    if (isNews) this.#surroundings.report.catalogFailed(error);
  }
}
