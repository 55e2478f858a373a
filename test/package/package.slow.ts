/** The Debian package, in a fresh Debian 12 with its systemd: installed as README says, at work, upgraded, and removed. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DebianRoot } from '../support/debian-root.js';
import { eventually } from '../support/shipper.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const fileOf = (architecture: string): string =>
  join(ROOT, 'build', `pgaudit-shipper_${version}_${architecture}.deb`);

/** README's lines, as they are there. */
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const SETTINGS = /^```ini\n([^`]+)^```$/m.exec(readme)?.[1]?.trim().split('\n') ?? [];
const [, INSTALL = '', CHECK = '', START = ''] =
  /^ {4}(apt-get install .*)\n {4}(.* check)\n {4}(systemctl start .*)$/m.exec(readme) ?? [];

let debian: DebianRoot;

beforeAll(async () => {
  const made = spawnSync(process.execPath, ['scripts/package.js'], { cwd: ROOT, encoding: 'utf8' });
  expect(made.status, made.stderr).toBe(0);
  debian = new DebianRoot();
  await debian.boot();
}, 900_000);
afterAll(() => debian.remove());

const succeeds = (script: string): string => {
  const { code, output } = debian.run(script);
  expect(code, output).toBe(0);
  return output;
};

const mainProcess = (): string => succeeds('systemctl show --property=MainPID pgaudit-shipper');

/** A person's statement, through the server. */
const insert = (value: number): string =>
  succeeds(`runuser -u postgres -- psql -qX -U Z990001 postgres -c "INSERT INTO t VALUES (${value})"`);

function entries(): string {
  const folder = join(debian.folder, 'var/lib/pgaudit-shipper/logging');
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

test.each([
  ['amd64', 0x3e],
  ['arm64', 0xb7],
])('%s: under 90 MB, with a Node.js and modules of that machine', (architecture, machine) => {
  expect(statSync(fileOf(architecture)).size).toBeLessThan(90e6);
  const stage = join(ROOT, 'build', architecture, 'usr/lib/pgaudit-shipper');
  const natives = readdirSync(stage, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.node'),
  );
  expect(natives.length).toBeGreaterThan(0);
  // The machine is the 16 bits at 18 of an ELF header.
  for (const file of ['bin/node', ...natives])
    expect(readFileSync(join(stage, file)).readUInt16LE(18), file).toBe(machine);
});

test('lintian finds no error', () => {
  const { stdout, error } = spawnSync('lintian', ['--fail-on=none', fileOf('amd64'), fileOf('arm64')], {
    encoding: 'utf8',
  });
  expect(error).toBeUndefined();
  expect(stdout.split('\n').filter(line => line.startsWith('E:'))).toEqual([]);
});

test('README says how in three lines', () => {
  expect([INSTALL, CHECK, START].filter(line => line === '')).toEqual([]);
});

test('it installs into a fresh Debian 12, enabled and not started, with a user who may read the log', () => {
  debian.add(fileOf('amd64'));
  succeeds(INSTALL);
  expect(debian.run('systemctl is-active pgaudit-shipper').output).toBe('inactive\n');
  expect(succeeds('id pgaudit-shipper')).toMatch(/\(adm\).*\(postgres\)|\(postgres\).*\(adm\)/);
  expect(succeeds('pgaudit-shipper --version').trim()).toContain(version);
  expect(succeeds('ls /etc/systemd/system/multi-user.target.wants')).toContain('pgaudit-shipper.service');
  expect(succeeds("stat -c '%a %U:%G' /etc/pgaudit-shipper/config.yaml /var/lib/pgaudit-shipper")).toBe(
    '640 root:pgaudit-shipper\n700 pgaudit-shipper:pgaudit-shipper\n',
  );
});

test('its configuration is accepted but for names, and the first event gets into both folders', async () => {
  succeeds(
    `printf '%s\\n' ${SETTINGS.map(line => `"${line}"`).join(' ')} >>/etc/postgresql/15/main/postgresql.conf`,
  );
  succeeds(
    "sed -i '1i local all all trust' /etc/postgresql/15/main/pg_hba.conf; systemctl restart postgresql",
  );
  succeeds(
    `runuser -u postgres -- psql -qX -c 'CREATE EXTENSION pgaudit' -c 'CREATE ROLE "Z990001" LOGIN SUPERUSER' -c 'CREATE TABLE t (a int)'`,
  );
  expect(succeeds(CHECK)).toContain(', 0 failed');
  succeeds(START);
  insert(1);
  await eventually(async () => entries().includes('VALUES (1)'));
});

test('it is upgraded while it ships, and nothing is lost', async () => {
  const next = `${version}+1`;
  const stage = join(ROOT, 'build', 'next');
  const script = `rm -rf "$1"; dpkg-deb -R "$0" "$1"; sed -i 's/^Version: .*/Version: ${next}/' "$1/DEBIAN/control"; dpkg-deb --root-owner-group -Zgzip -b "$1" "$1.deb"; rm -rf "$1"`;
  expect(spawnSync('bash', ['-euc', script, fileOf('amd64'), stage]).status).toBe(0);
  const before = mainProcess();
  insert(2);
  succeeds(
    `echo '# mine' >>/etc/pgaudit-shipper/config.yaml; dpkg -i --force-confold ${debian.add(`${stage}.deb`)}`,
  );
  expect(succeeds('dpkg-query -W pgaudit-shipper')).toBe(`pgaudit-shipper\t${next}\n`);
  expect(succeeds('tail -n 1 /etc/pgaudit-shipper/config.yaml')).toBe('# mine\n');
  expect(mainProcess()).not.toBe(before);
  insert(3);
  succeeds('systemctl stop pgaudit-shipper');
  insert(4);
  succeeds('systemctl start pgaudit-shipper');
  await eventually(async () => entries().includes('VALUES (4)'));
  succeeds('systemctl stop pgaudit-shipper');
  for (const value of [1, 2, 3, 4]) expect(entries().split(`VALUES (${value})`)).toHaveLength(2);
  expect(succeeds('pgaudit-shipper verify file:/var/lib/pgaudit-shipper/archive')).toMatch(/^whole/m);
});

test('purge keeps the state unless it is told otherwise', () => {
  expect(succeeds('dpkg --purge pgaudit-shipper 2>&1')).toContain('is kept');
  expect(existsSync(join(debian.folder, 'var/lib/pgaudit-shipper/checkpoint.json'))).toBe(true);
  expect(existsSync(join(debian.folder, 'etc/pgaudit-shipper/config.yaml'))).toBe(false);
  succeeds(
    `dpkg -i /tmp/pgaudit-shipper_${version}_amd64.deb; PGAUDIT_SHIPPER_PURGE=state dpkg --purge pgaudit-shipper`,
  );
  expect(existsSync(join(debian.folder, 'var/lib/pgaudit-shipper'))).toBe(false);
});
