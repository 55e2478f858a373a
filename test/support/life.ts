/** The daemon's stages in this process, with the test's own clock and disk, from one start to its end. */

import { join } from 'node:path';
import { pino } from 'pino';
import { type Config, schema } from '../../src/config/schema.js';
import { type Assembly, assemble } from '../../src/daemon/assemble/stages.js';
import { Health } from '../../src/daemon/health.js';
import { createMetrics } from '../../src/daemon/metrics.js';
import { runPipeline, type Stages } from '../../src/daemon/pipeline.js';
import { Telemetry } from '../../src/daemon/telemetry/telemetry.js';
import { Disk } from '../../src/lib/disk.js';
import { createRelationParser } from '../../src/relations/relations.js';
import { Activity } from './activity.js';
import type { ManualClock } from './clock.js';
import type { FaultyFs } from './faulty-fs.js';
import { type Settings, settings } from './shipper.js';

const metrics = createMetrics();
/** One for all lives: it takes time to start. */
const parser = createRelationParser({ forReview: true });

/** Milliseconds of the test's clock in which everything that polls gets its turn. */
const QUIET = 13_000;
const STEP = 1000;
const GRACE = 20_000;
/** Milliseconds of real time after which something must be hanging, however slow the machine is. */
const PATIENCE = 240_000;

export interface LifeOptions {
  readonly clock: ManualClock;
  readonly fs: FaultyFs;
  readonly once?: boolean;
  /** Called with the stages before they run. */
  readonly onStages?: (stages: Stages) => void;
}

export class Life {
  readonly #stages: Stages;
  readonly #clock: ManualClock;
  readonly #fs: FaultyFs;
  readonly #stop: AbortController;
  readonly #abort: AbortController;
  readonly #activity: Activity;
  readonly #running: Promise<void>;
  #hasEnded = false;

