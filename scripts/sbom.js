// Prints what the program is made of, in CycloneDX: the packages that package-lock.json names, without those that only
// development needs. (`npm sbom --omit=dev` also leaves out what both need.) With a folder, only those that are in its
// node_modules, and so only those of its platform.
//
//   node scripts/sbom.js [FOLDER] >sbom.json

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [folder] = process.argv.slice(2);
const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
const { status, stdout } = spawnSync('npm', args, {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 ** 2,
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) process.exit(1);

const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'));
const isThere = path => folder === undefined || existsSync(join(folder, path));
const needed = new Set(
  Object.entries(packages)
    .filter(([path, { dev }]) => dev !== true && isThere(path))
    .map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`),
);

const bom = JSON.parse(stdout);
const { version, name } = packages[''];
bom.metadata.component.name = name;
bom.components = bom.components.filter(component => needed.has(`${component.name}@${component.version}`));
const refs = new Set([`${name}@${version}`, ...bom.components.map(component => component['bom-ref'])]);
bom.dependencies = bom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(one => refs.has(one)) }));
console.log(JSON.stringify(bom, null, 2));
