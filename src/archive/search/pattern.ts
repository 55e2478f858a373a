/** How text is compared with what somebody types. */

/** Ignores case. Unlike lower case, the upper case of a letter does not depend on its position in a word. */
export function folded(text: string): string {
  return text.toUpperCase();
}

/** Whether a text matches the pattern, in which `*` matches anything. */
export function wildcard(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return text => text === pattern;
  const expression = new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 'su');
  return text => expression.test(text);
}

/** Whether a text contains the word, in any case, and not as part of a longer word. */
export function wholeWord(word: string): (text: string) => boolean {
  const letter = '[\\p{L}\\p{N}_$]';
  const expression = new RegExp(`(?<!${letter})${escaped(word)}(?!${letter})`, 'iu');
  return text => expression.test(text);
}

/** A text that an expression matches literally. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
