/**
 * Servers that come and go: each is read from when its files are found until they are gone and read to their end. The
 * chain says when it was found and when it was let go: in between it is expected.
 */

import type { SourceConfig } from '../config/schema.js';
import type { NewEvent } from '../event/event.js';
import { jsonOf } from '../event/line.js';
import type { Journal } from '../journal/journal.js';
import { type Clock, hasPassed, sleep } from '../lib/clock.js';
import { ShipperError } from '../lib/errors.js';
import type { Source } from './source.js';

/** A signal's reason if a server is let go: nothing more will come of it. */
export const LET_GO = Symbol('let go');

/** Milliseconds between two looks. */
const INTERVAL = 5000;
/** Milliseconds for which a server's files are gone before it is let go: longer than a deleted file is kept open. */
const GONE_FOR = 90_000;

export interface DiscoveryOptions {
  /** Looks for servers: each setting's own, and how many it may have. */
  readonly look: () => Promise<
    readonly { readonly servers: readonly SourceConfig[]; readonly most: number }[]
  >;
  /** Names of servers that the configuration names itself. */
  readonly named: ReadonlySet<string>;
  readonly create: (config: SourceConfig) => Source;
  /** All sources that are read: those that come and go are added and removed. */
  readonly sources: Source[];
  readonly journal: Pick<Journal, 'append' | 'servers' | 'checkpointOf'>;
  readonly lifecycle: (action: 'found' | 'retired', instance: string) => NewEvent;
  readonly report: DiscoveryReport;
  readonly once: boolean;
  readonly clock: Clock;
}

export interface DiscoveryReport {
  serverFound(instance: string): void;
  serverLetGo(instance: string): void;
  /** Of these servers nothing is read: there are more than the configuration allows. */
  tooManyServers(instances: readonly string[]): void;
}

/** One server while it is known. */
interface Found {
  /** `null` if it is one too many. */
  reading: { readonly source: Source; readonly stop: AbortController; readonly ended: Promise<void> } | null;
  /** Since when its files are gone, in milliseconds since the epoch; `null` if they are there. */
  goneSince: number | null;
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
      if (!options.named.has(name)) this.#found.set(name, { reading: null, goneSince: null });
  }

  /** Servers that were found before, and not let go. */
  get known(): readonly string[] {
    return [...this.#found.keys()].sort();
  }

  /** Reads what it finds until the signal aborts; with `once`, what is there now. Rejects if the daemon must end. */
  async run(stop: AbortSignal, read: Read): Promise<void> {
    const { once, clock } = this.#options;
    if (once) {
      const wasAny = this.#found.size > 0;
      await this.#look(stop, read);
      if (!wasAny && this.#found.size === 0) throw new ShipperError('no-log', NOTHING);
      await this.#allEnded();
      return;
    }
    const looking = async (): Promise<void> => {
      while (!stop.aborted) {
        await this.#look(stop, read);
        await sleep(clock, INTERVAL, stop);
      }
      await this.#allEnded();
    };
    await Promise.race([looking(), this.#failed.promise]);
  }

  async #allEnded(): Promise<void> {
    await Promise.all([...this.#found.values()].map(({ reading }) => reading?.ended));
  }

  async #look(stop: AbortSignal, read: Read): Promise<void> {
    const { look, named, clock, report, once } = this.#options;
    const there = new Set<string>();
    const left: string[] = [];
    for (const { servers, most } of await look()) {
      let room = most - servers.filter(({ instance }) => this.#isRead(instance)).length;
      for (const config of servers) {
        const { instance } = config;
        if (named.has(instance) || there.has(instance)) continue;
        there.add(instance);
        const one = this.#meet(instance);
        if (one.reading !== null) continue;
        if (room-- > 0) one.reading = this.#begin(config, stop, read);
        else left.push(instance);
      }
    }
    report.tooManyServers(left);
    for (const [instance, one] of this.#found) {
      one.goneSince = there.has(instance) ? null : (one.goneSince ?? clock.now());
      if (one.goneSince === null) continue;
      if (once || hasPassed(one.goneSince, clock.now(), GONE_FOR)) await this.#letGo(instance, one);
    }
  }

  #isRead(instance: string): boolean {
    return (this.#found.get(instance)?.reading ?? null) !== null;
  }

  #meet(instance: string): Found {
    const known = this.#found.get(instance);
    if (known !== undefined) return known;
    const { journal, lifecycle, report } = this.#options;
    const one = { reading: null, goneSince: null };
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
    return { source, stop: own, ended };
  }

  /** What was read of it stays in the chain; its state is not needed any more. */
  async #letGo(instance: string, { reading }: Found): Promise<void> {
    if (reading !== null && reading.source.unread > 0) return;
    const { journal, lifecycle, report, sources } = this.#options;
    reading?.stop.abort(LET_GO);
    await reading?.ended;
    const { files } = journal.checkpointOf(instance);
    this.#found.delete(instance);
    if (reading !== null) sources.splice(sources.indexOf(reading.source), 1);
    report.serverLetGo(instance);
    void journal.append({
      source: instance,
      events: [jsonOf(lifecycle('retired', instance))],
      checkpoint: { files: [], gone: files.map(({ contentId }) => contentId), facts: null },
      isOver: true,
    });
  }
}

const NOTHING = 'No log file matches sources: discover: files. Fix it, or wait until a server is there.';
