/**
 * Runs a function of the program and counts its work, in a thread of its own: there Node.js runs the sources as they
 * are, without the test runner's imports, and V8 counts how often each block of them runs.
 *
 * Native searches are not blocks: the characters that they skip are added.
 */

import { Session } from 'node:inspector/promises';
import { registerHooks } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { Question } from './work.js';

registerHooks({
  resolve(specifier, context, next) {
    const isOurs = !context.parentURL?.includes('/node_modules/');
    return next(isOurs ? specifier.replace(/^(\.[^?]*)\.js$/, '$1.ts') : specifier, context);
  },
});

/** Characters that regular expressions and searches read. */
let searched = 0;

const { exec } = RegExp.prototype;
RegExp.prototype.exec = function (this: RegExp, text: string): RegExpExecArray | null {
  const from = this.global || this.sticky ? this.lastIndex : 0;
  const found = Reflect.apply(exec, this, [text]);
  const end = found === null ? (this.sticky ? from : text.length) : found.index + found[0].length;
  searched += Math.max(end - from, 1);
  return found;
};

const { indexOf } = String.prototype;
const findIn = (text: string, part: string, from = 0): number => {
  const at = Reflect.apply(indexOf, text, [part, from]);
  searched += Math.max((at === -1 ? text.length : at) - from, 1);
  return at;
};
String.prototype.indexOf = function (part, from) {
  return findIn(String(this), part, from);
};
String.prototype.includes = function (part, from) {
  return findIn(String(this), part, from) !== -1;
};

const { indexOf: indexOfByte } = Buffer.prototype;
Buffer.prototype.indexOf = function (...args: Parameters<typeof indexOfByte>) {
  const at = Reflect.apply(indexOfByte, this, args);
  const from = typeof args[1] === 'number' ? args[1] : 0;
  searched += Math.max((at === -1 ? this.length : at) - from, 1);
  return at;
};

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** Blocks of the program's code, and of its libraries', that ran since the last time. */
async function takeBlocks(): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  let blocks = 0;
  for (const { url, functions } of result)
    if (url.startsWith('file:') && !url.includes('/test/'))
      for (const { ranges } of functions) for (const { count } of ranges) blocks += count;
  return blocks;
}

async function count({ cases, name, args }: Question): Promise<number> {
  const module = await import(cases);
  const run: () => unknown = await module[name](...args);
  await takeBlocks();
  searched = 0;
  await run();
  const found = searched;
  return (await takeBlocks()) + found;
}

parentPort?.on('message', async (question: Question) => {
  try {
    parentPort?.postMessage({ work: await count(question) });
  } catch (error) {
    parentPort?.postMessage({ error: String(error) });
  }
});
