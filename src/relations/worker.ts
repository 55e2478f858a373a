/**
 * PostgreSQL's parser in a thread of its own (started by thread.ts): one statement a message, one answer each.
 *
 * It runs from `src` too, where Node.js strips the types but finds no `.js`: what it imports is named `.ts`.
 */

import { setFlagsFromString } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { classesIn } from './classes.ts';
import type { Parsed } from './thread.ts';
import { changesIn } from './tree.ts';

const NOTHING: Parsed = { changes: [], classes: [] };
/** The most that names may take, in characters: an event repeats them in each part that it is cut into. */
const LONGEST_NAMES = 16 * 1024;
/** Keyword kinds of libpg_query above UNRESERVED_KEYWORD, which quote_identifier quotes. */
const UNRESERVED_KEYWORD = 1;

// V8's optimizing compiler would take 600 MB for a moment for the parser's largest function, to save
// microseconds a statement. Both flags are needed, before the module is compiled; they hold for the whole process, where
// no other WebAssembly is worth optimizing.
setFlagsFromString('--no-wasm-tier-up');
setFlagsFromString('--no-wasm-dynamic-tiering');
const { hasSqlDetails, loadModule, parseSync, scanSync } = await import('libpg-query');
await loadModule();
// V8 compiles each function when it is first called: that is part of loading, not of the first statement's time.
answer('UPDATE a SET b = 1');

/**
 * The text's statements that write or change something else, or why they cannot be told. What is no error of the parser itself is
 * thrown, and ends the thread: a stack that overflowed leaves the parser's memory in disorder.
 */
function answer(statement: string): Parsed | 'syntax' | 'size' {
  if (statement.trim() === '') return NOTHING;
  try {
    const tree: unknown = parseSync(statement);
    const changes = changesIn(tree, isKeyword);
    const names = new Set(changes.flatMap(({ relations }) => relations));
    return [...names].join('').length <= LONGEST_NAMES ? { changes, classes: classesIn(tree) } : 'size';
  } catch (error) {
    if (hasSqlDetails(error)) return 'syntax';
    throw error;
  }
}

/** Asked of names in lower case only; these make one token. */
function isKeyword(name: string): boolean {
  const [token] = scanSync(name).tokens;
  return token !== undefined && token.keywordKind > UNRESERVED_KEYWORD;
}

parentPort?.on('message', (statement: string) => parentPort?.postMessage(answer(statement)));
parentPort?.postMessage('ready');
