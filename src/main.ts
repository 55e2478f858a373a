#!/usr/bin/env node
/**
 * Where it begins. However it was started, it goes on with these options, as the same process: a sidecar's memory is the
 * database's, and they save a third of it.
 */

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Young objects get 8 MiB at most, where V8 would take 32. Two threads help it, not four: each keeps memory of its own. */
const OPTIONS = ['--max-semi-space-size=8', '--v8-pool-size=2'];
/** The C library gives back what is free at an end of its memory; else it would keep up to 64 MiB of it. */
const ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: '131072' };

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `pgaudit-shipper needs Node.js 24 or later, this is ${process.version}. npm installed one: node_modules/.bin/node\n`,
  );
  process.exit(2);
}
const { execPath, execArgv, argv, env } = process;
if (!OPTIONS.every(option => execArgv.includes(option)))
  process.execve?.(execPath, [execPath, ...execArgv, ...OPTIONS, ...argv.slice(1)], {
    ...ENVIRONMENT,
    ...env,
  });
// Code that was compiled once is taken from there at the next start, where the folder may be written to.
enableCompileCache(fileURLToPath(new URL('./.compile-cache', import.meta.url)));
await import('./cli.js');
