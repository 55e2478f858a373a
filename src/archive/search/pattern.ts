/** How text is compared with what somebody types. */

/** Letters whose case does not count. Unlike lower case, upper case is the same wherever in a word a letter stands. */
export function folded(text: string): string {
  return text.toUpperCase();
}

/** Whether a text is the pattern's, in which `*` stands for anything. */
export function wildcard(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return text => text === pattern;
  const expression = new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 'su');
  return text => expression.test(text);
}

/** Whether a text holds the word, in any case, and not as part of a longer one. */
export function wholeWord(word: string): (text: string) => boolean {
  const letter = '[\\p{L}\\p{N}_$]';
  const expression = new RegExp(`(?<!${letter})${escaped(word)}(?!${letter})`, 'iu');
  return text => expression.test(text);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
