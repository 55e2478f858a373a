// Builds the image pgaudit-shipper:<version> with buildah, podman or docker, whichever is there. BUILD_IMAGE and
// RUNTIME_IMAGE in the environment replace the Dockerfile's base images.
//
//   npm run image

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commit } from './commit.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const tag = `${name}:${version}`;

/** How each builds. buildah needs neither a daemon nor a runtime if it isolates by chroot. */
const ENGINES = { buildah: ['build', '--isolation=chroot'], podman: ['build'], docker: ['build'] };

const engine = Object.keys(ENGINES).find(isOnPath);
if (engine === undefined)
  fail('there is no buildah, podman or docker to build with: apt-get install buildah');
const given = { VERSION: version, REVISION: commit(), ...bases() };
const options = Object.entries(given).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
run([...ENGINES[engine], ...options, '--tag', tag, '.'], 'inherit');
console.log(`${tag}  ${run(['images', '--format', '{{.Size}}', tag], 'pipe').trim()}, built by ${engine}`);

function bases() {
  const { BUILD_IMAGE, RUNTIME_IMAGE } = process.env;
  return { ...(BUILD_IMAGE && { BUILD_IMAGE }), ...(RUNTIME_IMAGE && { RUNTIME_IMAGE }) };
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)));
}

function run(args, stdout) {
  const done = spawnSync(engine, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', stdout, 'inherit'] });
  if (done.status !== 0) fail(`${engine} ${args[0]} failed`);
  return done.stdout;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
