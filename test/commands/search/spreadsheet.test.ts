/** Spreadsheets: other people's text is never a formula, no text is lost in silence, memory does not grow. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { parse } from 'csv-parse/sync';
import { readXlsx } from 'hucre/xlsx';
import { describe, expect, test } from 'vitest';
import { eventSheet } from '../../../src/commands/search/columns.js';
import type { SearchArguments } from '../../../src/commands/search/options.js';
import { searchArchive } from '../../../src/commands/search/search.js';
import { OutFile } from '../../../src/commands/search/sink.js';
import { Workbook } from '../../../src/commands/search/workbook.js';
import { shownInSheet } from '../../../src/lib/sheet-text.js';
import { Zone } from '../../../src/lib/zone.js';
import { searchAll, statement, storeOf, writeArchive } from '../../support/search.js';
import { temporaryFolder } from '../../support/temp.js';

/** OWASP's list for CSV injection, and what is skipped or read like it. */
const FORMULAS = [
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-1+1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  ' =1',
  '\u00a0=1',
  '\u200b=1',
  '\uff1d1+1',
  '\uff0b1',
  '\uff0d1',
  '\uff20A1',
];
const HOSTILE = ['\u0000\u0001\u001b[2J\u000b\ufffe', ']]><x>&amp;"', '\ud800', '_x003D_1', 'a\u202eb'];

async function exported(
  format: 'csv' | 'xlsx',
  texts: readonly string[],
): Promise<{ file: string; said: string }> {
  const folder = await temporaryFolder();
  const events = texts.map(text =>
    statement({
      user: text,
      name: text,
      database: text,
      audit: { statement: text, command: text, objects: [text], parameters: [text] },
    }),
  );
  await writeArchive(folder, [{ date: '2026-11-21', events }]);
  const file = join(folder, `x.${format}`);
  const given: SearchArguments = { format, out: file, timezone: new Zone('Europe/Oslo') };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let said = '';
  stderr.on('data', chunk => {
    said += chunk;
  });
  expect(await searchArchive(folder, given, { stdout, stderr })).toBe(0);
  return { file, said };
}

async function sheetRows(file: string): Promise<unknown[][]> {
  const { sheets } = await readXlsx(await readFile(file));
  return sheets.flatMap(({ rows }) => rows);
}

