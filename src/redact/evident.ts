/** Secrets that are recognized by their form, whatever comes before them. */

import { commandSecrets, TOOL } from './commands.js';
import { looksRandom } from './plain.js';
import { add, type MutableRange, type Range } from './ranges.js';
import { TOKEN_BEGINS, tokenSecrets } from './tokens.js';

/** Each kind contains one of these: most texts contain none, and are not examined further. */
const HINT = new RegExp(
  [
    'SCRAM-SHA-256\\$',
    'PRIVATE KEY',
    'eyJ',
    'authorization',
    'bearer',
    'basic',
    'cookie',
    'webhook',
    'hooks\\.',
    '[?&](?:[\\w-]{0,20}sig|code|key|auth|jwt)',
    '\\$(?:2[abxy]|argon|scrypt|[1567]\\$)',
    'pbkdf2',
    '\\}[\\w+]',
    '\\bmd5[0-9a-f]',
    ':(?:\\d{2,5}|\\*):[\\w*-]{1,63}:[\\w.@*-]{1,63}:[^\\s:]',
    'auth"?\\s{0,3}[:=]',
    'Private-Lines',
    ':AA[\\w-]{30}',
    '://[\\w-]{16}',
    '/[^\\s/@\'":]{4,64}@',
    'atlasv1',
    'Q~',
    '_mmk',
    'APA91b',
    '1//0',
    'SecureString',
    'getConnection',
    'Credential',
    'kty"',
    '(?:ro|rw|server )community',
    'kind["\']?:\\s{0,3}["\']?Secret',
    '\\w / (?=[^\\s\'"/]{6})[^\\s\'"/\\d]*\\d',
    TOKEN_BEGINS,
    TOOL.source,
  ].join('|'),
  'i',
);

/** A kind of secret; of a match, the group that took part in it, or all of it. */
interface Kind {
  readonly pattern: RegExp;
  /** It may also match ordinary words. */
  readonly unsure?: true;
}

/**
 * A role's password as PostgreSQL stores it, other hashes, tokens, and the credentials of a request. Each pattern takes
 * linear time: nothing matches in two ways, or again inside a match.
 */
