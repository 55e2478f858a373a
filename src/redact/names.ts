/** Names that say that a secret follows. */

import { wordStart } from '../lib/sql/lexer.js';
import type { Range } from './ranges.js';

/** Values with these names are secrets in any form. */
const SURE_WORDS =
  'passwords?|passwd|passord(?:et|ene|er)?|passwort|kennwort|passphrases?|passcodes?|pwd|pswd|pw|' +
  'l(?:ö|o\\u0308?)senord(?:et)?|adgangskoden?|kodeord(?:et)?|salasana|mot[-_]?de[-_]?passe|contrase[ñn]a|' +
  'passfrase|l(?:ø|o)senord(?:et)?|(?:lykil|aðgangs)or[ðd](?:ið)?|tunnussana|l[øo]yndord(?:et)?|tunnusluku|psk|psw|pword|mnemonic|seed[-_]?phrase|wachtwoord|senha|has[łl]o|heslo|пароль';
const SURE_KEY =
  '(?:private?|yksityinen|salainen|hemlig|api|encryption|encrypt|decryption|signing|secret|master|hmac|fernet|jwt|aes|cipher|scram_client|' +
  'scram_server|krypterings?|signerings?|tilgangs|hemmelig|åtkomst|adgangs|salaus|sikkerhets|säkerhets|enc|wrapping)';

/** Values with these names may be secrets, or words, counts or flags: `token = 'og'`, `pass = true`. */
const UNSURE_WORDS =
  'secrets?|tokens?|tokene[tn]?|credentials?|hemmelig(?:het(?:ene?|er)?)?|hemlighet(?:en|er)?|hemmelighed(?:en|er)?|salaisuus|' +
  'pass(?:phrase|word)_command|geheimnis|(?:[ei]ng[aå]ngs|pin|tilgangs|sikkerhets|säkerhets|p[åa]loggings|innloggings|aktiverings|bekreftelses|alarm)[-_]?kod(?:en|er|e)?|hemmelig[-_]?kode|p[äa][äa]sykoodi|pin[-_]?codes?|' +
  '(?:recovery|backup|security|activation|verification|reset|invite|login|unlock|access)[-_]?codes?|(?:otp|totp|mfa|hotp)[-_]?(?:seed|key|code)?|auth[-_]?header|' +
  'authorization|key[-_]?pem|session[-_]?id|connection[-_]?string|geheim|zugangsdaten|lösen|bearer|jwt|' +
  'rediscli_auth|auth[-_]?key|pass|pins?|puk|cv[vc]|salts?|seeds?';
const UNSURE_KEY =
  '(?:access|account|shared|app|ssh|ssl|tls|license|lisens|storage|service|konto|client|subscription|security|session|webhook|deploy|recovery|vault|bot|wallet)';

/** Suffixes of a secret's name: its hash, which can be guessed offline, or the form in which it is written. */
const SUFFIX =
  '(?:[-_]?(?:s?hash|list[ae]?|digest|value|verdi|plain|plaintext|txt?|str|clear(?:text)?|sha\\d*|md5|bcrypt|pem|base64|b64|base|new|old|ny|gammel|encrypted|enc|v))?(?:[-_]?\\d+|_|-(?![->]))?';
const THE_KEY =
  '[-_ .]?(?:keys?|n(?:ø|o|oe)kk?el(?:en)?|n(?:ø|o|oe)gle[rn]?|nykel(?:en)?|avain|nyckeln?|schl(?:ü|ue)ssel)';

const SURE = orReplaced(`(?:${SURE_WORDS}|${SURE_KEY}${THE_KEY})${SUFFIX}`);
const SECRET = orReplaced(
  `(?:${SURE_WORDS}|${UNSURE_WORDS}|(?:${SURE_KEY}|${UNSURE_KEY})${THE_KEY})${SUFFIX}`,
);

/**
 * Also finds `løsenord` in a text whose encoding is unknown, where U+FFFD replaced each letter that is not ASCII. Only
 * Latin names: all of `пароль` would be replaced, and then it is any word of six letters.
 */
function orReplaced(names: string): string {
  return names.replace(/\[[^\]]*\]|(?!\w)\p{Script=Latin}/gu, one => {
    const letters = one.replace(/^\[|\]$/g, '');
    return /(?!\w)\p{Script=Latin}/u.test(letters) ? `[${letters}\uFFFD]` : one;
  });
}

/**
 * Ends of other words, too: they count only as a word of their own, as in `user_pass` and `userPass`, or after what they open,
 * as in `dbpass`; not in `compass`.
 */
const SHORT =
  /(?<!ssh|(?<![a-z\d])(?:db|pg|smtp|imap|mail|ftp|ldap|bind|root|admin|user|usr|sys|svc|app|api|web|http|proxy|vpn|wifi|my|mysql|sql|ora))(?:pass|pw|psk|psw|pins?|puk|cv[vc]|salts?|seeds?|lösen)(?:[-_]?(?:hash|digest|value|code|kode|new|old|ny|enc))?[-_]?\d*$/i;

