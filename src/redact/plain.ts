/** Tells values that are no secrets, whatever they are called, by what they look like. */

/** No word is longer: random letters are. */
const LONGEST_WORD = 24;

const WORD = /^(?:\p{Lu}?\p{Ll}{2,}|\p{Lu}{2,12}|\p{L}\.|v?\d{1,2}|[æøåiÅIaA])$/u;
const NUMBER = /^-?(?:\d{0,5}(?:\.\d{0,6})?|\d{1,3}(?:[ .,]\d{3})+)%?$/;
const TIME =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$|^\d\d:\d\d(?::\d\d)?$/;

/** Longer values are no words, dates or paths. */
const LONGEST = 200;

/** Words, a path or a name of words, a small number, a date or time, or nothing. */
export function isPlain(value: string): boolean {
  if (value.length > LONGEST) return false;
  return NUMBER.test(value) || TIME.test(value) || value.split(/[\s/_.,:;?!()-]+/).every(isWord);
}

function isWord(word: string): boolean {
  return word === '' || (word.length <= LONGEST_WORD && WORD.test(word));
}

/** As people and machines choose them: letters and digits, and no word, number or date. */
export function looksRandom(value: string): boolean {
  return value.length >= 6 && /\d/.test(value) && /\p{L}/u.test(value) && !isPlain(value);
}
