import { stat } from 'node:fs/promises';
import { logOf, PERSON, type KindName } from './input.ts';
import { csvParse, ship } from './processes.ts';
const PERSONS = { personalUsers: [`^${PERSON}$`], serviceUsers: ['^app_'], otherUsers: 'drop' };
const mb = Number(process.argv[2] ?? 100);
for (const kind of (process.argv[3] ?? 'sessions,connections,reads,durations,tenth').split(',') as KindName[]) {
  const file = await logOf(kind, mb);
  const size = (await stat(file)).size / 1e6;
  const a = process.argv[4] === 'no' ? { cpu: size / 30 } : await csvParse(file);
  const b = await ship(file, { filter: PERSONS });
  console.log(kind.padEnd(12), size.toFixed(0), 'MB csv-parse', a.cpu.toFixed(2), 'ours cpu', b.cpu.toFixed(2), 'wall', b.wall.toFixed(2), 'ratio', (a.cpu / b.cpu).toFixed(2), 'rss', b.rss.toFixed(0));
}
