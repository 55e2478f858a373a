/** Replaces `${VAR}` and `${VAR:-default}` in settings by environment variables. */

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

export interface Missing {
  readonly path: readonly PropertyKey[];
  readonly variable: string;
}

/**
 * Fills in variables in every text of a parsed document, so that a value can never change its structure.
 * As in a shell, the default counts if the variable is unset or empty. Lists variables that are unset and have no
 * default. A setting without a value is left out, as if it were missing.
 */
export function substitute(
  value: unknown,
  environment: NodeJS.ProcessEnv,
  path: readonly PropertyKey[] = [],
): { value: unknown; missing: Missing[] } {
  if (typeof value === 'string') return substituteText(value, environment, path);
  if (typeof value !== 'object' || value === null) return { value, missing: [] };
  const given = Object.entries(value).filter(([, inner]) => Array.isArray(value) || inner !== null);
  const parts = given.map(([key, inner]) => {
    const step = Array.isArray(value) ? Number(key) : key;
    return [key, substitute(inner, environment, [...path, step])] as const;
  });
  const missing = parts.flatMap(([, part]) => part.missing);
  if (Array.isArray(value)) return { value: parts.map(([, part]) => part.value), missing };
  return { value: Object.fromEntries(parts.map(([key, part]) => [key, part.value])), missing };
}

function substituteText(
  text: string,
  environment: NodeJS.ProcessEnv,
  path: readonly PropertyKey[],
): { value: string; missing: Missing[] } {
  const missing: Missing[] = [];
  const value = text.replace(VARIABLE, (_match, variable: string, fallback: string | undefined) => {
    const set = environment[variable];
    if (set === undefined && fallback === undefined) missing.push({ path, variable });
    return set || (fallback ?? '');
  });
  return { value, missing };
}
