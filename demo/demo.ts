/** `demo`: the main use, end to end, on a throw-away PostgreSQL with pgAudit and local folders. */

import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { hasCode, ShipperError } from '../src/lib/errors.js';
import { inProject } from '../src/lib/paths.js';
import { installedMajors, ThrowawayPostgres } from './postgres.js';
import { listObjects, ShipperProcess, until } from './shipper.js';
import { heading, oneLine, say, showDropped, showEntry, showStep, showWrong } from './show.js';
import { type Outcome, PEOPLE, SCENE, STEPS, type Step } from './workload.js';

const RECORDED = inProject('demo/recorded');
/** Milliseconds in which a statement is visible, if it is logged at all. */
const SOON = 2000;

export interface DemoOptions {
  /** Keeps running until Ctrl-C. */
  readonly keep: boolean;
}

/** Stops everything that was started, however the demo ends. */
type Cleanup = (() => Promise<unknown>)[];

/** Returns the exit code: 1 if any outcome is not the expected one. */
export async function demo({ keep }: DemoOptions): Promise<number> {
  const cleanup: Cleanup = [];
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(
    () => 'interrupted' as const,
  );
  try {
    const result = await Promise.race([perform(cleanup, keep ? ended : null), ended]);
    return result === 'interrupted' ? 1 : result;
  } catch (error) {
    if (!(error instanceof ShipperError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    for (const undo of cleanup.reverse()) await undo();
    heading('Everything that was started is stopped, and its files are removed');
  }
}

async function perform(cleanup: Cleanup, untilEnded: Promise<unknown> | null): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-demo-'));
  cleanup.push(() => rm(folder, { recursive: true, force: true }));
  // The server's unprivileged user needs to pass through.
  await chmod(folder, 0o711);
  const people = join(folder, 'people.csv');
  await writeFile(people, PEOPLE, { mode: 0o600 });
  if (installedMajors().length === 0) return await replay(folder, people, cleanup);

  heading('Starting');
  const postgres = await ThrowawayPostgres.start(join(folder, 'postgres'));
  cleanup.push(() => postgres.stop());
  say(`  PostgreSQL ${postgres.major} with pgAudit listens on port ${postgres.port}.`);
  await postgres.query('postgres', ...SCENE);
  const shipper = await ShipperProcess.start(folder, postgres.logPattern, people);
  cleanup.push(() => shipper.stop());
  say(`  The shipper reads ${postgres.logPattern}.`);

  heading('Two persons, a service and somebody at work');
  let wrong = 0;
  for (const step of STEPS) if (!(await play(step, postgres, shipper))) wrong += 1;
  await summarize(folder, shipper);
  if (untilEnded !== null) await stayUp(folder, postgres, shipper, untilEnded);
  return wrong > 0 ? 1 : 0;
}

/** Runs the step, waits for its outcome, and shows it. Returns whether the outcome is the expected one. */
async function play(step: Step, postgres: ThrowawayPostgres, shipper: ShipperProcess): Promise<boolean> {
  showStep(step);
  await shipper.quiet();
  const before = { entries: (await shipper.entries()).length, counts: await shipper.counts() };
  const client = await postgres.connect(step.user);
  try {
    const start = performance.now();
    await client.query(step.sql, [...(step.parameters ?? [])]);
    const outcome = await outcomeOf(shipper, before);
    const took = Math.round(performance.now() - start);
    const arrived = (await shipper.entries()).slice(before.entries);
    for (const entry of arrived) showEntry(entry, `, after ${took} ms`);
    if (arrived.length === 0) showDropped(outcome);
    if (outcome !== step.expected) showWrong(outcome, step.expected);
    return outcome === step.expected;
  } finally {
    await client.end();
  }
}

async function outcomeOf(
  shipper: ShipperProcess,
  before: { entries: number; counts: ReadonlyMap<string, number> },
): Promise<Outcome> {
  const deadline = performance.now() + SOON;
  while (performance.now() < deadline) {
    const arrived = (await shipper.entries())[before.entries];
    if (arrived !== undefined) return arrived.labels.kind === 'suspect' ? 'suspect' : 'statement';
    const counts = await shipper.counts();
    for (const reason of ['service-user', 'other-user'] as const) {
      const key = `dropped: ${reason}`;
      if ((counts.get(key) ?? 0) > (before.counts.get(key) ?? 0)) return reason;
    }
  }
  return 'not logged';
}

async function summarize(folder: string, shipper: ShipperProcess): Promise<void> {
  const entries = await shipper.entries();
  heading('The outcome of every record of the log');
  for (const [what, count] of [...(await shipper.counts())].sort())
    say(`  ${String(count).padStart(5)}  ${what}`);
  await until('the archive has every event', async () => (await countArchived(folder)) === entries.length);
  heading('Where the events are');
  for (const name of await readdir(join(folder, 'logging'))) say(`  ${join(folder, 'logging', name)}`);
  for (const path of await listObjects(folder)) say(`  ${path}`);
  const users = [...new Set(entries.map(entry => entry.labels.user))].sort();
  say(`\n  ${entries.length} events are in both places, all of them by ${users.join(' and ')}.`);
}

async function countArchived(folder: string): Promise<number> {
  const objects = await Promise.all((await listObjects(folder)).map(path => readFile(path)));
  const lines = objects.flatMap(object => gunzipSync(object).toString('utf8').split('\n'));
  return lines.filter(line => /"kind":"(statement|suspect)"/.test(line)).length;
}

async function stayUp(
  folder: string,
  postgres: ThrowawayPostgres,
  shipper: ShipperProcess,
  untilEnded: Promise<unknown>,
): Promise<void> {
  heading('Try it yourself; end with Ctrl-C');
  say(`  psql -h 127.0.0.1 -p ${postgres.port} -U Z990001 postgres`);
  say(`  tail -f ${join(folder, 'logging', 'entries-*.ndjson')}`);
  say(`  curl ${shipper.url}/internal/prometheus`);
  await untilEnded;
}

/** If PostgreSQL is not available: the same with recorded logs of real servers. */
async function replay(folder: string, people: string, cleanup: Cleanup): Promise<number> {
  heading(
    'No PostgreSQL with pgAudit is available here: replaying the recorded logs of real servers instead',
  );
  const logs = join(folder, 'recorded');
  await copyRecorded(logs);
  const shipper = await ShipperProcess.start(folder, join(logs, '*.csv'), people);
  cleanup.push(() => shipper.stop());
  await shipper.quiet();
  for (const entry of await shipper.entries()) {
    const statement: unknown = Reflect.get(Object(entry.jsonPayload.audit), 'statement');
    say(`\n  ${entry.labels.user?.padEnd(20)} ${oneLine(String(statement))}`);
    showEntry(entry);
  }
  await summarize(folder, shipper);
  return 0;
}

async function copyRecorded(to: string): Promise<void> {
  try {
    await cp(RECORDED, to, { recursive: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new ShipperError(
      'demo',
      'The recorded logs come with the source code only: run the demo in a clone of it.',
    );
  }
}