/** Functions that take a password or a key, most of them from pgcrypto, and as which argument. */
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
  ['digest', 1],
  ['create_secret', 1],
  ['update_secret', 2],
  ['create_user', 2],
  ['opprett_bruker', 2],
  ['add_user', 2],
  ['authenticate', 2],
  ['login', 2],
  ['sign', 2],
  ['verify', 2],
]);

const KEYED =
  '(?<![a-z0-9_$])(?:crypt|(?:en|de)crypt(?:_iv)?|hmac|pgp_sym_(?:en|de)crypt(?:_bytea)?|pgp_pub_decrypt(?:_bytea)?|' +
  'digest|(?:create|update)_secret|(?:create|add)_user|opprett_bruker|authenticate|login|sign|verify)';

/** Whether the function takes other things as that argument, too: a file to digest, a name. */
export function isUnsureFunction(name: string): boolean {
  return !/crypt|hmac/i.test(name);
}

/** As which argument the function takes a secret, from 1; `undefined` if it takes none. */
export function keyedArgument(name: string): number | undefined {
  return KEYED_ARGUMENT.get(name.toLowerCase());
}

/**
 * The end of a secret's name, or of a URI's scheme. Most statements have neither, and are not examined further. Takes
 * linear time: no part of it can be matched in two ways.
 */
const TRIGGER = new RegExp(`(?:${SECRET}|${KEYED})(?![\\w$\\x80-\\uffff])|://`, 'gi');

const NAME = new RegExp(`${SECRET}$`, 'i');
const SURE_NAME = new RegExp(`${SURE}$`, 'i');

/** Escapes that could hide a name: `U&"p\0061ssword"`, `E'p\x61ssword'`. */
const DISGUISE = /u&['"]|\\[xu0-7]/i;

const FLAG = /^(?:is|has)[-_]/i;

/** Names of values that may be true or false: `must_change_password`, `visPassord`. */
const MAYBE_FLAG =
  /(?:^|[-_])(?:must|m[aå]|skal|needs?|requires?|krever?|force|allow|enable|show|hide|vis|skjul|use|bruk|har|er|can|kan)(?:[-_]|(?=[A-Z]))/;

/** No name is longer: PostgreSQL keeps 63 bytes of an identifier. */
const NAME_LENGTH = 64;

/** The names that are searched for. */
export interface Names {
  /** Finds where a name that may be one of them ends. */
  readonly trigger: RegExp;
  /** Whether it is one of them. */
  is(name: string): boolean;
  /** Whether its value is a secret in any form. */
  isSure(name: string): boolean;
}

export const SECRETS: Names = { trigger: TRIGGER, is: isSecretName, isSure: isSureName };

/** More other names than a person's statement gives a secret. */
const MOST_ALIASES = 8;

/** Other names of a secret in the same text: `p` in `SET password = v.p`. */
export function aliasNames(aliases: ReadonlySet<string>): Names {
  const names = new Set(Array.from(aliases).slice(0, MOST_ALIASES));
  const either = Array.from(names, name => name.replace(/[$]/g, '\\$&')).join('|');
  return {
    trigger: new RegExp(`(?<![\\w$\\x80-\\uffff])(?:${either})(?![\\w$\\x80-\\uffff])`, 'gi'),
    is: name => names.has(name.toLowerCase()),
    isSure: () => false,
  };
}

/** Whether the text has such a name, or a URI. */
export function hasTrigger(text: string): boolean {
  return triggerAfter(text, 0, SECRETS) <= text.length;
}

/** Whether escapes may hide a name. */
export function mayDisguise(text: string): boolean {
  return DISGUISE.test(text);
}

/** Where the first name or scheme that begins at `from` or later ends; past the text if there is none. */
export function triggerAfter(text: string, from: number, { trigger }: Names): number {
  trigger.lastIndex = from;
  return trigger.test(text) ? trigger.lastIndex : text.length + 1;
}

/**
 * Whether values with this name are secrets: `new_password`, `apiKey`, `password_hash`.
 * `password_changed`, `password_encryption` and `has_password` are about secrets, but are none.
 */
export function isSecretName(name: string): boolean {
  return name.length <= NAME_LENGTH && NAME.test(name) && !isOther(name);
}

/** Whether its value is a secret in any form. */
export function isSureName(name: string): boolean {
  return SURE_NAME.test(name) && !MAYBE_FLAG.test(name);
}

/** Whether a name that ends like a secret's is only about one, or is another word. */
function isOther(name: string): boolean {
  if (FLAG.test(name)) return true;
  const at = name.search(SHORT);
  if (at <= 0) return false;
  const [before, first] = [name.charAt(at - 1), name.charAt(at)];
  const isHump = /[a-z\d]/.test(before) && /[A-Z]/.test(first);
  return !isHump && /[a-z\d\x80-\uffff]/i.test(before) && !SURE_NAME.test(name.slice(0, at));
}

/** The whole name whose trigger ends at `end`, or `null` if it is only about a secret. */
export function secretNameAt(text: string, end: number, from: number, names: Names): Range | null {
  const start = wordStart(text, end, Math.max(from, end - NAME_LENGTH));
  const name = text.slice(start, end);
  return (names === SECRETS ? isOther(name) : !names.is(name)) ? null : { start, end };
}
