/** Text encodings other than UTF-8: each database writes its own encoding into the log. */

export type Decode = (bytes: Buffer) => string;

/** PostgreSQL's server encodings (manual, 24.3.1) by their WHATWG names, without those that Node.js cannot read. */
const LABELS: Readonly<Record<string, string>> = {
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'iso-8859-9',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN1255: 'windows-1255',
  WIN1256: 'windows-1256',
  WIN1257: 'windows-1257',
  WIN1258: 'windows-1258',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  EUC_JP: 'euc-jp',
  EUC_JIS_2004: 'euc-jp',
  EUC_KR: 'euc-kr',
  EUC_CN: 'gbk',
};

/** By PostgreSQL's names: all but UTF-8 that are known here. */
export const ENCODINGS: readonly string[] = ['LATIN1', ...Object.keys(LABELS)];

const decoders = new Map<string, Decode>();

/** Decodes texts in this encoding of PostgreSQL; `null` for UTF-8, and for SQL_ASCII, which does not name an encoding. */
export function decoderFor(encoding: string | null): Decode | null {
  // WHATWG's iso-8859-1 means windows-1252; PostgreSQL's LATIN1 does not.
  if (encoding === 'LATIN1') return bytes => bytes.toString('latin1');
  const label = encoding === null ? undefined : LABELS[encoding];
  if (encoding === null || label === undefined) return null;
  const known = decoders.get(encoding);
  if (known !== undefined) return known;
  const decoder = new TextDecoder(label);
  const decode = (bytes: Buffer): string => decoder.decode(bytes);
  decoders.set(encoding, decode);
  return decode;
}

/** Matches a character that is not ASCII. */
const NOT_ASCII = /[^ -~\s]/;

/**
 * Whether a text is one of some words in UTF-8 or in any other encoding. For words of the server's own, which it writes
 * in the database's encoding: they are recognized without knowing it.
 *
 * @param read decodes the text; `null` means UTF-8
 */
export function isOneOf(words: ReadonlySet<string>, read: (decode: Decode | null) => string): boolean {
  const text = read(null);
  if (words.has(text)) return true;
  if (!NOT_ASCII.test(text)) return false;
  return ENCODINGS.some(encoding => words.has(read(decoderFor(encoding))));
}
