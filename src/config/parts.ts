/** What settings of several sections are made of. */

import { z } from 'zod';
import { AUDIT_CLASSES } from '../event/names.js';
import { Expression } from '../lib/expression.js';
import { DURATION_UNITS, parseDuration, parseSize, SIZE_UNITS } from './units.js';

export const text = z.string({ error: 'must be a text' }).min(1, 'must not be empty');

interface Bounds {
  readonly least: string;
  readonly most: string;
}

/** A size or duration within bounds, which are written in the same units. */
function quantity(
  parse: (text: string) => number | null,
  what: string,
  units: string,
  { least, most }: Bounds,
) {
  const error = `must be a ${what}: a number with one of ${units}`;
  return z.string({ error }).transform((written, context) => {
    const value = parse(written);
    if (value !== null && value >= (parse(least) ?? 0) && value <= (parse(most) ?? 0)) return value;
    context.addIssue({
      code: 'custom',
      message: value === null ? error : `must be from ${least} to ${most}`,
    });
    return z.NEVER;
  });
}

export const size = (least: string, most: string) => quantity(parseSize, 'size', SIZE_UNITS, { least, most });
export const duration = (least: string, most: string) =>
  quantity(parseDuration, 'duration', DURATION_UNITS, { least, most });

export function compile(source: string, context: z.core.$RefinementCtx): Expression {
  try {
    return new Expression(source);
  } catch {
    const message = 'must be a regular expression in RE2 syntax (no look-around, no back-references)';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
}

export const expression = text.transform(compile);

export const auditClass = z
  .string({ error: 'must be a pgAudit class' })
  .transform(written => written.toUpperCase())
  .pipe(z.enum(AUDIT_CLASSES, { error: `must be one of ${AUDIT_CLASSES.join(', ').toLowerCase()}` }));

export const timezone = text.refine(
  isTimeZone,
  'must be a time zone of the tz database, such as Europe/Oslo',
);

export function isTimeZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}
