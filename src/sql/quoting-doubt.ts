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
