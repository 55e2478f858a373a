// Which commit is built. Where there is no git, as in an image's build or from a tarball, REVISION in the environment names it.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const git = args => spawnSync('git', args, { cwd: root, encoding: 'utf8' });

export function commit() {
  const { status, stdout } = git(['rev-parse', '--short=12', 'HEAD']);
  if (status !== 0) return process.env.REVISION || 'unknown';
  const isChanged = git(['diff', '--quiet', 'HEAD']).status !== 0;
  return `${stdout.trim()}${isChanged ? ' with changes' : ''}`;
}
