/** Whether a statement's quotes can be read in two ways. */

import { nextOpening, readPiece } from './lexer.js';

/**
 * With `standard_conforming_strings = off`, which the log does not say, a backslash also escapes a quote in a plain
 * literal (PostgreSQL manual, 19.13.1): if there is one, the server may have read a different statement.
 * Takes linear time.
 */
export function isQuotingInDoubt(statement: string): boolean {
  if (!statement.includes("\\'")) return false;
  for (let at = 0; at < statement.length; ) {
    const opening = nextOpening(statement, at, statement.length);
    if (opening === statement.length) return false;
    const { quoting, kind, open, end } = readPiece(statement, opening, false);
    const isPlain = kind === 'string' && quoting === 'plain';
    if (isPlain && statement.slice(open, end).includes("\\'")) return true;
    at = end;
  }
  return false;
}

/**
 * The statement as a server with `standard_conforming_strings = off` reads it, written so that a server with `on` reads
 * it the same way: each plain literal gets an E before it. Takes linear time.
 */
export function withEscapes(statement: string): string {
  let written = '';
  for (let at = 0; at < statement.length; ) {
    const opening = nextOpening(statement, at, statement.length);
    written += statement.slice(at, opening);
    if (opening === statement.length) break;
    const { kind, start, end } = readPiece(statement, opening, true);
    const isBare = kind === 'string' && start === opening && statement[opening] === "'";
    written += (isBare && !isPrefixed(statement, opening) ? 'E' : '') + statement.slice(opening, end);
    at = end;
  }
  return written;
}

/** `N'…'`, `B'…'` and `X'…'` have no escapes. */
function isPrefixed(statement: string, quote: number): boolean {
  return /(?:^|[^\w$])[nbx]$/i.test(statement.slice(Math.max(0, quote - 2), quote));
}
