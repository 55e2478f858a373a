/** SQL that people are to run. */

/** An identifier, in quotes where it needs them. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoted(name, '"');
}

export function literal(text: string): string {
  return quoted(text, "'");
}

/** What could pass for other text, such as a line break, is written out in Unicode escapes: U&"a\\000Ab". */
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

/** The same, where only a restart has it count; a list of libraries is one literal each. */
export function alterSystemRestart(setting: string, ...values: readonly string[]): string {
  return `ALTER SYSTEM SET ${setting} = ${values.map(literal).join(', ')}; then restart PostgreSQL`;
}

/** At most so many names, and how many there are beside. */
export function some(names: readonly string[], most = 10): string {
  const rest = names.length - most;
  const shown = names.slice(0, most).join(', ');
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
