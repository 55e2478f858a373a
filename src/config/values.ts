/** The forms of values in settings: names, sizes, durations, expressions, places. */

import { z } from 'zod';
import { AUDIT_CLASSES } from '../event/names.js';
import { Expression } from '../lib/expression.js';
import { DURATION_UNITS, parseDuration, parseSize, SIZE_UNITS } from './units.js';

/** The named groups that a pattern of the `pattern` resolver may have. */
const PATTERN_GROUPS: readonly string[] = ['id', 'email', 'name'];

/** Names are used in object paths and event ids. */
export const name = z
  .string({ error: 'must be a name' })
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    'must be 1 to 128 letters, digits, dots, dashes or underscores',
  );

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

function compile(source: string, context: z.core.$RefinementCtx): Expression {
  try {
    return new Expression(source);
  } catch {
    const message = 'must be a regular expression in RE2 syntax (no look-around, no back-references)';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
}

export const expression = text.transform(compile);

const MEMBER_OF = 'memberOf:';

/** A rule for users: a regular expression for the role's name, or `memberOf:ROLE`. */
export const userRule = text.transform((source, context): Expression | { readonly memberOf: string } => {
  if (!source.startsWith(MEMBER_OF)) return compile(source, context);
  const memberOf = source.slice(MEMBER_OF.length).trim();
  if (memberOf === '') context.addIssue({ code: 'custom', message: 'must name a role: memberOf:ROLE' });
  return { memberOf };
});

export const pattern = expression.refine(
  value => value.groupNames.length > 0 && value.groupNames.every(group => PATTERN_GROUPS.includes(group)),
  `must have named groups, each one of ${PATTERN_GROUPS.join(', ')}: (?<id>…)`,
);

export const auditClass = z
  .string({ error: 'must be a pgAudit class' })
  .transform(written => written.toUpperCase())
  .pipe(z.enum(AUDIT_CLASSES, { error: `must be one of ${AUDIT_CLASSES.join(', ').toLowerCase()}` }));

export const timezone = text.refine(
  isTimeZone,
  'must be a time zone of the tz database, such as Europe/Oslo',
);

/** Names of UTC, as servers in containers have it, which are not listed. */
const UTC = new Set(['UTC', 'Etc/UTC', 'GMT']);

/** For a name that is not listed, a formatter says whether it exists, the first of which takes 8 MB. */
export function isTimeZone(zone: string): boolean {
  if (UTC.has(zone) || Intl.supportedValuesOf('timeZone').includes(zone)) return true;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

const ENDPOINT = 'must be http://host:port or https://host:port';

/** With http, another server without credentials; with https, the same service at another address. */
export const endpoint = z
  .string({ error: ENDPOINT })
  .regex(/^https?:\/\/[^/\s@]+:\d+\/?$/, ENDPOINT)
  .refine(url => URL.canParse(url), ENDPOINT)
  .transform(url => url.replace(/\/$/, ''))
  .nullable()
  .default(null);

/** `file:<folder>`: a folder on this machine. */
export const folder = z
  .string()
  .regex(/^file:.+/)
  .transform(to => ({ kind: 'file', folder: to.slice('file:'.length) }) as const);

const KMS =
  /^kms:(projects\/[^/\s]+\/locations\/[^/\s]+\/keyRings\/[^/\s]+\/cryptoKeys\/[^/\s]+\/cryptoKeyVersions\/\d+)$/;

/** A private key: `file:PATH`, or a version of a key in Cloud KMS. */
export const signingKey = z.string().transform((written, context) => {
  const [, name] = KMS.exec(written) ?? [];
  if (name !== undefined) return { kind: 'kms', name } as const;
  if (/^file:.+/.test(written)) return { kind: 'file', path: written.slice('file:'.length) } as const;
  const message =
    'must be file:PATH or kms:projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/N';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

export const bucket = z
  .string()
  .regex(/^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](\/[A-Za-z0-9._/=-]*)?$/)
  .transform(to => {
    const [bucketName = '', ...prefix] = to.slice('gs://'.length).split('/');
    return { kind: 'cloud-storage', bucket: bucketName, prefix: prefix.filter(Boolean).join('/') } as const;
  });

export const log = z
  .string()
  .regex(/^projects\/[^/\s]+\/logs\/[^/\s]+$/)
  .transform(logName => ({ kind: 'cloud-logging', logName }) as const);

/** A number, or its digits if they come from a variable. */
export const port = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error: 'must be a port number' })
  .refine(number => Number.isInteger(number) && number >= 0 && number <= 65535, 'must be a port number');
