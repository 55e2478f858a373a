// Whether this version can be released: the files agree on it, its changes are written down, each version's state folder
// is recorded and continued, and packages and image build, as README says, and work. What could not be checked is named.
//
//   npm run release-check

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = name => readFileSync(`${root}/${name}`, 'utf8');
const { version } = JSON.parse(read('package.json'));
const faults = [];
const expect = (isSo, fault) => void (isSo || faults.push(fault));

expect(
  JSON.parse(read('package-lock.json')).version === version,
  'package-lock.json has another version: npm install --package-lock-only',
);
const changes = read('CHANGELOG.md');
const [, notes = ''] = changes.split(`\n## ${version}\n`);
expect(notes.split('\n## ')[0].trim() !== '', `CHANGELOG.md has nothing under "## ${version}"`);
expect(
  !changes.includes('\n## Next\n'),
  `CHANGELOG.md still has "## Next": what is in it belongs to ${version}, or to a later version`,
);
expect(
  read('README.md').includes(`pgaudit-shipper_${version}_amd64.deb`),
  'README.md names the package of another version',
);
for (const [, released] of changes.matchAll(/^## (\d+\.\d+\.\d+)$/gm))
  expect(
    existsSync(`${root}/test/fixtures/state/${released}`),
    `test/fixtures/state has no folder of ${released}: record what it leaves when it is killed (test/scenario/upgrade.test.ts)`,
  );
const tested = read('test/scenario/upgrade.test.ts');
for (const recorded of readdirSync(`${root}/test/fixtures/state`))
  expect(tested.includes(`'${recorded}'`), `test/scenario/upgrade.test.ts does not continue ${recorded}`);

expect(
  read('Dockerfile').includes(`\nARG VERSION=${version}\n`),
  'the Dockerfile has another version: ARG VERSION',
);

/** The image is built and the packages are installed in roots of their own. */
const tools = ['buildah', 'mmdebstrap', 'lintian'].filter(tool => !isOnPath(tool));
const unchecked = [
  ...tools.map(tool => `the image and the installed package, without ${tool}: apt-get install ${tool}`),
  ...(process.getuid?.() === 0 ? [] : ['the image and the installed package, without root']),
];

if (faults.length === 0) {
  runs('npx', ['vitest', 'run', 'test/scenario/upgrade.test.ts'], 'an earlier version is not continued');
  runs(process.execPath, ['scripts/package.js'], 'the packages do not build');
  if (unchecked.length === 0)
    runs(
      'npx',
      ['vitest', 'run', '--config', 'vitest.slow.config.ts', 'test/image', 'test/package'],
      'the image or the packages do not work',
    );
}
for (const fault of faults) console.error(fault);
if (faults.length === 0)
  console.log([`${version} can be released`, ...unchecked.map(one => `not checked: ${one}`)].join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)));
}

function runs(command, args, fault) {
  expect(spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0, fault);
}
