/** Statements that would block, corrupt or fill the parser: at most its thread is lost, never this one. */

import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createRelationParser, type RelationParser } from '../../src/relations/relations.js';
import type { Unparsable } from '../../src/relations/thread.js';
import { csvRecord, writeMessage } from '../support/csvlog.js';
import { written } from '../support/relations.js';
import { archived, eventually, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

/** Milliseconds in which any statement is parsed that can be parsed, on the slowest machine. */
const AMPLE = 120_000;
/** Statements that take minutes are not parsed. */
const SHORT = 300;

function startParser(timeLimit = AMPLE): { parser: RelationParser; reasons: Unparsable[] } {
  const reasons: Unparsable[] = [];
  const parser = createRelationParser({ timeLimit, unparsable: reason => reasons.push(reason) });
  onTestFinished(() => parser.close());
  return { parser, reasons };
}

/** Turns of the event loop until the answer: this thread continues meanwhile. */
async function turnsUntil(answer: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isThere = false;
  void answer.finally(() => {
    isThere = true;
  });
  for (; !isThere; turns++) await new Promise(resolve => setImmediate(resolve));
  return turns;
}

/** Quadratic in the scanner: PostgreSQL itself takes minutes. */
const SLOW = `${'/*'.repeat(6e4)}${'*/'.repeat(6e4)}UPDATE t SET a = 1`;

const KIB = 1024;
const HOSTILE: [string, string, readonly string[] | null, Unparsable?][] = [
  ['100,000 nested parentheses', `SELECT ${'('.repeat(1e5)}1${')'.repeat(1e5)}`, null, 'syntax'],
  ['100,000 nested brackets', `SELECT ARRAY${'['.repeat(1e5)}${']'.repeat(1e5)}`, null, 'syntax'],
  // Left recursion needs no stack in the grammar; the tree is deep, and the stack overflows as it is written out.
  ['100,000 sums', `UPDATE t SET a = 1${'+1'.repeat(1e5)}`, null, 'crash'],
  ['50,000 casts', `UPDATE t SET a = 1${'::int'.repeat(5e4)}`, null, 'crash'],
  ['10,000 sums', `UPDATE t SET a = 1${'+1'.repeat(1e4)}`, ['t']],
  ['60,000 nested comments', SLOW, null, 'time'],
  ['40,000 conjuncts', `UPDATE t SET a = 1 WHERE b${' AND b'.repeat(4e4)}`, ['t']],
  ['15,000 statements', 'UPDATE t SET a=1;'.repeat(15_000), ['t']],
  ['an identifier of 240 KB', `UPDATE "${'a""'.repeat(8e4)}" SET a=1`, [`"${'a""'.repeat(31)}a"`]],
  ['a string without end', `UPDATE t SET a='${'x'.repeat(2e5)}`, null, 'syntax'],
  ['as large as is parsed', `UPDATE t SET a='${'x'.repeat(256 * KIB - 17)}'`, ['t']],
  ['one byte larger', `UPDATE t SET a='${'x'.repeat(256 * KIB - 16)}'`, null, 'size'],
  ['too large in bytes only', `UPDATE t SET a='${'å'.repeat(140 * KIB)}'`, null, 'size'],
  ['a string of 10 MB', `UPDATE t SET a='${'x'.repeat(1e7)}'`, null, 'size'],
  ['3,000 tables', `TRUNCATE ${Array.from({ length: 3_000 }, (_, i) => `tab${i}`).join()}`, null, 'size'],
  // To the parser the statement would end there.
  ['a NUL', 'UPDATE t SET a = 1\0; DELETE FROM u', null, 'syntax'],
  // UTF-8 cannot hold it; a careless caller may.
  ['half a surrogate pair', 'UPDATE "\ud800" SET a = 1', ['"\ufffd\ufffd\ufffd"']],
];

test.each(HOSTILE)('%s', async (_name, statement, expected, reason) => {
  const { parser, reasons } = startParser(reason === 'time' ? SHORT : AMPLE);
  expect(await written(parser, statement)).toEqual(expected);
  expect(reasons).toEqual(reason === undefined ? [] : [reason]);
  expect(await written(parser, 'UPDATE public.konto SET navn=$1 WHERE id=$2')).toEqual(['public.konto']);
});

test('a spoiled parser never answers: 10 stacks that overflow, each with a good statement after it', async () => {
  const { parser, reasons } = startParser();
  const asked = Array.from({ length: 10 }, (_, i) => [
    written(parser, `UPDATE t${i} SET a = 1${'+1'.repeat(6e4)}`),
    written(parser, `INSERT INTO s.t${i} VALUES (1)`),
  ]);
  const answers = await Promise.all(asked.map(pair => Promise.all(pair)));
  expect(answers).toEqual(Array.from({ length: 10 }, (_, i) => [null, [`s.t${i}`]]));
  expect(reasons).toEqual(Array(10).fill('crash'));
});

test('while a statement is parsed, the event loop continues', async () => {
  const { parser } = startParser(SHORT);
  expect(await turnsUntil(Promise.resolve(written(parser, SLOW)))).toBeGreaterThan(100);
});

test('of a hundred concurrent statements, only the one that takes too long gets no answer', async () => {
  const { parser, reasons } = startParser(2000);
  await written(parser, 'SELECT 1');
  const asked = Array.from({ length: 100 }, (_, i) =>
    written(parser, i === 40 ? SLOW : `UPDATE t${i} SET a = 1`),
  );
  expect(await Promise.all(asked)).toEqual(
    Array.from({ length: 100 }, (_, i) => (i === 40 ? null : [`t${i}`])),
  );
  expect(reasons).toEqual(['time']);
});

test('a busy main thread does not make an answer late', async () => {
  const limit = 1000;
  const { parser, reasons } = startParser(limit);
  await written(parser, 'SELECT 1');
  // Timers of one turn: nothing is read between the request, the busy time, and the limit.
  const asked = new Promise(resolve =>
    setTimeout(() => resolve(written(parser, 'UPDATE konto SET a = 1')), 5),
  );
  setTimeout(() => {
    const until = performance.now() + 1.5 * limit;
    while (performance.now() < until);
  }, 5);
  expect([await asked, reasons]).toEqual([['konto'], []]);
});

test('a statement that took too long once is retried', async () => {
  const { parser, reasons } = startParser(SHORT);
  for (let i = 0; i < 2; i++) expect(await written(parser, SLOW)).toBeNull();
  expect(reasons).toEqual(['time', 'time']);
});

test('an idle parser does not keep the process alive', () => {
  const relations = new URL('../../src/relations/relations.ts', import.meta.url);
  const loader = new URL('../../bench/typescript.mjs', import.meta.url);
  const script = `
    const { createRelationParser } = await import(process.argv[1]);
    console.log(await createRelationParser().changes('UPDATE s.konto SET a = 1'));`;
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--import', loader.href, '--input-type=module', '-e', script, relations.href],
    { encoding: 'utf8', timeout: 20_000 },
  );
  expect([stdout, status]).toEqual(["[ { commands: [ 'UPDATE' ], relations: [ 's.konto' ] } ]\n", 0]);
});

