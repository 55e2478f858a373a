/** Looks every minute whether somebody changed what is audited, and who is not audited now. */

import { createHash } from 'node:crypto';
import type { AuditChange, ConfigFields } from '../event/config.js';
import type { PopulationFields, UnauditedRoles } from '../event/population.js';
import { CacheFile, type CacheFileReport } from '../lib/cache-file.js';
import { type Clock, hasPassed, sleep, Waker } from '../lib/clock.js';
import type { Disk } from '../lib/disk.js';
import { ShipperError } from '../lib/errors.js';
import { type AuditSettings, auditSettings, diff, type RoleKind, remember } from './audit-settings.js';
import { clientFor, reasonOf } from './connect.js';
import { lookAt, type ServerLook } from './look.js';
import { isPgauditLoaded } from './read-settings.js';

/** Milliseconds between two looks. */
const INTERVAL = 60_000;
/** Milliseconds between two looks at least, where the log shows one change of roles after the other. */
const LEAST_INTERVAL = 5000;
/** Changes that one event tells: after a change of the filter every role may have one. */
const MOST_CHANGES = 500;

/** What a look comes to. */
export interface Judged {
  /** What each login role is to the filter. */
  readonly kinds: Readonly<Record<string, RoleKind>>;
  readonly population: readonly PopulationFields[];
  readonly unaudited: UnauditedRoles;
}

export interface SettingsWatchOptions<J extends Judged> {
  /** `postgres://user@host:port/database`; any database of the server will do. */
  readonly url: string;
  /** The file that keeps the last look. */
  readonly cachePath: string;
  readonly judge: (look: ServerLook) => Promise<J>;
}

export type Told = ConfigFields | PopulationFields;
/** Resolves when the event is in the journal; where it rejects, it is told again. */
export type Tell = (content: Told) => void | Promise<void>;

export interface SettingsReport<J extends Judged> extends CacheFileReport {
  /** The settings cannot be read; told once per outage. A change is told when they can be read again. */
  settingsFailed(error: unknown): void;
  /** What a look found did not come into the journal; the next look tells it again. */
  settingsUntold(error: unknown): void;
  /** After each look: what it found lasts until the next one. */
  settingsJudged(judged: J): void;
}

export interface WatchSurroundings<J extends Judged> {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly report: SettingsReport<J>;
}

/**
 * What a look finds is kept only after its changes were told, and some seconds later: a crash in between tells them
 * again, and never not at all. What changed and changed back between two looks is not seen here; the statements that
 * did it are in the log.
 */
export class SettingsWatch<J extends Judged> {
  readonly #options: SettingsWatchOptions<J>;
  readonly #surroundings: WatchSurroundings<J>;
  readonly #file: CacheFile<AuditSettings>;
  readonly #waker: Waker;
  #last: AuditSettings | null = null;
  /** Since the start. */
  #hasLooked = false;
  #isFailing = false;