  private constructor(
    { stages, close }: Assembly,
    { clock, fs }: { clock: ManualClock; fs: FaultyFs },
    stop: AbortController,
    abort: AbortController,
    activity: Activity,
  ) {
    this.#activity = activity;
    this.#stages = stages;
    this.#clock = clock;
    this.#fs = fs;
    this.#stop = stop;
    this.#abort = abort;
    this.#running = this.#inLoops(stages, stop.signal, abort.signal).finally(async () => {
      this.#hasEnded = true;
      await close();
    });
    // `ended` reports the error; until then it is not an unhandled rejection.
    this.#running.catch(() => undefined);
  }

  /** Rejects as the daemon does if it cannot start. */
  static async start(config: Config, { clock, fs, once = false, onStages }: LifeOptions): Promise<Life> {
    fs.revive();
    const [stop, abort] = [new AbortController(), new AbortController()];
    fs.onDeath = () => {
      stop.abort();
      abort.abort();
    };
    const telemetry = new Telemetry(pino({ level: 'silent' }), metrics, new Health());
    const surroundings = {
      clock,
      disk: new Disk(fs),
      watch: null,
      telemetry,
      parser,
      stop: stop.signal,
      abort: abort.signal,
    };
    const activity = new Activity();
    const assembling = activity.in('start', () => assemble(config, { once }, surroundings));
    const assembly = await driven(clock, activity, assembling);
    onStages?.(assembly.stages);
    return new Life(assembly, { clock, fs }, stop, abort, activity);
  }

  /** Each loop runs under its name, so that it is known which of them wait. */
  #inLoops(stages: Stages, stop: AbortSignal, abort: AbortSignal): Promise<void> {
    const { journal, sinks } = stages;
    for (const [name, loop] of Object.entries({ journal, ...sinks })) {
      if (loop === null) continue;
      const run = loop.run.bind(loop);
      loop.run = signal => this.#activity.in(name, () => run(signal));
    }
    return this.#activity.in('source', () => runPipeline(stages, stop, abort));
  }

  /** Lets time pass until all that can happen has happened. */
  async settle(): Promise<void> {
    let before = '';
    const start = performance.now();
    for (let quiet = 0; quiet < QUIET && !this.#hasEnded; quiet += STEP) {
      await this.#clock.advance(STEP);
      await this.#rest(start);
      const now = this.#progress();
      if (now !== before) quiet = 0;
      before = now;
    }
  }

  /** Waits until every loop waits for time to pass and no call of the file system is under way. */
  async #rest(since: number): Promise<void> {
    while (!this.#isAtRest && !this.#hasEnded) {
      if (performance.now() - since > PATIENCE) throw new Error('it does not come to rest');
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  get #isAtRest(): boolean {
    const { loops } = this.#clock;
    return (
      this.#activity.calls === 0 && ['source', 'journal', 'logging', 'archive'].every(loop => loops.has(loop))
    );
  }

  /** Lets this much time pass, and waits until everything that it caused is done. */
  async pass(ms: number): Promise<void> {
    const start = performance.now();
    await this.#clock.advance(ms);
    await this.#rest(start);
  }

  /** Events that are durable. */
  get journaled(): number {
    return this.#stages.journal.lastSeq;
  }

  /** Events that some sink does not have yet, sealed or not. */
  get waiting(): number {
    const { journal, sinks } = this.#stages;
    return journal.lastSeq - Math.min(sinks.logging.reader.seq, sinks.archive.reader.seq);
  }

  /** Whether it ended, by itself or killed. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Events that wait for each sink; for the archive only those in sealed segments. */
  get lag(): { logging: number; archive: number } {
    const { journal, sinks } = this.#stages;
    const sealed = journal.sealed.at(-1)?.lastSeq ?? 0;
    return {
      logging: sinks.logging.reader.lag.events,
      archive: Math.max(0, sealed - sinks.archive.reader.seq),
    };
  }

  /** Lets time pass until the run ends by itself. */
  async end(): Promise<void> {
    await driven(this.#clock, this.#activity, this.#running);
  }

  /** Like SIGTERM: what is not delivered within the grace time stays. */
  async shutDown(): Promise<void> {
    this.#stop.abort();
    const cancel = this.#clock.after(GRACE, () => this.#abort.abort());
    // In small steps: the file system needs real time for the work in the grace time.
    await driven(this.#clock, this.#activity, this.#running, STEP / 10);
    cancel();
  }

  /** Like SIGKILL: nothing changes from here on. */
  async kill(): Promise<void> {
    this.#fs.kill();
    // Errors of a killed run do not matter.
    await driven(this.#clock, this.#activity, this.#running).catch(() => undefined);
  }

  #progress(): string {
    const { journal, sinks, sources } = this.#stages;
    const positions = sources.flatMap(source => source.positions);
    const offsets = positions.map(({ offset, size }) => `${offset}/${size}`);
    return [
      journal.lastSeq,
      journal.size,
      sinks.logging.reader.seq,
      sinks.archive.reader.seq,
      ...offsets,
    ].join(' ');
  }
}

/** Moves the clock until the promise is settled, and lets the file system answer in between. */
async function driven<T>(clock: ManualClock, activity: Activity, promise: Promise<T>, ms = STEP): Promise<T> {
  let isSettled = false;
  const done = (): void => {
    isSettled = true;
  };
  promise.then(done, done);
  const start = performance.now();
  while (!isSettled) {
    if (performance.now() - start > PATIENCE) throw new Error('it does not end');
    const before = activity.made;
    await clock.advance(ms);
    do await new Promise(resolve => setImmediate(resolve));
    while (activity.calls > 0 && !isSettled);
    // Then something else takes real time, such as a server's answer.
    if (activity.made === before) await new Promise(resolve => setTimeout(resolve, 1));
  }
  return await promise;
}

/** Local folders below `folder`, segments that are sealed every minute, two sinks. */
export function lifeConfig(folder: string, files: readonly string[], more: Settings = {}): Config {
  return schema.parse(
    settings(folder, files, {
      archive: { to: `file:${join(folder, 'archive')}`, segment: { maxAge: '1m', maxSize: '4KiB' } },
      ...more,
    }),
  );
}
