/** The verdict from what was found in an archive, in one run or in several. */

import type { AskedPeriod, Failure, PartResult, Taken, VerifyResult, Warning } from './result.js';
import { auditLimits } from './surroundings.js';
import { graceOf, instancesOf, isWholeInstance, type KnownPart, type Period } from './verdict.js';

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

export function conclude(findings: Findings): VerifyResult {
  const { parts, known, failure, doubts, warnings, period, taken } = findings;
  const instances = instancesOf(known, period);
  const limits = [...findings.limits, ...auditLimits(instances, known)];
  const isIntact = failure === null;
  const isWhole = doubts.length === 0 && instances.every(isWholeInstance);
  const verdict = isIntact ? (isWhole ? 'whole' : 'incomplete') : 'broken';
  const asked = periodOf(period, graceOf(known, period));
  return { verdict, isIntact, failure, parts, instances, doubts, warnings, limits, period: asked, taken };
}

function periodOf({ from, to, now }: Period, grace: number): AskedPeriod {
  return { from: from === null ? null : iso(from), to: iso(Math.min(to ?? now, now)), grace };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
