#!/usr/bin/env node
/**
 * The entry point. However it was started, it continues with these options, as the same process: a sidecar takes its
 * memory from the database, and the options save a third of it.
 */

import { fileURLToPath } from 'node:url';

const { execPath, execArgv, argv, env } = process;
/** For a daemon memory matters, for a short command time. */
const isShipper = argv[2] === 'run';
const isDaemon = isShipper && !argv.includes('--once');

/**
 * Young objects get 8 MiB at most; V8's default is 32. Two threads help it, not four: each keeps memory of its own. All
 * events of the first moments wait for the parser to load: V8 would learn from that to make every later one an old
 * object, which costs a tenth of the time. The compiler in between, Maglev, costs memory and saves nothing; and while it
 * works, a process may wait for it for ever at its end (Node.js' issue 54918). Sparkplug, the first compiler, may work in
 * the main thread only: in another it may wait for a garbage collection that the main thread, which waits for it at the
 * end, never makes.
 */
const OPTIONS = [
  ...['--max-semi-space-size=8', '--v8-pool-size=2'],
  ...['--no-allocation-site-pretenuring', '--no-maglev', '--no-concurrent-sparkplug'],
];
/** Who reads an archive unpacks it into many large buffers: to collect them bit by bit takes a fifth of the time. */
if (!isShipper) OPTIONS.push('--no-incremental-marking');
/**
 * The C library would keep up to 64 MiB of freed memory, and a heap for each of several threads, whose free blocks no
 * other thread gets. Blocks that it maps separately are always returned, which costs 3 % of the time. Who reads an
 * archive unpacks into one block after the other: returning each costs 8 %.
 */
const ENVIRONMENT = {
  ...(isShipper && { MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_ARENA_MAX: '1' }),
  ...(isDaemon && { MALLOC_MMAP_THRESHOLD_: '32768' }),
};

/** From 24.19 on it can refuse bytes after the end of a gzip file, which `verify` relies on. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 19)) {
  process.stderr.write(
    `pgaudit-shipper needs Node.js 24.19 or later, this is ${process.version}. npm installed one: node_modules/.bin/node\n`,
  );
  process.exit(2);
}
// Not allowed under Node.js' permission model.
if (process.permission === undefined && !OPTIONS.every(option => execArgv.includes(option)))
  process.execve?.(execPath, [execPath, ...execArgv, ...OPTIONS, ...argv.slice(1)], {
    ...ENVIRONMENT,
    ...env,
  });
// Caches compiled code in this folder, if it is writable. Not for a daemon: the cache stays in memory.
if (!isDaemon) {
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(fileURLToPath(new URL('./.compile-cache', import.meta.url)));
}
await import('./cli.js');
