#!/usr/bin/env node
/**
 * Where it begins. However it was started, it goes on with these options, as the same process: a sidecar's memory is the
 * database's, and they save a third of it.
 */

import { fileURLToPath } from 'node:url';

const { execPath, execArgv, argv, env } = process;
/** What stays counts its memory, what ends soon its time. */
const isDaemon = argv[2] === 'run' && !argv.includes('--once');

/** Young objects get 8 MiB at most, where V8 would take 32. Two threads help it, not four: each keeps memory of its own. */
const OPTIONS = ['--max-semi-space-size=8', '--v8-pool-size=2'];
/** The C library would keep up to 64 MiB of what is free. What it maps piece by piece comes back for certain, and costs 3 % of the time. */
const ENVIRONMENT = {
  MALLOC_TRIM_THRESHOLD_: '65536',
  ...(isDaemon && { MALLOC_MMAP_THRESHOLD_: '32768' }),
};

/** From 24.19 on it can refuse bytes behind a gzip file, which `verify` relies on. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 19)) {
  process.stderr.write(
    `pgaudit-shipper needs Node.js 24.19 or later, this is ${process.version}. npm installed one: node_modules/.bin/node\n`,
  );
  process.exit(2);
}
// Under Node.js' permission model no process may do so.
if (process.permission === undefined && !OPTIONS.every(option => execArgv.includes(option)))
  process.execve?.(execPath, [execPath, ...execArgv, ...OPTIONS, ...argv.slice(1)], {
    ...ENVIRONMENT,
    ...env,
  });
// Code that was compiled once is taken from there at the next start, where the folder may be written to: it stays in memory.
if (!isDaemon) {
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(fileURLToPath(new URL('./.compile-cache', import.meta.url)));
}
await import('./cli.js');
