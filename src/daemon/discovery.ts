/**
 * Servers that come and go: each is read from when its files are found until they are gone and read to their end. The
 * chain says when it was found and when it was let go: in between it is expected.
 */

import { matchesGlob } from 'node:path';
import type { SourceConfig } from '../config/schema.js';
import type { NewEvent } from '../event/event.js';
import { jsonOf } from '../event/line.js';
import type { SourcePosition } from '../event/position.js';
import type { Progress } from '../journal/covered.js';
import type { Journal } from '../journal/journal.js';
import { type Clock, hasPassed, sleep } from '../lib/clock.js';
import { codeOf, ShipperError } from '../lib/errors.js';
import type { SourceFault } from '../read/record.js';
import type { Source } from './source.js';

/** A signal's reason if a server is let go: nothing more will come of it. */
export const LET_GO = Symbol('let go');

/** Milliseconds between two looks. */
const INTERVAL = 5000;
/** Milliseconds for which a server's files are gone before it is let go: longer than a deleted file is kept open. */
const GONE_FOR = 90_000;

export interface DiscoveryOptions {
  /** Looks for servers: each setting's own. */
  readonly look: () => Promise<readonly Look[]>;
  /** Names of servers that the configuration names itself. */
  readonly named: ReadonlySet<string>;
  readonly create: (config: SourceConfig) => Source;
  /** All sources that are read: those that come and go are added and removed. */
  readonly sources: Source[];
  readonly journal: Pick<Journal, 'append' | 'servers' | 'checkpointOf'>;
  /** Keeps how far files were read, for when they come back: resolves when that is durable. */
  readonly keep: (instance: string, positions: readonly SourcePosition[]) => Promise<void>;
  readonly lifecycle: (action: 'found' | 'retired', instance: string) => NewEvent;
  /** What a file had beyond this position is not known. */
  readonly unwatched: (position: SourcePosition, instance: string) => UnwatchedEnd;
  readonly report: DiscoveryReport;
  readonly once: boolean;
  readonly clock: Clock;
}

export interface UnwatchedEnd {
  readonly event: NewEvent;
  readonly progress: Progress;
}

/**
 * The servers that have their names for themselves: what another one of the same name wrote could not be told from it.
 *
 * @param names which files each name has; those of new names are added
 */
export function withOwnNames(servers: readonly SourceConfig[], names: Map<string, string>): SourceConfig[] {
  return servers.filter(({ instance, files }) => {
    const own = files.join(' ');
    if (!names.has(instance)) names.set(instance, own);
    return names.get(instance) === own;
  });
}

/** What one setting finds. */
export interface Look {
  readonly servers: readonly SourceConfig[];
  /** How many of them may be read. */
  readonly most: number;
  /** What cannot be seen: servers may be there. */
  readonly faults: readonly SourceFault[];
  /** Log files whose servers would have a name that is none. */
  readonly unnamed: readonly string[];
}

export interface DiscoveryReport {
  serverFound(instance: string): void;
  /** @param wasRead whether its files were read until they were gone */
  serverLetGo(instance: string, wasRead: boolean): void;
  /** Nothing is read: no server was found yet. */
  noServer(what: string): void;
  /** Of these servers nothing is read: there are more than the configuration allows. */
  tooManyServers(instances: readonly string[]): void;
  /** Of these paths nothing is read: they cannot be listed, or name no server. */
  serversUnseen(paths: readonly string[]): void;
  /** A server is not let go until its positions are kept. */
  ledgerFailed(code: string): void;
}

/** One server while it is known. */
interface Found {
  /** `null` if it is one too many. */
  reading: {
    readonly files: string;
    readonly source: Source;
    readonly stop: AbortController;
    readonly ended: Promise<void>;
  } | null;
  /** Since when its files are gone, in milliseconds since the epoch; `null` if they are there. */
  goneSince: number | null;
  /** By this process: else nobody knows what its files had when they went away. */
  wasRead: boolean;
}

