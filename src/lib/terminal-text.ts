/** Other people's text in a terminal's cells: on one line, harmless, and no wider than allowed. */

/**
 * Characters that could control a terminal or be mistaken for others: control characters, escape sequences with them,
 * direction marks and other invisible characters, lone surrogates, private and unassigned characters.
 */
const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** Combining marks that pile up on one letter. */
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu;
const MARK = /^\p{M}$/u;
const WIDE =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** White space becomes a single space; characters that could control a terminal are escaped (`\u001b`). */
export function oneLine(text: string): string {
  return harmless(collapsed(text)).replace(PILED_MARKS, '$1');
}

/** Escaped as in JSON: a line of JSON keeps its meaning. */
export function harmless(text: string): string {
  return text.replace(STEERING, written);
}

/** The same, but lines stay lines, and tabs stay tabs. */
export function harmlessLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(/[^\n\t]+/g, harmless);
}

function collapsed(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

function written(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** On one line of at most that many columns; `…` at the end shows that there is more. */
export function fitted(text: string, columns: number): string {
  const line = collapsed(text);
  // More is never visible: a character takes at most a few units, plus its marks.
  const start = oneLine(line.slice(0, columns * 8));
  if (line.length <= columns * 8 && widthOf(start) <= columns) return start;
  return `${cut(start, columns - 1)}…`;
}

export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** The longest beginning that fits. */
function cut(text: string, columns: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, columns));
  let [width, end] = [0, 0];
  for (const character of text) {
    width += widthOfCharacter(character);
    if (width > columns) return text.slice(0, end);
    end += character.length;
  }
  return text;
}

/** Columns of the text on a terminal. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

function widthOfCharacter(character: string): number {
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
