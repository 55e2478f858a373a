/** Secrets that are known by what they look like, whatever stands before them. */

import type { Range } from './ranges.js';

/** What each kind holds in any case: most texts have none of it, and are looked at no further. */
const HINT = /SCRAM-SHA-256\$|PRIVATE KEY-----|eyJ|authorization/i;

/**
 * A role's password as PostgreSQL stores it and `\password` sends it, a private key, a JSON Web Token, and what an HTTP
 * header authorizes with. Each takes linear time: nothing is matched in two ways, or from inside of what was.
 */
const KINDS = [
  /(?<=SCRAM-SHA-256\$)\d{1,10}:[\w+/=]+\$[\w+/=]+:[\w+/=]+/g,
  /(?<=-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)[^-]+/g,
  /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g,
  /(?<=authorization["'\\\s:=,>]{1,10}(?:basic|bearer|token)\s{1,4})[^\s"'\\]{8,}/gi,
] as const;

/** In the order of their kinds. */
export function evidentSecrets(text: string): Range[] {
  if (!HINT.test(text)) return [];
  return KINDS.flatMap(kind =>
    Array.from(text.matchAll(kind), ({ 0: found, index }) => ({ start: index, end: index + found.length })),
  );
}
