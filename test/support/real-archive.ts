/** An archive that the real daemon made, in four runs, for tests that change copies of it. */

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { openArchive } from '../../src/archive/store/location.js';
import type { FailureCode, VerifyResult } from '../../src/archive/verify/result.js';
import { type VerifyOptions, verifyArchive } from '../../src/archive/verify/verify.js';
import { Forgery } from './forgery.js';
import { append } from './log.js';
import { runOnce, settings } from './shipper.js';
import { temporaryFolder } from './temp.js';

/** The expected finding, and where: `object` among those of the forgery. */
export interface Finding {
  readonly code: FailureCode;
  readonly what: RegExp;
  readonly object?: number;
  readonly line?: number;
  readonly seq?: number;
}

export interface RealArchive {
  /** The archive, the entries of Cloud Logging and the log file, as `settings` places them. */
  readonly folder: string;
  /** A copy of the archive, to be changed. */
  hold(): Promise<{ root: string; forgery: Forgery }>;
  /** The result of `verify` for a changed copy. */
  verifyForged(
    forge: (forgery: Forgery) => void,
    options?: VerifyOptions,
  ): Promise<{ result: VerifyResult; forgery: Forgery }>;
  expectFound(forge: (forgery: Forgery) => void, finding: Finding, options?: VerifyOptions): Promise<void>;
}

/** Runs of the daemon, and the statements that each of them reads. */
const RUNS = 4;
const PER_RUN = 5;

/** Made once for all tests of a file: four objects of eight lines, of which lines 2 to 6 are statements. */
export function realArchive(): RealArchive {
  const made = { folder: '' };
  beforeAll(async () => {
    made.folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
    const config = settings(made.folder, [join(made.folder, 'log.csv')], {
      archive: { to: `file:${join(made.folder, 'archive')}` },
    });
    for (let run = 0; run < RUNS; run++) {
      await append(join(made.folder, 'log.csv'), run * PER_RUN + 1, (run + 1) * PER_RUN);
      expect((await runOnce(made.folder, config)).code).toBe(0);
    }
  });
  afterAll(() => rm(made.folder, { recursive: true, force: true }));
  const hold = async () => {
    const root = join(await temporaryFolder(), 'archive');
    await cp(join(made.folder, 'archive'), root, { recursive: true });
    return { root, forgery: await Forgery.open(root) };
  };
  const verifyForged: RealArchive['verifyForged'] = async (forge, options = {}) => {
    const { root, forgery } = await hold();
    forge(forgery);
    await forgery.save(root);
    return { result: await verifyArchive(openArchive(`file:${root}`), options), forgery };
  };
  return {
    get folder() {
      return made.folder;
    },
    hold,
    verifyForged,
    async expectFound(forge, { code, what, object, line, seq }, options) {
      const { result, forgery } = await verifyForged(forge, options);
      expect(result.failure).toMatchObject({
        code,
        what: expect.stringMatching(what),
        object: object === undefined ? null : forgery.object(object).path,
        ...(line === undefined ? {} : { line }),
        ...(seq === undefined ? {} : { seq }),
      });
      expect(result.isIntact).toBe(false);
    },
  };
}
