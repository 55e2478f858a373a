/** Words that say that a secret follows. */

import { wordEnd, wordStart } from './lexer.js';

/**
 * A part of every name that `isSecretName` knows, and what every URI has. Most statements have none of
 * it, and are looked at no further. Each alternative has a fixed length, so that it takes linear time.
 */
const TRIGGER = /pass|pwd|secret|token|credential|[-_a-z]key|:\/\//gi;

/** Escapes by which a name could be spelled without showing it: `U&"p\0061ssword"`, `E'p\x61ssword'`. */
const DISGUISE = /u&['"]|\\[xu0-7]/i;

const SECRET =
  /(?:password|passwd|passord|passphrase|passcode|pwd|secret|token|credentials?|(?:private|access|account|api|encryption|signing|shared|secret)[-_]?key|(?:^|[-_])pass)(?:[-_]?(?:hash|digest))?\d*$/i;

const FLAG = /^(?:is|has)[-_]/i;

/** No name is longer: PostgreSQL keeps 63 bytes of an identifier. */
const NAME_LENGTH = 64;

/** Whether there may be anything to scrub. */
export function mayHoldSecrets(text: string): boolean {
  return triggerAfter(text, 0) <= text.length || DISGUISE.test(text);
}

/** Where the first trigger that begins at `from` or later ends; past the text where there is none. */
export function triggerAfter(text: string, from: number): number {
  TRIGGER.lastIndex = from;
  return TRIGGER.test(text) ? TRIGGER.lastIndex : text.length + 1;
}

/**
 * Whether what goes by this name is a secret: the name ends in a word for one (`new_password`, `apiKey`), or in
 * the hash of one (`password_hash`: it can be guessed at offline). `password_changed`, `password_encryption`
 * and `has_password` tell of secrets, and are none.
 */
export function isSecretName(name: string): boolean {
  return name.length <= NAME_LENGTH && SECRET.test(name) && !FLAG.test(name);
}

/** The secret name around a trigger that ends at `triggerEnd`, or `null`. */
export function secretNameAt(
  text: string,
  triggerEnd: number,
  from: number,
): { start: number; end: number } | null {
  const end = wordEnd(text, triggerEnd);
  const start = wordStart(text, triggerEnd, Math.max(from, end - NAME_LENGTH));
  return isSecretName(text.slice(start, end)) ? { start, end } : null;
}
