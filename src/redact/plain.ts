/** Recognizes values that are not secrets by their form, whatever their name. */

/** No word is longer; random letters are. */
const LONGEST_WORD = 24;

const WORD = /^(?:\p{Lu}\p{Ll}+|\p{Ll}{2,}|\p{Lu}{2,12}|\p{L}\.|v?\d{1,3})$/u;

/** Algorithms and encodings. */
const ALGORITHM = /^(?:sha|md|aes|utf|rsa|base|iso|latin|win|x|oauth|http|ripemd|rs|hs|es)\d{1,4}$/i;

/** A standard or a model: `ERC20`. */
const STANDARD = /^[A-Z]{2,6}\d{1,3}$/;

/** Separators of words; `!` and `?` belong to passwords, except at a word's end. */
const GAP = /[\s/_.,:;(){}%^*-]+|[!?](?=\s|$)/;
const NUMBER = /^-?(?:\d{0,5}(?:\.\d{0,6})?|\d{1,3}(?:[ .,]\d{3})+)%?$/;
/** Of a person or a document: `Z990001`. */
const IDENTIFIER = /^[A-Za-z]{1,2}\d{5,7}$/;
const TIME =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$|^\d\d:\d\d(?::\d\d)?$/;

/** Longer values are not words, dates or paths. */
const LONGEST = 200;

/** Words, a path or a name made of words, a small number, a date or time, or nothing. */
export function isPlain(value: string): boolean {
  if (value.length > LONGEST) return false;
  if (NUMBER.test(value) || IDENTIFIER.test(value) || TIME.test(value)) return true;
  const words = value.split(GAP);
  return words.every(word => isWord(word) || (words.length > 1 && /^\p{L}$/u.test(word)));
}

function isWord(word: string): boolean {
  return (
    word === '' || (word.length <= LONGEST_WORD && [WORD, ALGORITHM, STANDARD].some(kind => kind.test(word)))
  );
}

/** As people and machines choose passwords: letters and digits, and not a word, number or date. */
export function looksRandom(value: string): boolean {
  return value.length >= 6 && /\d/.test(value) && /\p{L}/u.test(value) && !isPlain(value);
}
