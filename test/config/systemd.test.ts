/** config/systemd: a unit that systemd understands, and that may do little. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temp.js';

const unit = readFileSync(
  fileURLToPath(new URL('../../config/systemd/pgaudit-shipper.service', import.meta.url)),
  'utf8',
);
const ANALYZE = '/usr/bin/systemd-analyze';

async function analyze(
  args: readonly string[],
  text: string,
): Promise<{ code: number | null; output: string }> {
  const path = join(await temporaryFolder(), 'pgaudit-shipper.service');
  // The program that it starts must exist.
  await writeFile(path, text.replaceAll('/usr/bin/pgaudit-shipper', process.execPath));
  if (!existsSync(ANALYZE)) throw new Error(`there is no ${ANALYZE}: install Debian's package systemd`);
  const { status, stdout, stderr } = spawnSync(ANALYZE, [...args, path], { encoding: 'utf8' });
  return { code: status, output: `${stdout}${stderr}` };
}

test('it stays within what the design asks for', () => {
  const settings = unit.split('\n').filter(line => /^\w+=/.test(line));
  expect(settings).toEqual(
    expect.arrayContaining([
      'User=pgaudit-shipper',
      'ExecStartPre=-/usr/bin/pgaudit-shipper check',
      'ProtectSystem=strict',
      'ReadOnlyPaths=-/var/log/postgresql',
      'StateDirectory=pgaudit-shipper',
      'NoNewPrivileges=yes',
      'SystemCallFilter=@system-service',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
      'MemoryMax=2G',
      'Restart=always',
    ]),
  );
});

describe('systemd-analyze', () => {
  test('verify finds nothing wrong', async () => {
    expect(await analyze(['verify'], unit)).toEqual({ code: 0, output: '' });
  });

  test('verify would report a setting that does not exist', async () => {
    const { output } = await analyze(['verify'], unit.replace('MemoryMax=', 'MemoryMost='));
    expect(output).toContain('MemoryMost');
  });

  test('security calls its exposure low (1.5 of 10 at most)', async () => {
    const { code, output } = await analyze(
      ['security', '--offline=true', '--threshold=15', '--no-pager'],
      unit,
    );
    expect(code, output).toBe(0);
  });
});