describe.each(['csv', 'xlsx'] as const)('%s', format => {
  async function cellsOf(texts: readonly string[]): Promise<string[][]> {
    const { file } = await exported(format, texts);
    const rows: unknown[][] =
      format === 'csv' ? parse(await readFile(file), { bom: true }) : await sheetRows(file);
    expect(rows).toHaveLength(texts.length + 1);
    return rows.slice(1).map(row => row.filter(cell => typeof cell === 'string'));
  }

  test('no cell begins like a formula', async () => {
    for (const cell of (await cellsOf(FORMULAS)).flat())
      expect(cell).not.toMatch(/^[\s\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/);
  });

  test('hostile text is written so that nothing steers, and the file stays readable', async () => {
    for (const cell of (await cellsOf(HOSTILE)).flat()) expect(cell).not.toMatch(/[^\P{C}\n\t]/u);
  });

  test('of nothing there are the columns', async () => {
    expect(await cellsOf([])).toEqual([]);
  });

  test('other text is as it was, with its lines', async () => {
    const text = 'UPDATE konto\n\tSET navn = \'Å, "B"; <c> & =d\'';
    expect((await cellsOf([text])).flat()).toContain(text);
  });
});

test('what a workbook reads as another character stays what it is (ST_Xstring: _x0041_ is A)', async () => {
  const texts = ['_x0041_', 'a_x202E_b', '_x005F_x0041_', '_x_x000D__x00e5_', '_x0041_x0042_ _X0041_ _x41_'];
  const { file } = await exported('xlsx', texts);
  for (const [index, row] of (await sheetRows(file)).slice(1).entries())
    expect(row.filter(cell => cell === texts[index])).toHaveLength(7);
});

test('csv that is split at semicolons, as Excel in Norway does, has no cell that begins like a formula', async () => {
  const texts = FORMULAS.flatMap(text => [`a;${text}`, `a\n${text}`, `a;"${text}"`, `a;\n" ;${text}`]);
  const { file } = await exported('csv', texts);
  const cells = (await readFile(file, 'utf8')).split(/[;\t\r\n]/);
  expect(cells.length).toBeGreaterThan(texts.length * 2);
  // Quotes that stand in front are taken away.
  for (const cell of cells) expect(cell).not.toMatch(/^["\s\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]/);
});

test('a negative number as text gets its apostrophe once', () => {
  expect([shownInSheet('-1'), shownInSheet('1-1'), shownInSheet("'=1")]).toEqual(["'-1", '1-1', "'=1"]);
});

test('a text that a cell of Excel cannot hold says how much is missing, and so does the command', async () => {
  const { file, said } = await exported('xlsx', ['x'.repeat(40_000)]);
  const cut = (await sheetRows(file))
    .flat()
    .filter(cell => typeof cell === 'string' && cell.startsWith('xxx'));
  expect(cut).toHaveLength(7);
  for (const cell of cut) {
    const [, kept = '', missing = ''] = /^(x+)… \((\d+) more characters/.exec(String(cell)) ?? [];
    expect(kept.length + Number(missing)).toBe(40_000);
    expect(String(cell).length).toBeLessThanOrEqual(32_767);
  }
  expect(said).toContain('1 row did not fit');
  expect(await readFile((await exported('csv', ['x'.repeat(40_000)])).file, 'utf8')).toContain(
    'x'.repeat(40_000),
  );
});

test('more rows than a page holds go on to the next one, with head and filter', async () => {
  const file = await OutFile.create(join(await temporaryFolder(), 'x.xlsx'));
  const sheet = { columns: [{ title: 'n', width: 9 }], cells: (n: number) => [n] };
  const book = new Workbook(sheet, file.stream, 4);
  for (let n = 0; n < 7; n++) await book.write(n);
  await book.end();
  await file.finish();
  const { sheets } = await readXlsx(await readFile(file.path));
  expect(sheets.map(({ rows }) => rows.map(([cell]) => cell))).toEqual([
    ['n', 0, 1, 2],
    ['n', 3, 4, 5],
    ['n', 6],
  ]);
  expect(sheets.map(({ autoFilter }) => autoFilter?.range)).toEqual(['A1:A4', 'A1:A4', 'A1:A2']);
});

test('a workbook waits for its file: what is written is not kept', async () => {
  const [object] = await writeArchive(null, [
    { date: '2026-11-21', events: [statement({ audit: { statement: 'x'.repeat(300) } })] },
  ]);
  if (object === undefined) throw new Error('there is no object');
  const [found] = (await searchAll(storeOf([object]), { kinds: ['statement'] })).found;
  if (found === undefined) throw new Error('nothing was found');
  let taken = 0;
  const slow = new PassThrough({ highWaterMark: 16 * 1024 });
  slow.on('data', chunk => {
    taken += chunk.length;
  });
  const book = new Workbook(eventSheet(new Zone('UTC')), slow);
  let most = 0;
  for (let n = 0; n < 30_000; n++) {
    await book.write(found);
    most = Math.max(most, slow.writableLength + slow.readableLength);
  }
  const before = taken;
  await book.end();
  // Most of it was written while rows came.
  expect(before).toBeGreaterThan((taken - before) * 4);
  expect(most).toBeLessThan(1024 * 1024);
});

test.each([0, 3])('a disk that is full after %d writes ends a workbook with its error', async most => {
  let writes = 0;
  const full = new Writable({
    write(_chunk, _encoding, done) {
      writes += 1;
      done(writes > most ? Object.assign(new Error('full'), { code: 'ENOSPC' }) : null);
    },
  });
  // As the command's output listens to it.
  full.on('error', () => undefined);
  const sheet = { columns: [{ title: 'n', width: 9 }], cells: (n: number) => [n, 'x'.repeat(n % 1000)] };
  const book = new Workbook(sheet, full);
  const write = async (): Promise<void> => {
    for (let n = 0; n < 20_000; n++) await book.write(n);
    await book.end();
  };
  if (most === 20_000) await expect(write()).resolves.toBeUndefined();
  else await expect(write()).rejects.toMatchObject({ code: 'ENOSPC' });
});

test('a file appears when it is whole, and only its owner may read it; without permission it says so', async () => {
  const { file } = await exported('csv', ['a']);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await expect(OutFile.create('/nowhere/x.csv')).rejects.toThrow('/nowhere/x.csv cannot be written (ENOENT)');
});
