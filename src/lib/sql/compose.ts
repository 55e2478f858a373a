/** SQL for people to run. */

/** An identifier, in quotes if it needs them. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : quoted(name, '"');
}

/** Key words that cannot name a role or a database without quotes (PostgreSQL manual, appendix C). */
const RESERVED = new Set(
  [
    'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation',
    'column concurrently constraint create cross current_catalog current_date current_role current_schema current_time',
    'current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze',
    'from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit',
    'localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references',
    'returning right select session_user similar some symmetric system_user table tablesample then to trailing true union',
    'unique user using variadic verbose when where window with',
  ].flatMap(words => words.split(' ')),
);

export function literal(text: string): string {
  return quoted(text, "'");
}

/** Characters that could be mistaken for other text, such as a line break, become Unicode escapes: U&"a\\000Ab". */
function quoted(text: string, quote: '"' | "'"): string {
  const doubled = text.replaceAll(quote, quote + quote);
  if (!UNSEEN.test(text)) return quote + doubled + quote;
  const escaped = doubled.replaceAll('\\', '\\\\').replaceAll(EACH_UNSEEN, escapeOf);
  return `U&${quote}${escaped}${quote}`;
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const EACH_UNSEEN = new RegExp(UNSEEN, 'gu');

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16).toUpperCase();
  return code > 0xffff ? `\\+${digits.padStart(6, '0')}` : `\\${digits.padStart(4, '0')}`;
}

/** Sets it for the whole server. */
export function alterSystem(setting: string, value: string): string {
  return `ALTER SYSTEM SET ${setting} = ${literal(value)}; SELECT pg_reload_conf();`;
}

/** The same, if it takes effect only after a restart; a list of libraries is one literal each. */
export function alterSystemRestart(setting: string, ...values: readonly string[]): string {
  return `ALTER SYSTEM SET ${setting} = ${values.map(literal).join(', ')}; then restart PostgreSQL`;
}

/** At most this many names, and the number of the others. */
export function some(names: readonly string[], most = 10): string {
  const rest = names.length - most;
  const shown = names.slice(0, most).join(', ');
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
