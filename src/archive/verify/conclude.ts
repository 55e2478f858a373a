/** The verdict from what was found in an archive, in one run or in several. */

import type { AskedPeriod, Failure, PartResult, Taken, VerifyResult, Warning } from './result.js';
import { auditLimits, filterLimits } from './surroundings.js';
import {
  graceOf,
  instancesOf,
  isWholeInstance,
  type KnownPart,
  type Period,
  silentDaemons,
} from './verdict.js';

export interface Findings {
  readonly parts: readonly PartResult[];
  /** In the order of the parts. */
  readonly known: readonly KnownPart[];
  readonly failure: Failure | null;
  readonly doubts: readonly string[];
  readonly warnings: readonly Warning[];
  /** What could not be known, besides the audit state. */
  readonly limits: readonly string[];
  readonly period: Period;
  readonly taken: Taken | null;
}

/** @param isAll false of one of several shards: only all of them know whether there was anything to compare with */
export function conclude(findings: Findings, isAll = true): VerifyResult {
  const { parts, known, failure, warnings, period, taken } = findings;
  const instances = instancesOf(known, period);
  const doubts = [
    ...findings.doubts,
    ...silentDaemons(known, period),
    ...(isAll && instances.length === 0 ? [NO_SERVER] : []),
    ...(isAll ? notCompared(parts) : []),
  ];
  const limits = [...findings.limits, ...auditLimits(instances, known), ...filterLimits(parts)];
  const isIntact = failure === null;
  const isWhole = doubts.length === 0 && instances.every(isWholeInstance);
  const verdict = isIntact ? (isWhole ? 'whole' : 'incomplete') : 'broken';
  const asked = periodOf(period, graceOf(known, period));
  return { verdict, isIntact, failure, parts, instances, doubts, warnings, limits, period: asked, taken };
}

const NO_SERVER = 'the archive covers no server in this time: nothing is proved';

/** Log files that are none of the archive's prove nothing, and a seal alone does not prove that a file was changed. */
function notCompared(parts: readonly PartResult[]): string[] {
  const results = parts.flatMap(({ logFiles }) => logFiles ?? []);
  const all = results.reduce((sum, { changed }) => sum + changed, 0);
  if (all > 0)
    return [
      `${all} events differ from log files that were changed after they were read, as the archive itself says (--against)`,
    ];
  const isAnything = results.some(({ matched, changed }) => matched + changed > 0);
  if (isAnything || results.every(({ missing }) => missing === 0)) return [];
  return ['no event was read from any of the log files to compare with: give the server’s own (--against)'];
}

function periodOf({ from, to, now }: Period, grace: number): AskedPeriod {
  return { from: from === null ? null : iso(from), to: iso(Math.min(to ?? now, now)), grace };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
