/** Looks every minute whether somebody changed what is audited. */

import { CacheFile, type CacheFileReport } from '../cachefile.js';
import { type Clock, sleep } from '../clock.js';
import type { Disk } from '../disk.js';
import { ShipperError } from '../errors.js';
import type { ConfigContent } from '../event.js';
import { type AuditSettings, auditSettings, diff, type RoleKind, remember } from './audit-settings.js';
import { clientFor, reading, reasonOf, withClient } from './connect.js';
import { isPgauditLoaded, readLoginRoles, readOverrides, readSettings } from './read-settings.js';

/** Milliseconds between two looks. */
const INTERVAL = 60_000;

export interface SettingsWatchOptions {
  /** `postgres://user@host:port/database`; any database of the server will do. */
  readonly url: string;
  /** The file that keeps the last look. */
  readonly cachePath: string;
  /** What a login role is to the filter; `null` where nobody can tell. */
  readonly kindOf: (role: string) => Promise<RoleKind | null>;
}

export interface SettingsReport extends CacheFileReport {
  /** The settings cannot be read; told once per outage. A change is told when they can be read again. */
  settingsFailed(error: unknown): void;
}

export interface WatchSurroundings {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly report: SettingsReport;
}

/**
 * What a look finds is kept only after its changes were told, and some seconds later: a crash in between tells them
 * again, and never not at all. What changed and changed back between two looks is not seen here; the statements that
 * did it are in the log.
 */
export class SettingsWatch {
  readonly #options: SettingsWatchOptions;
  readonly #surroundings: WatchSurroundings;
  readonly #file: CacheFile<AuditSettings>;
  #last: AuditSettings | null = null;
  #isFailing = false;

  private constructor(options: SettingsWatchOptions, surroundings: WatchSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#file = new CacheFile({ ...surroundings, path: options.cachePath, schema: auditSettings });
  }

  /** Takes up the last look from disk; the database is not asked. Throws a ShipperError where the URL is none. */
  static async load(options: SettingsWatchOptions, surroundings: WatchSurroundings): Promise<SettingsWatch> {
    clientFor(options.url);
    const watch = new SettingsWatch(options, surroundings);
    watch.#last = await watch.#file.read();
    return watch;
  }

  /**
   * Looks at once and then every minute, until the signal aborts. The first look ever has nothing to compare with, and
   * tells nothing.
   *
   * @param onChange resolves when the event is in the journal; where it rejects, the change is told again
   */
  async follow(
    signal: AbortSignal,
    onChange: (content: ConfigContent) => void | Promise<void>,
  ): Promise<void> {
    while (!signal.aborted) {
      await this.look(onChange);
      await sleep(this.#surroundings.clock, INTERVAL, signal);
    }
  }

  /** Looks once; it never rejects. */
  async look(onChange: (content: ConfigContent) => void | Promise<void>): Promise<void> {
    try {
      const now = remember(this.#last, await this.#read());
      const changes = this.#last === null ? [] : diff(this.#last, now);
      if (changes.length > 0) await onChange(toContent(this.#last?.readAt ?? 0, changes));
      this.#last = now;
      this.#file.schedule(() => now);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#surroundings.report.settingsFailed(error);
      this.#isFailing = true;
    }
  }

  /** The server's own value of a setting, as the last look saw it; `null` where that is not known. */
  valueOf(name: string): string | null {
    return this.#last?.settings.find(setting => setting.name === name)?.value ?? null;
  }

  /** Writes the last look, if it is not written yet. */
  close(): Promise<void> {
    return this.#file.close();
  }

  async #read(): Promise<AuditSettings> {
    const { url, kindOf } = this.#options;
    const readAt = this.#surroundings.clock.now();
    const { server, settings, overrides, logins } = await readAll(url);
    const kinds: NonNullable<AuditSettings['kinds']> = {};
    for (const role of logins) {
      const kind = await kindOf(role);
      if (kind !== null) kinds[role] = kind;
    }
    return {
      v: 1,
      server,
      readAt,
      isLoaded: isPgauditLoaded(settings),
      settings: settings.flatMap(({ name, value }) => (value === null ? [] : [{ name, value }])),
      overrides,
      kinds,
    };
  }
}

async function readAll(url: string) {
  const client = clientFor(url);
  try {
    return await withClient(client, () =>
      reading(client, async () => ({
        server: `${client.host}:${client.port}`,
        settings: await readSettings(client),
        overrides: await readOverrides(client),
        logins: await readLoginRoles(client),
      })),
    );
  } catch (error) {
    const code = reasonOf(error);
    // A message of the database or of its client may hold anything.
    throw new ShipperError(code, `the database's settings cannot be read (${code})`);
  }
}

function toContent(since: number, changes: ConfigContent['config']['changes']): ConfigContent {
  return { kind: 'config', config: { since: new Date(since).toISOString(), changes } };
}
