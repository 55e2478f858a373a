/** The rules as the configuration has them. */

import type { DetectConfig } from '../../config/detect.js';
import { type OwnRule, type RuleSet, ruleSetOf } from '../../detect/rules.js';

export function rulesOf({
  timezone: zone,
  workingHours: hours,
  holidays,
  rules,
  own,
}: DetectConfig): RuleSet {
  const calendar = { zone, hours, holidays: new Set(holidays) };
  return ruleSetOf({ calendar, rules, own: own.map(ownRule) });
}

function ownRule(written: DetectConfig['own'][number]): OwnRule {
  const { statements, rows, relations, within, ...rest } = written;
  if (within === undefined) return rest;
  return {
    ...rest,
    count: { statements: statements ?? 0, rows: rows ?? 0, relations: relations ?? 0, within },
  };
}
