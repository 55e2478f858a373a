/** `demo`: the main job, end to end, on a throw-away PostgreSQL with pgAudit and local folders. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { LogEntry } from '../../deliver/destination.js';
import { installedMajors, ThrowawayPostgres } from './postgres.js';
import { environmentFor, listObjects, readEntries, ShipperProcess, until } from './shipper.js';
import { heading, say, showDropped, showShipped, showStep } from './show.js';
import { PEOPLE, SCENE, STEPS, type Step } from './workload.js';

const RECORDED = fileURLToPath(new URL('../../../test/fixtures/samples', import.meta.url));
const MAIN = fileURLToPath(new URL('../../main.js', import.meta.url));
/** Milliseconds in which a statement shows up, if it is logged at all. */
const SOON = 2000;
/** Milliseconds in which a busy shipper would have counted more records. */
const QUIET = 300;

export interface DemoOptions {
  /** Stays up until Ctrl-C. */
  readonly keep: boolean;
}

/** Returns the exit code. */
export async function demo({ keep }: DemoOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-demo-'));
  // The server's unprivileged user has to pass through.
  await chmod(folder, 0o711);
  const people = join(folder, 'people.csv');
  await writeFile(people, PEOPLE, { mode: 0o600 });
  try {
    return installedMajors().length === 0
      ? await replay(folder, people)
      : await perform(folder, people, keep);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function perform(folder: string, people: string, keep: boolean): Promise<number> {
  heading('Starting');
  const postgres = await ThrowawayPostgres.start(join(folder, 'postgres'));
  try {
    say(`  PostgreSQL ${postgres.major} with pgAudit listens on port ${postgres.port}.`);
    await postgres.query('postgres', ...SCENE);
    const shipper = await ShipperProcess.start(folder, postgres.logPattern, people);
    try {
      say(`  The shipper reads ${postgres.logPattern}.`);
      heading('Two persons and a service at work');
      for (const step of STEPS) await play(step, postgres, shipper);
      await summarize(folder, shipper);
      if (keep) await stayUp(postgres, shipper);
    } finally {
      await shipper.stop();
    }
  } finally {
    await postgres.stop();
  }
  heading('Done');
  say('  The server is stopped and its files are removed.');
  return 0;
}

/** Does the step, waits for what comes of it, and shows that. */
async function play(step: Step, postgres: ThrowawayPostgres, shipper: ShipperProcess): Promise<void> {
  showStep(step);
  await quiet(shipper);
  const [entriesBefore, countsBefore] = [(await entriesOf(shipper)).length, await shipper.counts()];
  const client = await postgres.connect(step.user);
  try {
    const start = performance.now();
    await client.query(step.sql, [...(step.parameters ?? [])]);
    await sleepUntil(
      async () =>
        (await entriesOf(shipper)).length > entriesBefore ||
        dropOf(countsBefore, await shipper.counts()) !== null,
    );
    const took = Math.round(performance.now() - start);
    const arrived = (await entriesOf(shipper)).slice(entriesBefore);
    if (arrived.length > 0) showShipped(arrived, took);
    else
      showDropped(
        dropOf(countsBefore, await shipper.counts()) ?? 'pgAudit logs nothing, so nothing is shipped',
      );
  } finally {
    await client.end();
  }
}

/** Waits until everything that happened before has been read. */
async function quiet(shipper: ShipperProcess): Promise<void> {
  const total = async (): Promise<number> =>
    [...(await shipper.counts()).values()].reduce((sum, count) => sum + count, 0);
  for (let before = -1, now = await total(); now !== before; now = await total()) {
    before = now;
    await sleep(QUIET);
  }
}

async function entriesOf(shipper: ShipperProcess): Promise<LogEntry[]> {
  return (await shipper.entries()).filter(
    ({ labels }) => labels.kind === 'statement' || labels.kind === 'suspect',
  );
}

/** Which reason to drop a statement has been counted since; logins and the like are not statements. */
function dropOf(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string | null {
  for (const [what, count] of now) {
    const isStatement = what.startsWith('dropped') && !what.endsWith('not-audit');
    if (isStatement && count > (before.get(what) ?? 0)) return what;
  }
  return null;
}

async function sleepUntil(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SOON;
  while (performance.now() < deadline && !(await isSo())) await sleep(20);
}

async function summarize(folder: string, shipper: ShipperProcess): Promise<void> {
  const shipped = (await entriesOf(shipper)).length;
  const counts = await shipper.counts();
  heading('What became of every record of the log');
  for (const [what, count] of [...counts].sort()) say(`  ${String(count).padStart(5)}  ${what}`);
  await until('the archive holds every event', async () => (await countArchived(folder)) >= shipped);
  heading('Where it lies');
  for (const name of await readdir(join(folder, 'logging'))) say(`  ${join(folder, 'logging', name)}`);
  for (const path of await listObjects(folder)) say(`  ${path}`);
  say(`\n  ${shipped} events are in both places, among them no login and nothing by the service.`);
}

async function countArchived(folder: string): Promise<number> {
  const objects = await Promise.all((await listObjects(folder)).map(path => readFile(path)));
  const lines = objects.flatMap(object => gunzipSync(object).toString('utf8').split('\n'));
  return lines.filter(line => /"kind":"(statement|suspect)"/.test(line)).length;
}

async function stayUp(postgres: ThrowawayPostgres, shipper: ShipperProcess): Promise<void> {
  heading('Try it yourself; end with Ctrl-C');
  say(`  psql -h 127.0.0.1 -p ${postgres.port} -U Z990001 postgres`);
  say(`  tail -f ${join(shipper.folder, 'logging', 'entries-*.ndjson')}`);
  say(`  curl ${shipper.url}/internal/prometheus`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

/** Where PostgreSQL cannot be had: the same with recorded logs. */
async function replay(folder: string, people: string): Promise<number> {
  heading(
    'No PostgreSQL with pgAudit is installed here: replaying the recorded logs of real servers instead',
  );
  const env = { ...process.env, ...environmentFor(folder, join(RECORDED, 'pg*.csv'), people) };
  const { status } = spawnSync(process.execPath, [MAIN, 'run', '--once'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const entry of await readEntries(folder)) {
    if (entry.labels.kind === 'statement') showShipped([entry], 0);
  }
  return status ?? 1;
}