const KINDS: readonly Kind[] = [
  { pattern: /SCRAM-SHA-256\$(\d{1,10}:[\w+/=]+\$[\w+/=]+:[\w+/=]+)/g },
  { pattern: /(?<!\w)md5[0-9a-f]{32}(?!\w)/g },
  { pattern: /\$(?:2[abxy]\$\d\d\$[./\w]{10,}|[156]\$[./\w]{1,16}\$[./\w]{20,})/g },
  { pattern: /(?:\$(?:argon2(?:id|i|d)|scrypt|pbkdf2[\w-]{0,12})|pbkdf2_sha\d{1,3})\$([^\s'"]{10,})/g },
  { pattern: /\{(?:S?SHA\d{0,3}|S?MD5|CRYPT)\}([\w+/=$.]{10,})/gi },
  { pattern: /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g },
  { pattern: /(?<=\batlasv1\.)[\w-]{20,}/g },
  {
    pattern:
      /(?<![\w~.])[\w~.]{3,8}\dQ~[\w~.-]{31,34}|(?<!\w)\w{6}_\w{29}_mmk|(?<=:)APA91b[\w-]{20,}|(?<!\w)1\/\/0[\w-]{20,}/g,
  },
  { pattern: /\bSecureString\s{1,3}(?:-String\s{1,3})?["']([^"'$\n]{1,200})["']/gi },
  {
    pattern:
      /\b(?:getConnection|NetworkCredential|PSCredential|UsernamePasswordCredentials?)\s{0,2}\([^()"'\n]{0,80}["'][^"'\n]{0,64}["']\s{0,3},\s{0,3}["']([^"'\n]{1,200})["']/gi,
  },
  {
    pattern: /"(?:d|p|q|dp|dq|qi|k)"\s{0,3}:\s{0,3}"((?=[\w-]{0,40}[A-Z])(?=[\w-]{0,40}[a-z])[\w-]{14,})"/g,
    unsure: true,
  },
  { pattern: /\b(?:ro|rw|snmp-server )community6?\s{1,3}([^\s'"]{1,64})/gi, unsure: true },
  {
    pattern:
      /authorization["'\\\s:=,>]{1,10}(?:(?:basic|bearer|token|apikey|negotiate)\s{1,4}([^\s"'\\]{8,})|(?:digest|aws4-hmac-sha256)\s{1,4}([^'\r\n]{8,500}))/gi,
  },
  { pattern: /\b(?:basic|bearer)\s{1,4}([\w+/=.~-]{6,})/gi, unsure: true },
  { pattern: /\bset-cookie["'\\]{0,3}\s{0,3}[:=]\s{0,3}["'\\]{0,3}[\w.-]{1,64}=([^\s;'"]+)/gi },
  { pattern: /(?<!-)\bcookie["'\\]{0,3}\s{0,3}:\s{0,3}["'\\]{0,3}([\w.-]{1,64}=[^'"\n\\]+)/gi },
  { pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/([\w/+-]+)/gi },
  { pattern: /(?:discord(?:app)?\.com\/api\/webhooks\/|\.webhook\.office\.com\/webhookb2\/)([^\s'"?&]+)/gi },
  {
    pattern: /[?&](?:sig|[\w-]{0,12}signature|code|key|auth|jwt|sas)=([^\s&#'"]{6,})/gi,
    unsure: true,
  },
  { pattern: /\bauth\s{0,3}=\s{0,3}\(\s{0,3}["'][^"'\n]{0,64}["']\s{0,3},\s{0,3}["']([^"'\n]{1,200})["']/g },
  { pattern: /Private-Lines: \d{1,4}\s{1,4}([^'"]+)/g },
  { pattern: /(?<=\b|\bbot)\d{8,10}:AA[\w-]{30,}/g },
  {
    pattern:
      /(?<!\w)(?:(?:inn?logg?ing|pålogg?ing|log[io]n|bruker(?:navn)?|user(?:name)?|kont[oi]|account|tilgang|credentials?)\s{0,3}[:=]?\s{1,3}[\w.@-]{1,64}|admin(?:istrator)?|root|postgres|sysadmin) \/ ([^\s'"/]{6,})/gi,
    unsure: true,
  },
  { pattern: /"auth"\s{0,3}:\s{0,3}"([\w+/=]{8,})"/g, unsure: true },
  { pattern: /:\/\/([\w-]{16,})@/g, unsure: true },
  { pattern: /\w\/([^\s/@'":]{4,64})@(?:\/\/)?[\w.-]{1,64}:\d{2,5}/g, unsure: true },
  { pattern: /(?<![^\n'"])[\w-]{1,63}:(?:\d{4,5}|\*):[\w*-]{1,63}:[\w.@*-]{1,63}:([^\s:'"]{4,})/g },
  {
    pattern: /(?:[\w-]\.[\w-]{1,63}|localhost|\*):(?:\d{2,5}|\*):[\w*-]{1,63}:[\w.@*-]{1,63}:([^\s:'"]{4,})/g,
  },
];

const KEY_BEGINS = /-----? ?BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)? ?-----?/g;
const KEY_ENDS = /-----? ?(?:BEGIN|(END))/g;

/** In the order of their kinds. */
export function evidentSecrets(text: string): Range[] {
  if (!HINT.test(text)) return [];
  return [
    ...tokenSecrets(text),
    ...commandSecrets(text),
    ...privateKeys(text),
    ...manifestSecrets(text),
    ...secretsOf(text, SURE, () => true),
    ...secretsOf(text, UNSURE, looksRandom),
  ];
}

/** All kinds as one expression, so that one pass over a text is enough. */
function eitherOf(kinds: readonly Kind[]): RegExp {
  const sources = kinds.map(({ pattern: { source, ignoreCase } }) =>
    ignoreCase ? `(?i:${source})` : source,
  );
  return new RegExp(sources.join('|'), 'dg');
}

const SURE = eitherOf(KINDS.filter(({ unsure }) => !unsure));
const UNSURE = eitherOf(KINDS.filter(({ unsure }) => unsure));

function secretsOf(text: string, kinds: RegExp, isSecret: (value: string) => boolean): Range[] {
  const ranges: MutableRange[] = [];
  for (const { indices } of text.matchAll(kinds)) {
    const [all, ...groups] = indices ?? [];
    const [start, end] = groups.find(group => group !== undefined) ?? all ?? [0, 0];
    if (isSecret(text.slice(start, end))) add(ranges, { start, end });
  }
  return ranges;
}

/** No Kubernetes secret in a statement that a person writes is longer. */
const LONGEST_MANIFEST = 4000;

/** The contents of a Kubernetes secret, whatever their keys are. */
function manifestSecrets(text: string): Range[] {
  const ranges: MutableRange[] = [];
  const kind = /kind["']?:\s{0,3}["']?Secret\b/g;
  while (kind.test(text)) {
    const from = kind.lastIndex;
    kind.lastIndex += LONGEST_MANIFEST;
    const [manifest = ''] = text.slice(from, kind.lastIndex).split('\n---', 1);
    const data = Math.max(manifest.search(/(?<!meta)(?:data|stringData)["']?:/), 0);
    for (const { 1: value = '', index, 0: all } of manifest
      .slice(data)
      .matchAll(/:\s{0,3}["']?([\w+/=]{8,})/g)) {
      const end = from + data + index + all.length;
      if (data > 0 && looksRandom(value)) add(ranges, { start: end - value.length, end });
    }
  }
  return ranges;
}

/** What is between the lines that begin and end a key; without an end, up to a quote. */
function privateKeys(text: string): Range[] {
  const ranges: MutableRange[] = [];
  for (const { 0: line, index } of text.matchAll(KEY_BEGINS)) {
    const start = index + line.length;
    KEY_ENDS.lastIndex = start;
    const mark = KEY_ENDS.exec(text);
    const end = mark?.index ?? text.length;
    const content = mark?.[1] !== undefined ? '' : text.slice(start, end);
    const quote = content.search(/['"]/);
    const until = quote === -1 ? end : start + quote;
    if (until > start) add(ranges, { start, end: until });
  }
  return ranges;
}
