/** The command line: arguments, configuration, exit codes. */

import { Command, CommanderError, Option } from 'commander';
import type { CheckArguments } from './commands/check/check.js';
import type { DetectArguments } from './commands/detect/options.js';
import { addEvidenceOptions } from './commands/verify/evidence-options.js';
import type { VerifyArguments } from './commands/verify/verify.js';
import { ConfigError, loadConfig } from './config/load.js';
import type { Config } from './config/schema.js';
import { describeError } from './daemon/fixes.js';
import { inProject } from './lib/paths.js';
import { wholeVersion } from './lib/version.js';

/** Exit codes: 0 done, 1 failed, 2 bad usage or configuration; 3 of `verify` and `report`: incomplete. */
const BAD_USAGE = 2;
const FAILED = 1;

/** The embedded default: everything in local folders. */
const LOCAL_CONFIG = inProject('config/local.yaml');

const config = new Option('-c, --config <file>', 'the configuration file')
  .env('PGAUDIT_SHIPPER_CONFIG')
  .default(LOCAL_CONFIG, 'config/local.yaml');

const program = new Command('pgaudit-shipper')
  .description(
    'Ships what persons change in PostgreSQL, as pgAudit logs it, to Cloud Logging and Cloud Storage.',
  )
  .version(wholeVersion())
  .exitOverride();

program
  .command('run')
  .description('the daemon: follow the log and ship what persons change')
  .addOption(config)
  .option('--once', 'read what is there, deliver all of it, seal and exit', false)
  .option(
    '--retire',
    'with --once: for the last time; verify then expects nothing more from this daemon',
    false,
  )
  .action(async ({ config: file, ...options }: { config: string; once: boolean; retire: boolean }) => {
    if (options.retire && !options.once) return refuse('--retire needs --once');
    const { run } = await import('./daemon/run.js');
    process.exitCode = await withConfig(file, loaded => run(loaded, options));
  });

program
  .command('check')
  .description('preflight: find what is wrong before the start')
  .addOption(config)
  .option('--json', 'print the findings as JSON', false)
  .option('--end-to-end', 'make a change as a person and follow it to both destinations', false)
  .option('--source <instance>', 'check only this one of several sources')
  .option(
    '--as <role or url>',
    'who makes the change: a role, which replaces the user of database.url, or a connection URL',
  )
  .option('--wait <duration>', 'how long the change may take to arrive', '60s')
  .option('--user <user>', 'check with the rights of this user, who will run the daemon; needs root')
  .action(async ({ config: file, ...options }: CheckArguments & { config: string }) => {
    const { check } = await import('./commands/check/check.js');
    const { becomeUser } = await import('./commands/check/user.js');
    const fault = options.user === undefined ? null : becomeUser(options.user);
    if (fault !== null) process.stderr.write(`${fault}\n`);
    process.exitCode =
      fault === null ? await withConfig(file, loaded => check(loaded, file, options)) : BAD_USAGE;
  });

program
  .command('backfill')
  .description('ship old log files, also .gz, once, however often it is called')
  .argument('<file...>', 'csvlog files')
  .addOption(config)
  .option('--source <instance>', 'the source that wrote them, if there are several')
  .action(async (files: string[], { config: file, source }: { config: string; source?: string }) => {
    const { backfill } = await import('./commands/backfill/backfill.js');
    process.exitCode = await withConfig(file, loaded => backfill(loaded, files, source));
  });

program
  .command('demo')
  .description('the whole pipeline on a throw-away PostgreSQL with pgAudit and local folders')
  .option('--keep', 'stay up afterwards and print a psql command to try it yourself', false)
  .action(async ({ keep }: { keep: boolean }) => {
    const { demo } = await import('../demo/demo.js');
    process.exitCode = await demo({ keep });
  });

addEvidenceOptions(program.command('verify'))
  .description(
    'say whether an archive is whole (0), broken (1) or incomplete (3), and name what is wrong or missing',
  )
  .argument('[archive]', 'gs://bucket/prefix or file:folder; none with --merge')
  .option('--since <day>', 'only objects from this day on (UTC, such as 2026-11-21)')
  .option('--until <day>', 'only objects up to this day')
  .option(
    '--grace <duration>',
    'how much of the end does not have to be covered yet, such as 26h for a daily run',
  )
  .option(
    '--bookmark <file>',
    'continue from what the last run with this file proved; written anew if the verdict is whole',
  )
  .option('--shard <i/n>', 'only one of n parts of the daemons, from 0/n on; auto: as Cloud Run says')
  .option('--out <folder>', 'with --shard: where its result is written')
  .option('--merge <path...>', 'one verdict from the results of all shards: files, or their folder')
  .option('--instance <name>', 'only this instance')
  .option('--node <name>', 'only this node')
  .option('--endpoint <url>', 'another server for Cloud Storage, as archive.endpoint')
  .option('--json', 'one JSON object', false)
  .action(async (archive: string | undefined, options: VerifyArguments) => {
    const { verify } = await import('./commands/verify/verify.js');
    process.exitCode = await verify(archive, options);
  });

// The daemon starts without the code that only readers of archives need.
if (process.argv[2] !== 'run') {
  const { addSearch } = await import('./commands/search/search.js');
  const { addInit } = await import('./commands/init/init.js');
  const { addProve } = await import('./commands/prove/prove.js');
  const { addReport } = await import('./commands/report/report.js');
  addSearch(program);
  addReport(program);
  addProve(program);
  addInit(program);
  const { addDetectOptions } = await import('./commands/detect/options.js');
  addDetectOptions(program.command('detect'))
    .description('what the rules of detect would have said of a past stretch')
    .addOption(config)
    .action(async ({ config: file, ...given }: DetectArguments & { config: string }) => {
      const { detect } = await import('./commands/detect/detect.js');
      process.exitCode = await withConfig(file, loaded => detect(loaded, given));
    });
}

function refuse(fault: string): void {
  process.stderr.write(`${fault}\n`);
  process.exitCode = BAD_USAGE;
}

/** Prints the faults of the configuration, one line each, and returns the exit code. */
async function withConfig(file: string, command: (loaded: Config) => Promise<number>): Promise<number> {
  try {
    return await command(await loadConfig(file, process.env));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${file}: ${fault}\n`);
    return BAD_USAGE;
  }
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : BAD_USAGE;
  else {
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = FAILED;
  }
}
// Abandoned requests may still hold the event loop; everything that counts is on disk.
process.exit();