type Read = (source: Source, stop: AbortSignal) => Promise<void>;

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #found = new Map<string, Found>();
  /** The first failure of a server's reading that ends the daemon. */
  readonly #failed = Promise.withResolvers<never>();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => undefined);
    for (const name of options.journal.servers)
      if (!options.named.has(name)) this.#found.set(name, { reading: null, goneSince: null, wasRead: false });
  }

  /** Reads what it finds until the signal aborts; with `once`, what is there now. Rejects if the daemon must end. */
  async run(stop: AbortSignal, read: Read): Promise<void> {
    const { once, clock, report } = this.#options;
    if (once) {
      const wasAny = this.#found.size > 0;
      await this.#look(stop, read);
      if (!wasAny && this.#found.size === 0) throw new ShipperError('no-log', NOTHING);
      await this.#allEnded();
      return;
    }
    const looking = async (): Promise<void> => {
      await this.#look(stop, read);
      if (this.#found.size === 0) report.noServer(NOTHING);
      while (!stop.aborted) {
        await sleep(clock, INTERVAL, stop);
        if (!stop.aborted) await this.#look(stop, read);
      }
      await this.#allEnded();
    };
    await Promise.race([looking(), this.#failed.promise]);
  }

  async #allEnded(): Promise<void> {
    await Promise.all([...this.#found.values()].map(({ reading }) => reading?.ended));
  }

  async #look(stop: AbortSignal, read: Read): Promise<void> {
    const { look, report } = this.#options;
    const there = new Set<string>();
    const looks = await look();
    const names = this.#namesAmong(looks.flatMap(({ servers }) => servers));
    const own = looks.map(one => ({ ...one, servers: withOwnNames(one.servers, names) }));
    report.tooManyServers(own.flatMap(one => this.#readFound(one, there, stop, read)));
    const others = looks.flatMap(({ servers }, at) => servers.filter(one => !own[at]?.servers.includes(one)));
    report.serversUnseen([
      ...looks.flatMap(({ faults, unnamed }) => [...faults.map(({ path }) => path), ...unnamed]),
      ...others.flatMap(({ files: [path = ''] }) => path),
    ]);
    // What could not be seen is not gone.
    if (looks.every(({ faults }) => faults.length === 0)) await this.#letGoOthers(there);
  }

  /** Reads what a look found, and adds it to `there`. Returns the servers that are too many. */
  #readFound({ servers, most }: Look, there: Set<string>, stop: AbortSignal, read: Read): string[] {
    const left: string[] = [];
    let room = most - servers.filter(({ instance }) => this.#isRead(instance)).length;
    for (const config of servers) {
      const { instance } = config;
      if (this.#options.named.has(instance) || there.has(instance)) continue;
      there.add(instance);
      const one = this.#meet(instance);
      one.goneSince = null;
      if (one.reading !== null) continue;
      if (room-- > 0) {
        one.reading = this.#begin(config, stop, read);
        one.wasRead = true;
      } else left.push(instance);
    }
    return left;
  }

  async #letGoOthers(there: ReadonlySet<string>): Promise<void> {
    const { clock, once } = this.#options;
    for (const [instance, one] of this.#found) {
      if (there.has(instance)) continue;
      one.goneSince ??= clock.now();
      if (once || hasPassed(one.goneSince, clock.now(), GONE_FOR)) await this.#letGo(instance, one);
    }
  }

  /** Of what is read, with its files; and of what the last run read. */
  #namesAmong(servers: readonly SourceConfig[]): Map<string, string> {
    const names = new Map<string, string>();
    for (const [name, { reading }] of this.#found) if (reading !== null) names.set(name, reading.files);
    for (const { instance, files } of servers) {
      if (names.has(instance)) continue;
      const { files: known } = this.#options.journal.checkpointOf(instance);
      const wasRead = known.some(({ path }) => files.some(pattern => matchesGlob(path, pattern)));
      if (wasRead) names.set(instance, files.join(' '));
    }
    return names;
  }

  #isRead(instance: string): boolean {
    return (this.#found.get(instance)?.reading ?? null) !== null;
  }

  #meet(instance: string): Found {
    const known = this.#found.get(instance);
    if (known !== undefined) return known;
    const { journal, lifecycle, report } = this.#options;
    const one = { reading: null, goneSince: null, wasRead: false };
    this.#found.set(instance, one);
    report.serverFound(instance);
    // With a checkpoint: after a crash it is still known, so that its end can be recorded.
    void journal.append({
      source: instance,
      events: [jsonOf(lifecycle('found', instance))],
      checkpoint: { files: [], facts: null },
    });
    return one;
  }

  #begin(config: SourceConfig, stop: AbortSignal, read: Read): NonNullable<Found['reading']> {
    const source = this.#options.create(config);
    this.#options.sources.push(source);
    const own = new AbortController();
    const ended = read(source, AbortSignal.any([stop, own.signal]));
    ended.catch(error => this.#failed.reject(error));
    return { files: config.files.join(' '), source, stop: own, ended };
  }

  /**
   * What was read of it stays in the chain; its state is not needed any more, but for where reading stopped, as its files
   * may come back. A crash before the last entry leaves the server known: it is let go again.
   */
  async #letGo(instance: string, one: Found): Promise<void> {
    const { journal, lifecycle, unwatched, keep, report } = this.#options;
    if ((one.reading?.source.unread ?? 0) > 0) return;
    await this.#stopReading(one);
    const { files } = journal.checkpointOf(instance);
    try {
      await keep(instance, files);
    } catch (error) {
      report.ledgerFailed(codeOf(error));
      return;
    }
    this.#found.delete(instance);
    const last = one.wasRead ? undefined : files.at(-1);
    const gaps = last === undefined ? [] : [unwatched(last, instance)];
    report.serverLetGo(instance, one.wasRead);
    void journal.append({
      source: instance,
      events: [...gaps.map(({ event }) => jsonOf(event)), jsonOf(lifecycle('retired', instance))],
      progress: gaps.map(({ progress }) => progress),
      checkpoint: { files: [], gone: files.map(({ contentId }) => contentId), facts: null },
      isOver: true,
    });
  }

  async #stopReading(one: Found): Promise<void> {
    const { reading } = one;
    if (reading === null) return;
    const { sources } = this.#options;
    reading.stop.abort(LET_GO);
    await reading.ended;
    sources.splice(sources.indexOf(reading.source), 1);
    one.reading = null;
  }
}

const NOTHING = 'No log file matches sources: discover: files. Fix it, or wait until a server is there.';
