import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { HttpResolver, type HttpResolverOptions, type LookupReport } from '../../src/identity/http.js';
import { type Clock, systemClock } from '../../src/lib/clock.js';
import { Disk } from '../../src/lib/disk.js';
import { codeOf } from '../../src/lib/errors.js';
import { temporaryFolder } from './temp.js';

export interface Told {
  readonly answered: string[];
  /** The code of each failure. */
  readonly failed: string[];
  readonly recovered: number[];
  readonly cacheFailed: string[];
  /** Every error as it came. */
  readonly errors: unknown[];
}

/** A report that keeps what is reported. */
export function listening(): LookupReport & { readonly reported: Told } {
  const reported: Told = { answered: [], failed: [], recovered: [], cacheFailed: [], errors: [] };
  return {
    reported,
    lookupAnswered: outcome => void reported.answered.push(outcome),
    lookupFailed(error) {
      reported.failed.push(codeOf(error));
      reported.errors.push(error);
    },
    lookupRecovered: failures => void reported.recovered.push(failures),
    cacheFailed(path, error) {
      reported.cacheFailed.push(`${path} ${codeOf(error)}`);
      reported.errors.push(error);
    },
  };
}

/** A resolver that returns name and unit, with a cache in a folder of its own; closed when the test ends. */
export async function openResolver(
  options: Partial<HttpResolverOptions> & { readonly url: string },
  { clock = systemClock, disk = new Disk() }: { clock?: Clock; disk?: Disk } = {},
): Promise<{ readonly resolver: HttpResolver; readonly reported: Told; readonly cachePath: string }> {
  const report = listening();
  const cachePath = options.cachePath ?? join(await temporaryFolder(), 'people.json');
  const fields = { name: '/name', unit: '/unit' };
  const resolver = await HttpResolver.open(
    { method: 'GET', fields, ...options, cachePath },
    // Not random: each wait is three quarters of its maximum.
    { clock, disk, report, random: () => 0.5 },
  );
  onTestFinished(() => resolver.close());
  return { resolver, reported: report.reported, cachePath };
}
