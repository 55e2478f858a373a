/** What the triggers of config/postgresql/row-history.sql cost an application and a person: pgbench, on and off in turn. */

import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, test } from 'vitest';
import { ThrowawayPostgres } from '../demo/postgres.js';
import { pgbench } from './pgbench.js';
import { addRow, median, printTable } from './table.js';
import { benchFolder } from './watched.js';

const SCRIPT = fileURLToPath(new URL('../config/postgresql/row-history.sql', import.meta.url));
const SECONDS = 15;
/** Rounds whose median counts: other processes come and go. */
const ROUNDS = 6;
const SERVICE = 'app_web';
const PERSON = 'Z990001';
const TABLES = ['accounts', 'branches', 'tellers', 'history'].map(name => `pgbench_${name}`);
const WHEN = `FOR EACH STATEMENT WHEN (session_user <> ALL ('{${SERVICE}}'::text[])) EXECUTE FUNCTION row_history.record()`;

const forEach = (sql: (table: string) => string): string => TABLES.map(sql).join(';');

/** `statement` is what else could be done: never called for a service, either, but the server keeps the rows for it. */
const MODES = {
  off: 'SELECT 1',
  'by row': forEach(table => `SELECT row_history.watch('${table}')`),
  'by statement': forEach(
    table => `CREATE TRIGGER s_insert AFTER INSERT ON ${table} REFERENCING NEW TABLE AS n ${WHEN};
      CREATE TRIGGER s_update AFTER UPDATE ON ${table} REFERENCING OLD TABLE AS o NEW TABLE AS n ${WHEN};
      CREATE TRIGGER s_delete AFTER DELETE ON ${table} REFERENCING OLD TABLE AS o ${WHEN}`,
  ),
} as const;
type Mode = keyof typeof MODES;

const NONE = forEach(
  table => `SELECT row_history.unwatch('${table}'); DROP TRIGGER IF EXISTS s_insert ON ${table};
    DROP TRIGGER IF EXISTS s_update ON ${table}; DROP TRIGGER IF EXISTS s_delete ON ${table}`,
);

interface Run {
  readonly tps: number;
  /** The server's, in µs for each transaction. */
  readonly cpu: number;
}

afterAll(printTable);

/** Seconds of CPU of the server so far: its processes, and those of them that ended. */
async function cpuOf(postgres: ThrowawayPostgres): Promise<number> {
  const main = (await readFile(join(postgres.folder, 'data/postmaster.pid'), 'utf8')).split('\n')[0] ?? '';
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  const ticks = stats.map(stat => {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isMain = stat.startsWith(`${main} `);
    if (!isMain && fields[1] !== main) return 0;
    return fields.slice(11, isMain ? 15 : 13).reduce((sum, value) => sum + Number(value), 0);
  });
  return ticks.reduce((sum, value) => sum + value, 0) / 100;
}

async function run(postgres: ThrowawayPostgres, user: string, mode: Mode): Promise<Run> {
  await postgres.query('postgres', NONE, MODES[mode], 'VACUUM', 'CHECKPOINT');
  const before = await cpuOf(postgres);
  const printed = await pgbench(postgres, user, ['-n', '-c', '2', '-T', String(SECONDS)]);
  const cpu = (await cpuOf(postgres)) - before;
  const transactions = Number(/transactions actually processed: (\d+)/.exec(printed)?.[1]);
  return { tps: Number(/^tps = ([\d.]+)/m.exec(printed)?.[1]), cpu: (cpu * 1e6) / transactions };
}

test.each<[string, string, readonly Mode[]]>([
  ['a service', SERVICE, ['off', 'by row', 'by statement']],
  ['a person', PERSON, ['off', 'by row']],
])('(o) the history of rows, as %s', async (name, user, modes) => {
  await using folder = await benchFolder();
  await chmod(folder.path, 0o711);
  const postgres = await ThrowawayPostgres.start(join(folder.path, 'postgres'), { fsync: 'on', 'pgaudit.log': 'none' });
  try {
    await pgbench(postgres, 'postgres', ['-i', '-q', '-s', '20']);
    const roles = [SERVICE, PERSON].map(role => `CREATE ROLE "${role}" LOGIN`);
    const grant = 'GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC';
    await postgres.query('postgres', ...roles, grant, await readFile(SCRIPT, 'utf8'), `SELECT row_history.services('${SERVICE}')`);
    const rounds: Run[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const runs: Run[] = [];
      // To and fro: what drifts, such as a cache that fills, is for none of them.
      const order = round % 2 === 0 ? modes : modes.toReversed();
      for (const mode of order) runs[modes.indexOf(mode)] = await run(postgres, user, mode);
      rounds.push(runs);
    }
    for (const [index, mode] of modes.entries()) {
      const of = (value: (run: Run, off: Run) => number): number =>
        median(rounds.flatMap(([off, ...more]) => {
          const one = [off, ...more][index];
          return off && one ? [value(one, off)] : [];
        }));
      addRow(`(o) ${name}, ${mode}`, {
        tps: of(({ tps }) => tps).toFixed(0),
        'CPU µs': of(({ cpu }) => cpu).toFixed(0),
        'tps : off': of((one, off) => one.tps / off.tps).toFixed(3),
        'CPU : off': of((one, off) => one.cpu / off.cpu).toFixed(3),
        'each tps : off': rounds.map(([off, ...more]) => (([off, ...more][index]?.tps ?? 0) / (off?.tps ?? 1)).toFixed(2)).join(' '),
      });
    }
  } finally {
    await postgres.stop();
  }
});
