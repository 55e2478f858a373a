/** The one table that all cases end in. */

import { stat } from 'node:fs/promises';
import { csvParse, type Settings, ship, type Usage } from './processes.js';
import { syslogNg } from './syslog-ng.js';

const rows: Record<string, string>[] = [];

export function addRow(name: string, values: Readonly<Record<string, string>>): void {
  rows.push({ case: name, ...values });
}

export function printTable(): void {
  console.table(rows);
}

/** Pairs whose median counts: other processes come and go. */
const PAIRS = 3;

/** Ships a file, or the same records in another format, and parses it with csv-parse in turn, then with syslog-ng; `records` are in it. */
export async function compare(
  name: string,
  file: string,
  records: number,
  settings: Settings,
  pairs = PAIRS,
  shipped = file,
): Promise<Usage> {
  const megabytes = (await stat(file)).size / 1e6;
  const runs: { ours: Usage; theirs: Usage }[] = [];
  for (let pair = 0; pair < pairs; pair++)
    runs.push({ theirs: await csvParse(file), ours: await ship(shipped, settings) });
  const others = await syslogNg(file, settings.keepsAll === true);
  const ours = medianOf(runs.map(run => run.ours));
  const ratio = (of: (usage: Usage) => number): string =>
    `${median(runs.map(run => of(run.ours) / of(run.theirs))).toFixed(2)}×`;
  addRow(name, {
    MB: megabytes.toFixed(0),
    'MB/s': (megabytes / ours.wall).toFixed(1),
    'records/s': Math.round(records / ours.wall).toLocaleString('en'),
    'CPU s': ours.cpu.toFixed(2),
    'RSS MB': ours.rss.toFixed(0),
    'wall : csv-parse': ratio(usage => usage.wall),
    'csv-parse : CPU': `${median(runs.map(run => run.theirs.cpu / run.ours.cpu)).toFixed(2)}×`,
    'syslog-ng : CPU': others === null ? 'not installed' : `${(others / ours.cpu).toFixed(2)}×`,
  });
  return ours;
}

function medianOf(usages: readonly Usage[]): Usage {
  return {
    wall: median(usages.map(usage => usage.wall)),
    cpu: median(usages.map(usage => usage.cpu)),
    rss: Math.max(...usages.map(usage => usage.rss)),
  };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
