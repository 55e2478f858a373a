/** The statements of a text, by their first words. */

import { DOUBLE, isWord, SEMICOLON } from './chars.js';
import { type Piece, readPiece, skipTrivia, stringAt, wordEnd } from './lexer.js';

/**
 * The first tokens of each statement of a text: words in lower case, and literals with a quote before them. Takes
 * linear time.
 */
export function* statementsIn(text: string, most: number): Generator<string[]> {
  let tokens: string[] = [];
  for (let at = skipTrivia(text, 0); at < text.length; at = skipTrivia(text, at)) {
    const code = text.charCodeAt(at);
    const literal = stringAt(text, at, false);
    let [token, end] = ['', at + 1];
    if (literal !== null)
      [token, end] = [`'${tokens.length < most ? contentOf(text, literal) : ''}`, literal.end];
    else if (code === DOUBLE) [token, end] = ['"', readPiece(text, at, false).end];
    else if (isWord(code)) {
      end = wordEnd(text, at);
      token = text.slice(at, Math.min(end, at + 16)).toLowerCase();
    }
    if (code === SEMICOLON) {
      if (tokens.length > 0) yield tokens;
      tokens = [];
    } else if (tokens.length < most) tokens.push(token);
    at = Math.max(end, at + 1);
  }
  if (tokens.length > 0) yield tokens;
}

/** The text between the quotes; escapes are not resolved. */
function contentOf(text: string, { open, close }: Piece): string {
  return text.slice(open, close).replaceAll("''", "'");
}

/** Whether no statement of a text is a query that pgAudit would log as SELECT. */
export function hasNoQuery(text: string): boolean {
  for (const tokens of statementsIn(text, Number.POSITIVE_INFINITY))
    if (tokens.includes('select') || tokens[0] === 'table' || tokens[0] === 'values') return false;
  return true;
}
