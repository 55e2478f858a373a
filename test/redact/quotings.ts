/** Ways to write a text as a literal of SQL, and what may separate two words. */

import fc from 'fast-check';

/** Writes a text; the same characters always in the same way, so that texts with and without a secret compare. */
export type Quoting = (text: string) => string;

function mapChars(text: string, write: (char: string, index: number) => string): string {
  return Array.from(text, write).join('');
}

function hex(char: string, width: number): string {
  return (char.codePointAt(0) ?? 0).toString(16).padStart(width, '0');
}

const plain: Quoting = text => `'${text.replaceAll("'", "''")}'`;

const escapes: Quoting = text =>
  `E'${mapChars(text, char => (char === "'" ? "\\'" : char === '\\' ? '\\\\' : char))}'`;

/** Every small e and a by its number. */
const spelled: Quoting = text =>
  `e'${mapChars(text, char => ("'\\".includes(char) ? `\\${char}` : 'ea'.includes(char) ? `\\x${hex(char, 2)}` : char))}'`;

const unicode: Quoting = text =>
  `U&'${mapChars(text, char => (char === "'" ? "''" : char === '\\' ? '\\\\' : char > '\x7f' ? `\\+${hex(char, 6)}` : char))}'`;

const unicodeEscape: Quoting = text =>
  `u&'${mapChars(text, char => (char === "'" ? "''" : char === '!' ? '!!' : char))}' /**/ UESCAPE '!'`;

const dollars: Quoting = text => `$t_1$${text}$t_1$`;

const SEAM = "'\n  -- it's a seam\n'";

/** With a line break after each space: literals that PostgreSQL reads as one. */
const seams: Quoting = text => plain(text).replaceAll(' ', ` ${SEAM}`);

/** Without the line breaks, so that it does not matter which side of a secret they were on. */
export function seamless(text: string | null): string | null {
  return text?.replaceAll(SEAM, '') ?? null;
}

export const quotings: Record<string, Quoting> = {
  plain,
  escapes,
  spelled,
  unicode,
  unicodeEscape,
  dollars,
  seams,
};

export const quoting = fc.constantFrom(...Object.values(quotings));

/** White space and comments, as scan.l knows them. */
export const space = fc
  .array(
    fc.constantFrom(' ', '\n', '\t', '\r\n', '\f', '/* it\'s /* "nested" */ $$ */', "-- it's\n", '--\n'),
    { minLength: 1, maxLength: 4 },
  )
  .map(parts => ` ${parts.join('')}`);

/** Writes letters in any case, but the same word always in the same. */
export const letterCase: fc.Arbitrary<(word: string) => string> = fc
  .nat()
  .map(bits => word => mapChars(word, (char, at) => ((bits >> (at % 31)) & 1 ? char.toUpperCase() : char)));

/** A text that nobody writes by chance. */
export const MARKED = 'zQ7j';

/** A password that nothing else in a statement resembles, with every character that has a special meaning anywhere. */
export const secret = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...'\'"\\$;:=@/ !%&?#(),|-*\t') },
      { weight: 1, arbitrary: fc.constantFrom('password', "''", '$$', '/*', '--', 'å', '😀', "E'", '||') },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 }) },
    ),
    { maxLength: 8 },
  )
  .chain(parts => fc.nat(parts.length).map(at => parts.toSpliced(at, 0, MARKED).join('')));
