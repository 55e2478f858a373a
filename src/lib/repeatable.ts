import { Option } from 'commander';

/**
 * An option with one value that may be given several times. An option with several values would also take the argument
 * that follows it: `verify --seals seals.json gs://archive`.
 */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description}; may be given several times`).argParser(
    (value: string, before: readonly string[] = []) => [...before, value],
  );
}
