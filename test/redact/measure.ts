/**
 * Measures in a thread of its own, where Node.js runs the sources as they are: through the test runner's
 * imports, which cannot be optimized, every character would cost ten times as much.
 */

import { registerHooks } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { Redact, Texts } from '../../src/redact/redact.js';

registerHooks({
  resolve: (specifier, context, next) => next(specifier.replace(/^(\..*)\.js$/, '$1.ts'), context),
});
const { createRedactor } = await import('../../src/redact/redact.js');
const { HOSTILE } = await import('./hostile.js');

/** A text by its name, and how it is passed. */
export interface Question {
  readonly name: string;
  readonly size: number;
  readonly as: 'statement' | 'parameter';
  /** Milliseconds per megabyte that are good enough to stop measuring. */
  readonly goal: number;
}

export interface Answer {
  /** Milliseconds per megabyte. */
  readonly taken: number;
  /** The same for reading each character once: what the machine can do at the moment. */
  readonly look: number;
}

const MEGABYTE = 1_000_000;
const redact: Redact = createRedactor([]);

/** Milliseconds of CPU time: others use this machine too. */
function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The best of five, or the first that is good enough. */
function best(size: number, goal: number, run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let runs = 0; runs < 5 && least >= goal; runs++) {
    const started = cpu();
    run();
    least = Math.min(least, ((cpu() - started) * MEGABYTE) / size);
  }
  return least;
}

/** Reads ten million characters. */
function lookAt(text: string): void {
  let quotes = 0;
  for (let round = 0; round < (10 * MEGABYTE) / text.length; round++) {
    for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) === 39) quotes++;
  }
  if (quotes < 0) throw new RangeError('a count is never negative, but the loop has to have one');
}

function answer({ name, size, as, goal }: Question): Answer {
  const text = HOSTILE[name]?.(size) ?? '';
  const texts: Texts =
    as === 'statement' ? { statement: text, parameters: null } : { statement: null, parameters: [text] };
  const taken = best(text.length, goal, () => redact(texts));
  return { taken, look: taken < goal ? 0 : best(10 * MEGABYTE, 0, () => lookAt(text)) };
}

parentPort?.on('message', question => parentPort?.postMessage(answer(question)));
