/** `search` in this process: as the command line reads its arguments, on a terminal or not. */

import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { addSearchOptions, type SearchArguments } from '../../src/commands/search/options.js';
import { searchArchive } from '../../src/commands/search/search.js';

/** The command's arguments, as the command line reads them. */
export function given(...args: readonly string[]): SearchArguments {
  const command = addSearchOptions(new Command('search').argument('[archive]').exitOverride());
  command.configureOutput({ writeErr: () => undefined });
  return command.parse(args, { from: 'user' }).opts<SearchArguments>();
}

export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process, on a terminal or not. */
export async function run(
  archive: string,
  args: readonly string[],
  terminal: { columns: number } | null = null,
): Promise<Printed> {
  const stream = (): PassThrough & { text: string } => {
    const made = Object.assign(new PassThrough(), { text: '' });
    made.on('data', (chunk: Buffer) => {
      made.text += chunk.toString();
    });
    return terminal === null ? made : Object.assign(made, { isTTY: true, ...terminal });
  };
  const [stdout, stderr] = [stream(), stream()];
  const code = await searchArchive(archive, given(...args), { stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
