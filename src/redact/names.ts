/** Words that say that a secret follows. */

import { isLetter } from '../sql/chars.js';
import { wordStart } from '../sql/lexer.js';
import type { Range } from './ranges.js';

const PASSWORD =
  'passwords?|passwd|passord|passwort|passphrase|passcode|(?<![a-z0-9])(?:pass|pw)|pwd|pswd|secret|token|credentials?';
const KEY =
  '(?:private|access|account|api|encryption|signing|shared|secret|master|hmac|scram_client|scram_server)';

/** What a secret's name ends in: a word for it, or the hash of one, which can be guessed at offline. */
const SECRET = `(?:${PASSWORD}|${KEY}[-_ ]?key)(?:[-_]?(?:hash|digest))?\\d*`;

/** Functions of pgcrypto that take a password or a key, and as which of their arguments. */
const KEYED_ARGUMENT = new Map([
  ['crypt', 1],
  ['encrypt', 2],
  ['encrypt_iv', 2],
  ['decrypt', 2],
  ['decrypt_iv', 2],
  ['hmac', 2],
  ['pgp_sym_encrypt', 2],
  ['pgp_sym_encrypt_bytea', 2],
  ['pgp_sym_decrypt', 2],
  ['pgp_sym_decrypt_bytea', 2],
  ['pgp_pub_decrypt', 3],
  ['pgp_pub_decrypt_bytea', 3],
]);

const KEYED =
  '(?<![a-z0-9_$])(?:crypt|(?:en|de)crypt(?:_iv)?|hmac|pgp_sym_(?:en|de)crypt(?:_bytea)?|pgp_pub_decrypt(?:_bytea)?)';

/** As which argument the function takes a secret, from 1; `undefined` where it takes none. */
export function keyedArgument(name: string): number | undefined {
  return KEYED_ARGUMENT.get(name.toLowerCase());
}

/**
 * The end of a secret's name, or of a URI's scheme. Most statements have neither, and are looked at no
 * further. Takes linear time: no part of it can be matched in two ways.
 */
const TRIGGER = new RegExp(`(?:${SECRET}|${KEYED})(?![\\w$\\x80-\\uffff])|://`, 'gi');

const NAME = new RegExp(`${SECRET}$`, 'i');

/** Escapes by which a name could be spelled without showing it: `U&"p\0061ssword"`, `E'p\x61ssword'`. */
const DISGUISE = /u&['"]|\\[xu0-7]/i;

const FLAG = /^(?:is|has)[-_]/i;

/** No name is longer: PostgreSQL keeps 63 bytes of an identifier. */
const NAME_LENGTH = 64;

/** Whether a name shows, or a URI. */
export function hasTrigger(text: string): boolean {
  return triggerAfter(text, 0) <= text.length;
}

/** Whether escapes may hide a name. */
export function mayDisguise(text: string): boolean {
  return DISGUISE.test(text);
}

/** Where the first name or scheme that begins at `from` or later ends; past the text where there is none. */
export function triggerAfter(text: string, from: number): number {
  TRIGGER.lastIndex = from;
  return TRIGGER.test(text) ? TRIGGER.lastIndex : text.length + 1;
}

/**
 * Whether what goes by this name is a secret: `new_password`, `apiKey`, `password_hash`.
 * `password_changed`, `password_encryption` and `has_password` tell of secrets, and are none.
 */
export function isSecretName(name: string): boolean {
  return name.length <= NAME_LENGTH && NAME.test(name) && !FLAG.test(name);
}

/** The whole name whose trigger ends at `end`, or `null` where it only tells of a secret. */
export function secretNameAt(text: string, end: number, from: number): Range | null {
  const start = wordStart(text, end, Math.max(from, end - NAME_LENGTH));
  const first = text.charCodeAt(start);
  const mayBeFlag = isLetter(first, 'i') || isLetter(first, 'h');
  return mayBeFlag && FLAG.test(text.slice(start, end)) ? null : { start, end };
}
