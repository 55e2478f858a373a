/** Files of very many people: a thread whose heap V8 limits to 24 MB reads them. */

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { idKey } from '../../src/identity/people/entry.js';
import { loadPeople } from '../../src/identity/people/load.js';
import { temporaryFolder } from '../support/temp.js';

async function fileOf(content: string, name = 'people.csv'): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test('200,000 people: each is found, they take 30 MB, and the main thread only waits', async () => {
  const rows = numbers(200_000).map(n => `Z${n},kari.${n}@nav.no,"Nordmann, Kari ${n}",4817\n`);
  const path = await fileOf(`id,email,name,unit\n${rows.join('')}`);
  const before = process.memoryUsage().arrayBuffers;
  let isLoading = true;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (isLoading) setTimeout(turn, 1);
  };
  turn();
  const { people, ignored } = await loadPeople(path);
  isLoading = false;
  expect([people.count, ignored]).toEqual([200_000, []]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000);
  // One turn would be one block; a table that were built here would leave none at all.
  expect(turns).toBeGreaterThan(100);
  const found = numbers(200_000).filter(n => people.find(idKey(`z${n}`), 0)?.name === `Nordmann, Kari ${n}`);
  expect(found).toHaveLength(200_000);
  people.release();
  expect(people.find(idKey('Z1'), 0)).toBeNull();
});

test('two ids with the same hash are two people', async () => {
  const seen = new Map<number, string>();
  const pair = numbers(500_000).flatMap(n => {
    const id = createHash('sha256').update(`${n}`).digest('hex');
    const hash = crc32(idKey(id));
    const other = seen.get(hash);
    seen.set(hash, id);
    return other === undefined ? [] : [[other, id]];
  })[0];
  const [one = '', two = ''] = pair ?? [];
  expect([one, two]).not.toContain('');
  const { people } = await loadPeople(await fileOf(`id,name\n${one},Kari\n${two},Ola\n`));
  expect([one, two, 'p'].map(id => people.find(idKey(id), 0)?.name)).toEqual(['Kari', 'Ola', undefined]);
});

test.each([
  ['people.csv', `id,name\nZ1,"${'å'.repeat(40_000_000)}"\n`, 'is not well-formed (CSV_MAX_RECORD_SIZE)'],
  ['people.yaml', `- {id: Z1, name: ${'x'.repeat(5_000_000)}}\n`, 'is over 4 MiB: save it as CSV'],
])('%s that would take too much memory is refused', async (name, content, problem) => {
  await expect(loadPeople(await fileOf(content, name))).rejects.toThrow(`${name}: ${problem}`);
});

test('20,000 people in YAML', async () => {
  const rows = numbers(20_000).map(
    n => `- {id: Z${n}, email: kari.${n}@nav.no, name: Kari ${n}, unit: 4817}\n`,
  );
  const { people } = await loadPeople(await fileOf(rows.join(''), 'people.yaml'));
  expect(people.find(idKey('Z19999'), 0)?.name).toBe('Kari 19999');
});

test('what is not used is named once, however much there is of it', async () => {
  const columns = numbers(5000).map(n => `column${n}`);
  const row = (values: readonly string[]): string => `${values.join(',')}\n`;
  const content = row(['id', ...columns]) + row(['Z1', ...columns]) + row(['Z2', ...columns]);
  expect((await loadPeople(await fileOf(content))).ignored).toEqual(columns.slice(0, 100));
});
