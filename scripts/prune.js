// Removes from a folder of production modules what the program does not run: half of their bytes.
//
//   node scripts/prune.js FOLDER

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/prune.js FOLDER');
  process.exit(2);
}
// What writes workbooks is bundled, and large.
for (const unused of ['.bin', '@cj-tech-master'])
  rmSync(join(folder, unused), { recursive: true, force: true });
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
  if (entry.isFile() && isUnused(join(entry.parentPath, entry.name)))
    rmSync(join(entry.parentPath, entry.name));

function isUnused(path) {
  const isSource = /\.(d\.[cm]?ts|ts|map|md|markdown|flow)$/i.test(path) && !/licen[cs]e/i.test(path);
  return isSource || /\/(\.[^/]+|\.?eslint[^/]*)$/.test(path);
}
