/** The statements of a text, as far as their first words tell. */

import { DOUBLE, isWord, SEMICOLON } from './chars.js';
import { type Piece, readPiece, skipTrivia, stringAt, wordEnd } from './lexer.js';

/** Tokens of a statement that are looked at. */
const MOST_TOKENS = 4;

/** How each statement of a text begins: words in small letters, and literals behind a quote. Takes linear time. */
export function* statementsIn(text: string): Generator<string[]> {
  let tokens: string[] = [];
  for (let at = skipTrivia(text, 0); at < text.length; at = skipTrivia(text, at)) {
    const code = text.charCodeAt(at);
    const literal = stringAt(text, at, false);
    let [token, end] = ['', at + 1];
    if (literal !== null)
      [token, end] = [`'${tokens.length < MOST_TOKENS ? contentOf(text, literal) : ''}`, literal.end];
    else if (code === DOUBLE) [token, end] = ['"', readPiece(text, at, false).end];
    else if (isWord(code)) {
      end = wordEnd(text, at);
      token = text.slice(at, Math.min(end, at + 16)).toLowerCase();
    }
    if (code === SEMICOLON) {
      if (tokens.length > 0) yield tokens;
      tokens = [];
    } else if (tokens.length < MOST_TOKENS) tokens.push(token);
    at = Math.max(end, at + 1);
  }
  if (tokens.length > 0) yield tokens;
}

/** What is between the quotes; escapes stay as they are written. */
function contentOf(text: string, { open, close }: Piece): string {
  return text.slice(open, close).replaceAll("''", "'");
}

/** Words with which a statement begins that only reads, or a WITH. */
const READING = new Set(['select', 'with', 'values', 'table', '']);

/** Whether a text has no statement that could be read as a SELECT. */
export function hasNoSelect(text: string): boolean {
  for (const [first] of statementsIn(text)) if (first !== undefined && READING.has(first)) return false;
  return true;
}
