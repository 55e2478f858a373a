/** `init`: asks a server, and writes a first configuration. */

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { reasonOf } from '../../database/connect.js';
import { lookAt } from '../../database/look.js';
import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';
import { composeConfig } from './compose.js';

export interface InitArguments {
  readonly database: string;
  readonly out: string;
  readonly print: boolean;
}

const FAILED = 1;

export function addInit(program: Command): void {
  program
    .command('init')
    .description(
      'write a first configuration from what a server says: log folder, time zone, roles, what it lacks',
    )
    .requiredOption('--database <url>', 'postgres://user@host/database; a role that may only log in will do')
    .option(
      '--out <file>',
      'the file to write; one that is there is never overwritten',
      'pgaudit-shipper.yaml',
    )
    .option('--print', 'print it, and write nothing', false)
    .action(async (given: InitArguments) => {
      process.exitCode = await init(given);
    });
}

async function init({ database, out, print }: InitArguments): Promise<number> {
  let config: string;
  try {
    config = composeConfig(await lookAt(database), database);
  } catch (error) {
    const why =
      error instanceof ShipperError ? error.message : `the server cannot be asked (${reasonOf(error)})`;
    return fail(`${why}: check --database, and PGPASSWORD or the password file`);
  }
  if (print) {
    process.stdout.write(config);
    return 0;
  }
  try {
    // It may hold a password.
    await writeFile(out, config, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (hasCode(error, 'EEXIST'))
      return fail(`${out} is there already, and stays as it is: give another --out, or --print`);
    return fail(`${out} cannot be written (${codeOf(error)})`);
  }
  process.stdout.write(`wrote ${out}. Look at it, then: pgaudit-shipper check --config ${out}\n`);
  return 0;
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return FAILED;
}
