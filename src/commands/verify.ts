/** `verify`: proves that an archive is whole and as it was written, or names the first thing that is not. */

import { SingleBar } from 'cli-progress';
import { openArchive } from '../archive/location.js';
import type { Progress } from '../archive/verify/progress.js';
import type { VerifyResult, Warning } from '../archive/verify/result.js';
import { type VerifyOptions, verifyArchive } from '../archive/verify.js';
import { ShipperError } from '../errors.js';
import { readPublicKey } from './verify/keys.js';
import { indexLogFiles } from './verify/log-index.js';
import { render } from './verify/render.js';
import { readSeals } from './verify/seals.js';
import { UsageError } from './verify/usage.js';

/** As the command line gives them. */
export interface VerifyArguments {
  /** UTC days, `2026-11-21`, both included. */
  readonly since?: string;
  readonly until?: string;
  /** `FILE[@[CHAIN/]SEQ]` */
  readonly publicKey?: readonly string[];
  /** Files with seals from Cloud Logging. */
  readonly seals?: readonly string[];
  /** Log files, folders of them, or globs. */
  readonly against?: readonly string[];
  /** Another server than Google's. */
  readonly endpoint?: string;
  readonly json?: boolean;
}

const INTACT = 0;
const BROKEN = 1;
const BAD_USAGE = 2;

/** Prints what was proved, or what is wrong first, and returns the exit code. */
export async function verify(where: string, options: VerifyArguments = {}): Promise<number> {
  const { json = false } = options;
  try {
    const result = await verifyWith(where, options);
    process.stdout.write(json ? `${JSON.stringify({ archive: where, ...result })}\n` : render(where, result));
    return result.isIntact ? INTACT : BROKEN;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ShipperError)) throw error;
    if (json)
      process.stdout.write(`${JSON.stringify({ archive: where, isIntact: false, error: error.message })}\n`);
    else process.stderr.write(`${error.message}\n`);
    return error instanceof UsageError ? BAD_USAGE : BROKEN;
  }
}

async function verifyWith(where: string, options: VerifyArguments): Promise<VerifyResult> {
  const { publicKey = [], against = [], endpoint = null, since = null, until = null } = options;
  const days = { since: readDay(since), until: readDay(until) };
  const keys = await Promise.all(publicKey.map(readPublicKey));
  const exported = options.seals === undefined ? null : await readSeals(options.seals);
  const logFiles = against.length === 0 ? null : await indexLogFiles(against);
  const archive = openArchive(where, endpoint);
  const given: VerifyOptions = { days, keys, seals: exported?.anchors ?? null, logFiles };
  try {
    const result = await withBar(onProgress => verifyArchive(archive, given, onProgress));
    const warnings = warningsOf(exported?.incomplete ?? 0, logFiles?.compressed ?? 0);
    return { ...result, warnings: [...result.warnings, ...warnings] };
  } finally {
    archive.store.close();
  }
}

function readDay(text: string | null): string | null {
  if (text === null) return null;
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!isDay) throw new UsageError('a day is given as 2026-11-21');
  return text;
}

function warningsOf(incomplete: number, compressed: number): Warning[] {
  const warning = (code: Warning['code'], what: string, times: number): Warning[] =>
    times === 0 ? [] : [{ code, what: `${times} ${what}`, object: null, seq: null, times }];
  return [
    ...warning('seals', 'seals were exported in part, and not compared', incomplete),
    ...warning('log-files', 'log files are compressed, and were not looked into', compressed),
  ];
}

/** Shows how far it is, where standard error is a terminal. */
async function withBar<T>(work: (onProgress: (progress: Progress) => void) => Promise<T>): Promise<T> {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {objects} objects | {events} events | {duration_formatted}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(1000, 0, { objects: 0, events: 0 });
  try {
    return await work(({ share, objects, events }) =>
      bar.update(Math.floor(share * 1000), { objects, events }),
    );
  } finally {
    bar.stop();
  }
}