test('an idle thread is ended, and started again on demand', async () => {
  const { parser, reasons } = startParser();
  const threads = async (): Promise<number> => (await readdir('/proc/self/task')).length;
  await written(parser, 'UPDATE konto SET a = 1');
  const whileAsked = await threads();
  await eventually(async () => (await threads()) < whileAsked);
  expect(await written(parser, 'UPDATE b SET a = 1')).toEqual(['b']);
  expect(reasons).toEqual([]);
});

test('the program finds its parser', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'a.csv');
  await writeFile(file, csvRecord({ message: writeMessage('UPDATE s.konto SET a = 1') }));
  const { code } = await runOnce(folder, settings(folder, [file]));
  const [event] = await archived(folder, 'statement');
  expect([code, event?.audit?.objects]).toEqual([0, ['s.konto']]);
});

test('10,000 statements make the process grow by far less than the optimizing compiler would', () => {
  const worker = fileURLToPath(new URL('../../src/relations/worker.ts', import.meta.url));
  const script = `
    const { Worker } = require('node:worker_threads');
    const before = process.resourceUsage().maxRSS;
    const worker = new Worker(process.argv[1]);
    let left = 10_000;
    worker.on('message', () => {
      if (left-- > 0) return worker.postMessage('UPDATE konto SET navn=$1 WHERE id=' + left);
      console.log(process.resourceUsage().maxRSS - before);
      process.exit();
    });`;
  const { stdout } = spawnSync(process.execPath, ['-e', script, worker], { encoding: 'utf8' });
  const grownBy = Number(stdout) / KIB;
  expect(grownBy).toBeGreaterThan(0);
  // MiB; about 50 without that compiler, 600 with it.
  expect(grownBy).toBeLessThan(200);
});
