/** Checks every minute whether somebody changed what is audited, and who is not audited now. */

import { createHash } from 'node:crypto';
import type { AuditChange, ConfigFields } from '../event/config.js';
import type { PopulationFields, UnauditedRoles } from '../event/population.js';
import { CacheFile, type CacheFileReport } from '../lib/cache-file.js';
import { type Clock, hasPassed, sleep, Waker } from '../lib/clock.js';
import type { Disk } from '../lib/disk.js';
import { codeOf, ShipperError } from '../lib/errors.js';
import { type AuditSettings, auditSettings, carryOver, diff, type RoleKind } from './audit-settings.js';
import { clientFor, hasOverrun, reasonOf, TIMEOUT } from './connect.js';
import { lookAt, type ServerLook } from './look.js';
import { isPgauditLoaded } from './read-settings.js';

/** Milliseconds between two looks. */
const INTERVAL = 60_000;
/** Milliseconds between two looks at least, if the log shows one change of roles after another. */
const LEAST_INTERVAL = 5000;
/** Changes in one event: after a change of the filter every role may have one. */
const MOST_CHANGES = 500;

/** The result of a look. */
export interface LookResult {
  /** The filter's kind of each login role. */
  readonly kinds: Readonly<Record<string, RoleKind>>;
  readonly population: readonly PopulationFields[];
  readonly unaudited: UnauditedRoles;
}

export interface SettingsWatchOptions<J extends LookResult> {
  /** `postgres://user@host:port/database`; any database of the server will do. */
  readonly url: string;
  /** The file that keeps the last look. */
  readonly cachePath: string;
  readonly evaluate: (look: ServerLook) => Promise<J>;
}

export type ReportedFields = ConfigFields | PopulationFields;
/** Resolves when the event is in the journal; if it rejects, it is given again. */
export type ReportEvent = (fields: ReportedFields) => void | Promise<void>;

export interface SettingsReport<J extends LookResult> extends CacheFileReport {
  /** The settings cannot be read; reported once per outage. A change is recorded when they can be read again. */
  settingsFailed(error: unknown): void;
  /** The result of a look was not journaled; the next look records it again. */
  settingsNotRecorded(error: unknown): void;
  /** After each look: the result counts until the next one. */
  settingsChecked(result: J): void;
}

export interface WatchSurroundings<J extends LookResult> {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly report: SettingsReport<J>;
}

/**
 * A look is saved some seconds after its changes were journaled: after a crash in between, they are recorded again, and
 * never lost. What changed and changed back between two looks is not seen here; the statements that did it are in the
 * log.
 */
export class SettingsWatch<J extends LookResult> {
  readonly #options: SettingsWatchOptions<J>;
  readonly #surroundings: WatchSurroundings<J>;
  readonly #file: CacheFile<AuditSettings>;
  readonly #waker: Waker;
  #last: AuditSettings | null = null;
  /** Since the start. */
  #hasLooked = false;
  #isFailing = false;
  /** The server cancelled the last look, because it took too long. */
  #isOverrun = false;

