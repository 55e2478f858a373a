/** SQL that people are to run. */

/** An identifier, in quotes where it needs them. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
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
