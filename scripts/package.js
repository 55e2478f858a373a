// Makes the Debian packages: build/pgaudit-shipper_<version>_<architecture>.deb for amd64 and arm64, with the program, its
// production modules and its own Node.js. Nothing of the other architecture is run.
//
//   node scripts/package.js [amd64] [arm64]

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** npm's names of them. */
const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' };
const MAINTAINER = 'pgaudit-shipper maintainers <noreply@github.com>';
const LIBRARY = `usr/lib/${name}`;
const DOCUMENTS = `usr/share/doc/${name}`;

const asked = process.argv.slice(2);
for (const architecture of asked.length > 0 ? asked : Object.keys(ARCHITECTURES)) build(architecture);

function build(architecture) {
  const cpu = ARCHITECTURES[architecture];
  if (cpu === undefined) fail(`there is no package for ${architecture}: amd64 or arm64`);
  if (!existsSync(join(root, 'dist/main.js'))) fail('there is no dist: npm run build');
  const stage = join(root, 'build', architecture);
  rmSync(stage, { recursive: true, force: true });
  addProgram(stage, cpu);
  addHost(stage);
  addDocuments(stage);
  addControl(stage, architecture);
  const file = join(root, 'build', `${name}_${version}_${architecture}.deb`);
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', stage, file], root);
  console.log(`${relative(root, file)}  ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  for (const part of [`${LIBRARY}/bin`, `${LIBRARY}/node_modules`, `${LIBRARY}/dist`])
    console.log(`  ${part}  ${(sizeOf(join(stage, part)) / 1e6).toFixed(1)} MB unpacked`);
}

function addProgram(stage, cpu) {
  const library = join(stage, LIBRARY);
  mkdirSync(join(library, 'bin'), { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(root, file), join(library, file));
  const platform = ['--os=linux', `--cpu=${cpu}`, '--libc=glibc'];
  run(
    'npm',
    ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...platform],
    library,
  );
  renameSync(join(library, `node_modules/node-linux-${cpu}/bin/node`), join(library, 'bin/node'));
  writeFileSync(join(library, 'sbom.json'), output(process.execPath, ['scripts/sbom.js', library]));
  rmSync(join(library, `node_modules/node-linux-${cpu}`), { recursive: true });
  rmSync(join(library, 'package-lock.json'));
  run(process.execPath, ['scripts/prune.js', join(library, 'node_modules')], root);
  const isNeeded = path => !path.endsWith('.map') && !path.includes('.compile-cache');
  cpSync(join(root, 'dist'), join(library, 'dist'), { recursive: true, filter: isNeeded });
  cpSync(join(root, 'config'), join(library, 'config'), { recursive: true });
  each(library, path => chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644));
  chmodSync(join(library, 'bin/node'), 0o755);
}

function addHost(stage) {
  const put = (from, to, mode = 0o644) => {
    mkdirSync(join(stage, to, '..'), { recursive: true });
    copyFileSync(join(root, from), join(stage, to));
    chmodSync(join(stage, to), mode);
  };
  put('packaging/pgaudit-shipper.sh', `usr/bin/${name}`, 0o755);
  put('config/systemd/pgaudit-shipper.service', `lib/systemd/system/${name}.service`);
  put('packaging/sysusers.conf', `usr/lib/sysusers.d/${name}.conf`);
  put('packaging/config.yaml', `etc/${name}/config.yaml`);
  put('packaging/lintian-overrides', `usr/share/lintian/overrides/${name}`);
}

function addDocuments(stage) {
  const folder = join(stage, DOCUMENTS);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'copyright'), copyright());
  writeFileSync(join(folder, 'changelog.gz'), gzipSync(changelog(), { level: 9 }));
  copyFileSync(join(root, 'config/example.yaml'), join(folder, 'example.yaml'));
  writeFileSync(join(folder, 'README.md.gz'), gzipSync(readFileSync(join(root, 'README.md')), { level: 9 }));
  each(join(stage, 'usr/share'), path => chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644));
}

function copyright() {
  const text = readFileSync(join(root, 'LICENSE'), 'utf8').trim();
  const indented = text
    .split('\n')
    .map(line => ` ${line.trim() === '' ? '.' : line}`)
    .join('\n');
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    `Upstream-Name: ${name}`,
    '',
    'Files: *',
    'Copyright: the authors of pgaudit-shipper',
    'License: MIT',
    indented,
    '',
    `Files: ${LIBRARY}/node_modules/*`,
    'Copyright: their authors, as each folder says',
    'License: theirs',
    ' Each module has its own license in its folder.',
    '',
    `Files: ${LIBRARY}/bin/node`,
    'Copyright: Node.js contributors',
    'License: Node.js',
    ' Node.js is under the MIT license; the licenses of what it contains: https://github.com/nodejs/node/blob/main/LICENSE',
    '',
  ].join('\n');
}

function changelog() {
  const date = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000 || Date.now());
  const day = `${date.toUTCString().replace('GMT', '+0000')}`;
  return `${name} (${version}) stable; urgency=medium\n\n  * See CHANGELOG.md of the project.\n\n -- ${MAINTAINER}  ${day}\n`;
}

function addControl(stage, architecture) {
  const control = join(stage, 'DEBIAN');
  mkdirSync(control);
  const [summary, ...rest] = description.split(': ');
  const fields = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${Math.ceil(sizeOf(stage) / 1024)}`,
    'Depends: libc6 (>= 2.28), libstdc++6, systemd | systemd-standalone-sysusers, passwd',
    'Section: database',
    'Priority: optional',
    'Homepage: https://github.com/pgaudit/pgaudit',
    `Description: ${shortened(summary)}`,
    ` ${rest.join(': ') || description}`,
    ' .',
    ' It brings its own Node.js.',
    '',
  ];
  writeFileSync(join(control, 'control'), fields.join('\n'));
  writeFileSync(join(control, 'conffiles'), `/etc/${name}/config.yaml\n`);
  for (const script of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(join(root, 'packaging', script), join(control, script));
    chmodSync(join(control, script), 0o755);
  }
  writeFileSync(join(control, 'md5sums'), sums(stage));
  chmodSync(control, 0o755);
}

function shortened(text) {
  return text.length <= 75 ? text : `${text.slice(0, 72)}...`;
}

function sums(stage) {
  const lines = [];
  each(stage, path => {
    const file = relative(stage, path);
    if (!statSync(path).isFile() || file.startsWith('DEBIAN/') || file.startsWith('etc/')) return;
    lines.push(`${createHash('md5').update(readFileSync(path)).digest('hex')}  ${file}`);
  });
  return `${lines.sort().join('\n')}\n`;
}

/** Calls it for everything below a folder, what is deepest first. */
function each(folder, action) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) each(path, action);
    action(path);
  }
}

function sizeOf(folder) {
  let size = 0;
  each(folder, path => {
    if (statSync(path).isFile()) size += statSync(path).size;
  });
  return size;
}

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) fail(`${command} ${args[0]} failed`);
}

/** What it prints. */
function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, maxBuffer: 2 ** 26 });
  if (status !== 0) fail(`${command} ${args[0]} failed`);
  return stdout;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