  private constructor(options: SettingsWatchOptions<J>, surroundings: WatchSurroundings<J>) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#waker = new Waker(surroundings.clock);
    this.#file = new CacheFile({ ...surroundings, path: options.cachePath, schema: auditSettings });
  }

  /** Takes the last look from disk; does not query the database. Throws a ShipperError if the URL is invalid. */
  static async load<J extends LookResult>(
    options: SettingsWatchOptions<J>,
    surroundings: WatchSurroundings<J>,
  ): Promise<SettingsWatch<J>> {
    clientFor(options.url);
    const watch = new SettingsWatch(options, surroundings);
    watch.#last = await watch.#file.read();
    return watch;
  }

  /**
   * Looks at once and then every minute, or when it is woken, until the signal aborts. The very first look has nothing
   * to compare the settings with, and records the population only.
   */
  async follow(signal: AbortSignal, reportEvent: ReportEvent): Promise<void> {
    const { clock } = this.#surroundings;
    while (!signal.aborted) {
      const lookedAt = clock.now();
      await this.look(reportEvent);
      // The log may wake it once a second; a look that overran is repeated after the whole interval.
      if (this.#isOverrun) await sleep(clock, INTERVAL, signal);
      else await this.#waker.wait(INTERVAL, signal);
      if (!hasPassed(lookedAt, clock.now(), LEAST_INTERVAL)) await sleep(clock, LEAST_INTERVAL, signal);
    }
  }

  /** The log shows that something changed roles or their settings. */
  wake(): void {
    this.#waker.wake();
  }

  /** Looks once; never rejects. */
  async look(reportEvent: ReportEvent): Promise<void> {
    const { clock, report } = this.#surroundings;
    const readAt = clock.now();
    let look: ServerLook;
    try {
      look = await readAll(this.#options.url);
    } catch (error) {
      if (!this.#isFailing) report.settingsFailed(error);
      this.#isFailing = true;
      this.#isOverrun = hasOverrun(codeOf(error));
      return;
    }
    this.#isFailing = false;
    this.#isOverrun = false;
    try {
      await this.#looked(look, readAt, reportEvent);
    } catch (error) {
      report.settingsNotRecorded(error);
    }
  }

  async #looked(look: ServerLook, readAt: number, reportEvent: ReportEvent): Promise<void> {
    const seen = carryOver(this.#last, settingsOf(look, readAt));
    const result = await this.#options.evaluate(withLastSeen(look, seen));
    this.#surroundings.report.settingsChecked(result);
    const now = { ...seen, kinds: { ...result.kinds } };
    const isChanged = await this.#reportChanges(now, result, reportEvent);
    const population = await this.#reportPopulation(now, result, isChanged, reportEvent);
    const last = { ...now, population };
    this.#last = last;
    this.#hasLooked = true;
    this.#file.scheduleNews(() => last, { ...last, readAt: 0 });
  }

  /** The server's own value of a setting, as the last look saw it; `null` if unknown. */
  valueOf(name: string): string | null {
    return this.#last?.settings.find(setting => setting.name === name)?.value ?? null;
  }

  /** Writes the last look if it is not on disk yet. */
  close(): Promise<void> {
    return this.#file.close();
  }

  /** Returns whether there were any. */
  async #reportChanges(now: AuditSettings, { unaudited }: J, reportEvent: ReportEvent): Promise<boolean> {
    const changes = this.#last === null ? [] : diff(this.#last, now);
    const since = new Date(this.#last?.readAt ?? 0).toISOString();
    for (let start = 0; start < changes.length; start += MOST_CHANGES) {
      const some: readonly AuditChange[] = changes.slice(start, start + MOST_CHANGES);
      await reportEvent({ kind: 'config', config: { since, changes: some, unaudited } });
    }
    return changes.length > 0;
  }

  /**
   * Daily, at a start if it changed, if others may turn auditing off, and if other persons are not audited while no
   * change of a setting says so.
   */
  async #reportPopulation(
    { server, readAt }: AuditSettings,
    { population, unaudited }: J,
    isChanged: boolean,
    reportEvent: ReportEvent,
  ): Promise<NonNullable<AuditSettings['population']>> {
    const before = this.#last?.server === server ? this.#last.population : undefined;
    const now = {
      digest: digestOf(population),
      unaudited: digestOf([unaudited]),
      mayTurnOff: digestOf(population.flatMap(({ population: part }) => part.mayTurnOff)),
      day: new Date(readAt).toISOString().slice(0, 10),
    };
    const isDue =
      before?.day !== now.day ||
      (!this.#hasLooked && before.digest !== now.digest) ||
      (before.mayTurnOff !== undefined && before.mayTurnOff !== now.mayTurnOff) ||
      (!isChanged && before.unaudited !== now.unaudited);
    if (!isDue) return { ...before, unaudited: now.unaudited, mayTurnOff: now.mayTurnOff };
    for (const part of population) await reportEvent(part);
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

/** Settings that this look could not see have the values seen last. */
function withLastSeen(look: ServerLook, { settings }: AuditSettings): ServerLook {
  const lastSeen = new Map(settings.map(({ name, value }) => [name, value]));
  const filled = [...look.settings.values()].map(one => ({
    ...one,
    value: one.value ?? lastSeen.get(one.name) ?? null,
  }));
  return { ...look, settings: new Map(filled.map(one => [one.name, one])) };
}

async function readAll(url: string): Promise<ServerLook> {
  try {
    return await lookAt(url);
  } catch (error) {
    const code = reasonOf(error);
    // The message of the database or of its client may contain anything.
    const what = hasOverrun(code)
      ? `reading the database's settings and roles took over ${TIMEOUT / 1000} s and was cancelled (${code}); the next attempt is in a minute`
      : `the database's settings cannot be read (${code})`;
    throw new ShipperError(code, what);
  }
}
