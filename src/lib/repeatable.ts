import { Option } from 'commander';

/**
 * An option of one value that may be given several times. One that took several at once would take the argument that
 * follows it, too: `verify --seals seals.json gs://archive`.
 */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description}; may be given several times`).argParser(
    (value: string, before: readonly string[] = []) => [...before, value],
  );
}
