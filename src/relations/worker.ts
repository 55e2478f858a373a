/**
 * PostgreSQL's parser in its own thread (started by thread.ts): one statement per message, one answer each.
 *
 * It also runs from `src`, where Node.js strips the types but finds no `.js`: its imports end in `.ts`.
 */

import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { boundsIn } from './bounds.ts';
import { classesIn } from './classes.ts';
import { marksIn } from './marks.ts';
import { mayHaveMarks } from './may-have-marks.ts';
import type { Parsed } from './thread.ts';
import { changesIn } from './tree.ts';

const forReview: unknown = Reflect.get(Object(workerData), 'forReview');
const NO_MARKS = marksIn(null);
const NOTHING: Parsed = { changes: [], classes: [], bounds: [], marks: NO_MARKS };
const NOT_ASKED = { bounds: null, marks: null };
/** Characters of names, at most: an event repeats them in each part into which it is split. */
const LONGEST_NAMES = 16 * 1024;
/** Keyword kinds of libpg_query above UNRESERVED_KEYWORD, which quote_identifier quotes. */
const UNRESERVED_KEYWORD = 1;

// V8's optimizing compiler would briefly take 600 MB for the parser's largest function, to save microseconds per
// statement. Both flags are needed, before the module is compiled. They apply to the whole process, but not to modules that
// are there already: the scanner's is, before the first statement is read.
setFlagsFromString('--no-wasm-tier-up');
setFlagsFromString('--no-wasm-dynamic-tiering');
const { hasSqlDetails, loadModule, parseSync, scanSync } = await import('libpg-query');
await loadModule();
// V8 compiles each function when it is first called: that belongs to loading, not to the first statement's time.
answer('UPDATE a SET b = 1');

/**
 * The text's statements that write or change something else, or why they are unknown. An error that is not the parser's
 * own is thrown, and ends the thread: after a stack overflow, the parser's memory is inconsistent.
 */
function answer(statement: string): Parsed | 'syntax' | 'size' {
  if (statement.trim() === '') return NOTHING;
  try {
    const tree: unknown = parseSync(statement);
    const changes = changesIn(tree, isKeyword);
    const names = new Set(changes.flatMap(({ relations }) => relations));
    if ([...names].join('').length > LONGEST_NAMES) return 'size';
    const marks = forReview === true && mayHaveMarks(statement) ? marksIn(tree) : NO_MARKS;
    const review = forReview === true ? { bounds: boundsIn(tree), marks } : NOT_ASKED;
    return { changes, classes: classesIn(tree), ...review };
  } catch (error) {
    if (hasSqlDetails(error)) return 'syntax';
    throw error;
  }
}

/** Called with lower-case names only; these make one token. */
function isKeyword(name: string): boolean {
  const [token] = scanSync(name).tokens;
  return token !== undefined && token.keywordKind > UNRESERVED_KEYWORD;
}

parentPort?.on('message', (statement: string) => parentPort?.postMessage(answer(statement)));
parentPort?.postMessage('ready');
