/** The settings of detection: each built-in rule with its defaults, and rules of one's own. */

import { z } from 'zod';
import { ALERT_SEVERITIES, type AlertSeverity, RULES } from '../event/names.js';
import { parseHours, Zone } from '../lib/zone.js';
import { auditClass, duration, expression, text, timezone } from './values.js';

const severityName = z.enum(ALERT_SEVERITIES, { error: `must be one of ${ALERT_SEVERITIES.join(', ')}` });
const severity = (usual: AlertSeverity) => severityName.default(usual);
const patterns = z.array(expression, { error: 'must be a list of regular expressions' });
const number = (most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(0, 'must be at least 0')
    .max(most, `must be at most ${most}`);
const limits = { statements: number(1e9), rows: number(1e12), relations: number(1000) };
const within = duration('1s', '31d');
const again = duration('0s', '31d');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `on`, `off`, or its settings. What is not named is on. */
function rule<T extends z.ZodRawShape>(usual: AlertSeverity, numbers: T) {
  const settings = z.strictObject(
    { severity: severity(usual), ...numbers },
    { error: ({ code }) => (code === 'invalid_type' ? 'must be on, off, or its settings' : undefined) },
  );
  return z.preprocess(switched, settings.nullable()).prefault({});
}

function switched(written: unknown): unknown {
  if (written === 'on' || written === true) return {};
  return written === 'off' || written === false ? null : written;
}

const rules = z.strictObject({
  bulk: rule('warning', {
    statements: limits.statements.default(100),
    rows: limits.rows.default(10_000),
    relations: limits.relations.default(20),
    within: within.default(10 * MINUTE),
  }),
  'no-where': rule('warning', {}),
  destroyed: rule('critical', { relations: patterns.prefault(['.']) }),
  'outside-hours': rule('notice', { again: again.default(12 * HOUR) }),
  rights: rule('critical', {}),
  'audit-off': rule('critical', {}),
  'server-files': rule('critical', {}),
  'untrusted-language': rule('critical', {}),
  'first-seen': rule('notice', { after: duration('1d', '3650d').default(90 * DAY) }),
  'shared-role': rule('warning', { again: again.default(DAY) }),
  failures: rule('notice', { count: limits.statements.default(10), within: within.default(10 * MINUTE) }),
  watched: rule('warning', {
    users: patterns.default([]),
    persons: patterns.default([]),
    relations: patterns.default([]),
    again: again.default(HOUR),
  }),
  unaudited: rule('critical', {}),
});

const conditions = RULES.filter(name => name !== 'bulk' && name !== 'watched');

const ownRule = z
  .strictObject({
    name: z
      .string({ error: 'must be a name' })
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be up to 40 small letters, digits and dashes'),
    severity: severityName,
    why: text.max(500, 'must have at most 500 characters').exactOptional(),
    when: z
      .strictObject({
        is: z
          .array(z.enum(conditions, { error: `must be one of ${conditions.join(', ')}` }))
          .min(1, 'must name at least one condition')
          .exactOptional(),
        users: patterns.exactOptional(),
        persons: patterns.exactOptional(),
        relations: patterns.exactOptional(),
        classes: z.array(auditClass, { error: 'must be a list of pgAudit classes' }).exactOptional(),
        commands: patterns.exactOptional(),
      })
      .refine(when => Object.keys(when).length > 0, 'must have at least one condition'),
    statements: limits.statements.exactOptional(),
    rows: limits.rows.exactOptional(),
    relations: limits.relations.exactOptional(),
    within: within.exactOptional(),
    again: again.exactOptional(),
  })
  .refine(
    ({ statements, rows, relations, within: time }) =>
      (statements ?? 0) + (rows ?? 0) + (relations ?? 0) > 0 === (time !== undefined),
    'needs within together with statements, rows or relations',
  );

const hours = text.transform((written, context) => {
  const parsed = parseHours(written);
  if (parsed !== null) return parsed;
  context.addIssue({ code: 'custom', message: 'must be hours, such as 07:00-17:00' });
  return z.NEVER;
});

export const detect = z.strictObject({
  timezone: timezone.default('Europe/Oslo').transform(name => new Zone(name)),
  workingHours: hours.prefault('07:00-17:00'),
  holidays: z
    .array(
      z.string().regex(/^(?:\d{4}-)?\d\d-\d\d$/, 'must be a day, such as 2026-12-25, or 12-25 of each year'),
    )
    .default([]),
  rules: rules.prefault({}),
  own: z
    .array(ownRule, { error: 'must be a list of rules' })
    .max(50, 'must have at most 50 rules')
    .refine(all => new Set(all.map(({ name }) => name)).size === all.length, 'must have different names')
    .refine(
      all => !all.some(({ name }) => RULES.some(one => one === name)),
      'must not have names of built-in rules',
    )
    .default([]),
});
export type DetectConfig = z.output<typeof detect>;