  private constructor(options: SettingsWatchOptions<J>, surroundings: WatchSurroundings<J>) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#waker = new Waker(surroundings.clock);
    this.#file = new CacheFile({ ...surroundings, path: options.cachePath, schema: auditSettings });
  }

  /** Takes up the last look from disk; the database is not asked. Throws a ShipperError where the URL is none. */
  static async load<J extends Judged>(
    options: SettingsWatchOptions<J>,
    surroundings: WatchSurroundings<J>,
  ): Promise<SettingsWatch<J>> {
    clientFor(options.url);
    const watch = new SettingsWatch(options, surroundings);
    watch.#last = await watch.#file.read();
    return watch;
  }

  /**
   * Looks at once and then every minute, or when it is woken, until the signal aborts. The first look ever has nothing to
   * compare the settings with, and tells the population alone.
   */
  async follow(signal: AbortSignal, tell: Tell): Promise<void> {
    const { clock } = this.#surroundings;
    while (!signal.aborted) {
      const lookedAt = clock.now();
      await this.look(tell);
      await this.#waker.wait(INTERVAL, signal);
      if (!hasPassed(lookedAt, clock.now(), LEAST_INTERVAL)) await sleep(clock, LEAST_INTERVAL, signal);
    }
  }

  /** The log shows that something changed roles, or what is set for them. */
  wake(): void {
    this.#waker.wake();
  }

  /** Looks once; it never rejects. */
  async look(tell: Tell): Promise<void> {
    const { clock, report } = this.#surroundings;
    const readAt = clock.now();
    let look: ServerLook;
    try {
      look = await readAll(this.#options.url);
    } catch (error) {
      if (!this.#isFailing) report.settingsFailed(error);
      this.#isFailing = true;
      return;
    }
    this.#isFailing = false;
    try {
      await this.#looked(look, readAt, tell);
    } catch (error) {
      report.settingsUntold(error);
    }
  }

  async #looked(look: ServerLook, readAt: number, tell: Tell): Promise<void> {
    const seen = remember(this.#last, settingsOf(look, readAt));
    const judged = await this.#options.judge(withRemembered(look, seen));
    this.#surroundings.report.settingsJudged(judged);
    const now = { ...seen, kinds: { ...judged.kinds } };
    const isChanged = await this.#tellChanges(now, judged, tell);
    const population = await this.#tellPopulation(now, judged, isChanged, tell);
    const last = { ...now, population };
    this.#last = last;
    this.#hasLooked = true;
    this.#file.schedule(() => last);
  }

  /** The server's own value of a setting, as the last look saw it; `null` where that is not known. */
  valueOf(name: string): string | null {
    return this.#last?.settings.find(setting => setting.name === name)?.value ?? null;
  }

  /** Writes the last look, if it is not written yet. */
  close(): Promise<void> {
    return this.#file.close();
  }

  /** Returns whether any was told. */
  async #tellChanges(now: AuditSettings, { unaudited }: J, tell: Tell): Promise<boolean> {
    const changes = this.#last === null ? [] : diff(this.#last, now);
    const since = new Date(this.#last?.readAt ?? 0).toISOString();
    for (let start = 0; start < changes.length; start += MOST_CHANGES) {
      const some: readonly AuditChange[] = changes.slice(start, start + MOST_CHANGES);
      await tell({ kind: 'config', config: { since, changes: some, unaudited } });
    }
    return changes.length > 0;
  }

  /** Daily, at a start if it is not as before, and where others are not audited and no change of a setting tells so. */
  async #tellPopulation(
    { server, readAt }: AuditSettings,
    { population, unaudited }: J,
    isChanged: boolean,
    tell: Tell,
  ): Promise<NonNullable<AuditSettings['population']>> {
    const before = this.#last?.server === server ? this.#last.population : undefined;
    const now = {
      digest: digestOf(population),
      unaudited: digestOf([unaudited]),
      day: new Date(readAt).toISOString().slice(0, 10),
    };
    const isDue =
      before?.day !== now.day ||
      (!this.#hasLooked && before.digest !== now.digest) ||
      (!isChanged && before.unaudited !== now.unaudited);
    if (!isDue) return { ...before, unaudited: now.unaudited };
    for (const part of population) await tell(part);
    return now;
  }
}

function digestOf(parts: readonly object[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(JSON.stringify(part));
  return hash.digest('hex');
}

function settingsOf({ server, settings, overrides }: ServerLook, readAt: number): AuditSettings {
  const all = [...settings.values()];
  return {
    v: 1,
    server,
    readAt,
    isLoaded: isPgauditLoaded(all),
    settings: all.flatMap(({ name, value }) => (value === null ? [] : [{ name, value }])),
    overrides: [...overrides],
  };
}

/** What this look could not see is as it was seen last. */
function withRemembered(look: ServerLook, { settings }: AuditSettings): ServerLook {
  const known = new Map(settings.map(({ name, value }) => [name, value]));
  const filled = [...look.settings.values()].map(one => ({
    ...one,
    value: one.value ?? known.get(one.name) ?? null,
  }));
  return { ...look, settings: new Map(filled.map(one => [one.name, one])) };
}

async function readAll(url: string): Promise<ServerLook> {
  try {
    return await lookAt(url);
  } catch (error) {
    const code = reasonOf(error);
    // A message of the database or of its client may hold anything.
    throw new ShipperError(code, `the database's settings cannot be read (${code})`);
  }
}
