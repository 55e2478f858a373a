import { Option } from 'commander';

/**
 * An option that may be given several times, with one value each. An option with several values would also take the
 * argument after it: `verify --seals seals.json gs://archive`.
 */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description}; may be given several times`).argParser(
    (value: string, before: readonly string[] = []) => [...before, value],
  );
}
