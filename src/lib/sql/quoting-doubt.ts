/** Whether a statement's quotes may be read in two ways. */

import { nextOpening, readPiece } from './lexer.js';

/**
 * With `standard_conforming_strings = off`, which the log does not tell, a backslash escapes the quote behind it in a
 * plain literal, too (PostgreSQL manual, 19.13.1): where one stands there, the server may have seen another statement.
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
 * The same statement as a server with `standard_conforming_strings = off` reads it, written so that one with `on` reads it
 * likewise: each plain literal with an E before it. Takes linear time.
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

/** `N'…'`, `B'…'` and `X'…'` know no escapes. */
function isPrefixed(statement: string, quote: number): boolean {
  return /(?:^|[^\w$])[nbx]$/i.test(statement.slice(Math.max(0, quote - 2), quote));
}
