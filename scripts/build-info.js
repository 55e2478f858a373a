// Writes down which commit was built: `--version` tells it. Without git, as from a tarball, nobody knows.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const git = args => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
const { status, stdout } = git(['rev-parse', '--short=12', 'HEAD']);
const isChanged = git(['diff', '--quiet', 'HEAD']).status !== 0;
const commit = status === 0 ? `${stdout.trim()}${isChanged ? ' with changes' : ''}` : 'unknown';
writeFileSync(`${root}/dist/build.json`, `${JSON.stringify({ commit })}\n`);
