/** Spin turns a model into C, which is compiled and tries every order of its steps. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasCode } from '../../src/lib/errors.js';

export interface Verification {
  /** Of the model; each was reached in some order of its steps. */
  readonly states: number;
  /** Every order was tried to its end, and states were compared whole. */
  readonly isExhaustive: boolean;
  /** The assertion that does not hold, and at which step; `null` if all hold. */
  readonly violation: string | null;
  /** Spin's output. */
  readonly output: string;
}

/** Steps in a row; if more are needed the search says so, and is not exhaustive. */
const DEPTH = 100_000;

/**
 * Stops at the first assertion that does not hold.
 *
 * @param defined macros, with or without a value: `KILLS=2`
 * @param optimized worthwhile if the search takes longer than gcc
 */
export async function verify(
  model: string,
  defined: readonly string[],
  optimized: boolean,
): Promise<Verification> {
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-spin-'));
  try {
    await call('spin', ['-a', ...defined.map(one => `-D${one}`), model], folder);
    await call(
      'gcc',
      [optimized ? '-O2' : '-O0', '-w', '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c'],
      folder,
    );
    return toVerification(await call(join(folder, 'pan'), [`-m${DEPTH}`, '-n'], folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toVerification(output: string): Verification {
  const [, states = Number.NaN] = /(\d+) states, stored/.exec(output) ?? [];
  const [, violation = null] = /^pan:\d+: (.*)$/m.exec(output) ?? [];
  const isWhole =
    /full statespace search/i.test(output) && !/max search depth too small|not completed/.test(output);
  return { states: Number(states), isExhaustive: isWhole && violation === null, violation, output };
}

async function call(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { cwd, maxBuffer: 16 * 1024 * 1024 })).stdout;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new Error(
      `${command} is missing: run npm run setup, or install Spin and gcc (apt-get install spin gcc libc6-dev).`,
    );
  }
}
