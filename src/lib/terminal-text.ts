/** Untrusted text on a terminal: in one line, harmless, and not too wide. */

/**
 * What could control a terminal or pass for other text: control characters and escape sequences, direction marks and
 * other invisible characters, lone surrogates, private and unassigned characters.
 */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** Combining marks beyond the third on one letter. */
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu;
const MARK = /^\p{M}$/u;
const WIDE =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** White space becomes a single space; what could control a terminal is written out (`\u001b`). */
export function oneLine(text: string): string {
  return harmless(collapsed(text)).replace(PILED_MARKS, '$1');
}

/** Written out as in JSON, so that a line of JSON keeps its meaning. */
export function harmless(text: string): string {
  return text.replace(CONTROLS, written);
}

function collapsed(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

function written(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** In one line of at most `columns` columns; `…` at the end shows that there is more. */
export function fitted(text: string, columns: number): string {
  const line = collapsed(text);
  // More is never shown: a character takes at most a few code units, with its marks.
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
