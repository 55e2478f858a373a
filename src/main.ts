#!/usr/bin/env -S node --max-semi-space-size=8
/**
 * Where it begins. Young objects get 8 MiB at most, where Node.js would take up to 32 MiB for them: that costs no time
 * here, and a sidecar's memory is the database's.
 */

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `pgaudit-shipper needs Node.js 24 or later, this is ${process.version}. npm installed one: node_modules/.bin/node\n`,
  );
  process.exit(2);
}
// Code that was compiled once is taken from there at the next start, where the folder may be written to.
enableCompileCache(fileURLToPath(new URL('./.compile-cache', import.meta.url)));
await import('./cli.js');
