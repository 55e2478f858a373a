/** `verify` as it is called: what it prints, what it returns, and what it is given. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type VerifyArguments, verify } from '../../../src/commands/verify/verify.js';
import { day } from '../../support/covered.js';
import { type Forgery, withStatement } from '../../support/forgery.js';
import { numbered } from '../../support/log.js';
import { realArchive } from '../../support/real-archive.js';
import { writeSealed } from '../../support/sealed.js';
import { runCommand } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

const real = realArchive();

/** What the command prints, and its exit code. */
async function run(where: string, options: VerifyArguments = {}) {
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    const spy = vi.spyOn(process[name], 'write').mockImplementation(text => {
      printed[name] += String(text);
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  const code = await verify(where, options);
  vi.restoreAllMocks();
  return { code, ...printed };
}

async function forged(forge: (forgery: Forgery) => void): Promise<string> {
  const { root, forgery } = await real.hold();
  forge(forgery);
  await forgery.save(root);
  return root;
}

const edit = (forgery: Forgery): void =>
  forgery.edit(1, 3, event => withStatement(event, 'UPDATE secret SET a = 666'));

async function pem(key: KeyObject): Promise<string> {
  const path = join(await temporaryFolder(), 'key.pem');
  await writeFile(path, key.export({ type: 'spki', format: 'pem' }));
  return path;
}

describe('what it prints', () => {
  test('of an intact archive: what was proved, and what cannot be known', async () => {
    const { code, stdout, stderr } = await run(`file:${join(real.folder, 'archive')}`);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^part +instance samples, node test$/m);
    expect(stdout).toMatch(/^ {2}chain +\S+: events 1 to 32 in 4 objects, new \(archive-empty\)$/m);
    expect(stdout).toMatch(/^ {2}events +8 lifecycle, 4 seal, 20 statement$/m);
    expect(stdout).toMatch(/^ {2}log +1 file, .*: 20 records read, 20 shipped, 0 dropped, 0 rejected$/m);
    expect(stdout).toMatch(/^ {2}gaps +none$/m);
    expect(stdout).toMatch(/^ {2}seals +4, 0 signed/m);
    expect(stdout).toMatch(/^not known +whether objects were removed from the end/m);
    expect(stdout).toMatch(/whole +.*file:/);
    expect(stdout).not.toContain('UPDATE');
  });

  test('of a broken one: where, what is wrong, and what that fits', async () => {
    const { code, stdout } = await run(await forged(edit));
    expect(code).toBe(1);
    expect(stdout).toMatch(/broken +.*instance=samples\/node=test\/date=.*\.ndjson\.gz, line 3, event 11$/m);
    expect(stdout).toMatch(/^ +the line does not have the hash that the next line names$/m);
    expect(stdout).toMatch(/^ +this fits: the line was edited/m);
    expect(stdout).toMatch(/^part .*, up to what is wrong$/m);
    expect(stdout).not.toContain('secret');
  });

  test('as JSON: one object', async () => {
    const intact = await run(join(real.folder, 'archive'), { json: true });
    expect(JSON.parse(intact.stdout)).toMatchObject({
      verdict: 'whole',
      isIntact: true,
      failure: null,
      parts: [{ objects: 4 }],
    });
    const broken = await run(await forged(edit), { json: true });
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.stdout)).toMatchObject({
      isIntact: false,
      failure: { code: 'link', line: 3, seq: 11 },
    });
    expect(broken.stdout).not.toContain('secret');
  });

  test('names that somebody put into the archive are not quoted', async () => {
    const root = await forged(forgery => {
      forgery.edit(0, 1, event => ({
        ...event,
        lifecycle: { ...Object(event.lifecycle), reason: 'SELECT secret' },
      }));
      forgery.edit(1, 7, event => ({ ...event, kind: 'DROP TABLE secret' }));
      forgery.edit(1, 8, event => {
        const seal = {
          ...Object(event.seal),
          events: { lifecycle: 1, 'DROP TABLE secret': 1, statement: 5 },
        };
        return { ...event, seal };
      });
      forgery.rebuild();
    });
    const { code, stdout } = await run(root);
    // The chain begins for a reason that leaves open what was before.
    expect(code).toBe(3);
    expect(stdout).not.toContain('secret');
    expect(stdout).toContain('1 other');
  });

  test('an archive that is not there', async () => {
    const { code, stdout } = await run(join(real.folder, 'nowhere'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/broken +.*there is no archive here/);
  });
});

describe('what it is given', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  test.each<[string, () => Promise<VerifyArguments>, RegExp]>([
    ['an invalid day', async () => ({ since: '21.11.2026' }), /a day is given as/],
    [
      'a key that is not there',
      async () => ({ publicKey: ['/nowhere.pem'] }),
      /not a public key in PEM \(ENOENT\)/,
    ],
    [
      'a key of another kind',
      async () => ({ publicKey: [await pem(rsa)] }),
      /is not an Ed25519 or P-256 key/,
    ],
    ['seals that are not there', async () => ({ seals: ['/nowhere.json'] }), /cannot be read \(ENOENT\)/],
    ['seals that are none', async () => ({ seals: [await pem(rsa)] }), /no seals from Cloud Logging found/],
    ['log files that are none', async () => ({ against: [join(real.folder, 'archive')] }), /no log file/],
  ])('%s is bad usage', async (_name, options, message) => {
    const { code, stdout, stderr } = await run(join(real.folder, 'archive'), await options());
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });

  test.each(['gs://', 'file:'])('an invalid address, %s', async address => {
    const { code, stderr } = await run(address);
    expect(code).toBe(2);
    expect(stderr).toContain('gs://bucket/prefix');
  });

  test('a private key is refused: whoever verifies must not have it', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const path = join(await temporaryFolder(), 'signing.pem');
    await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const { code, stderr } = await run(join(real.folder, 'archive'), { publicKey: [path] });
    expect(code).toBe(2);
    expect(stderr).toContain('is the private key: give the public one');
  });

  test('keys, each from its event on', async () => {
    const [first, second] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
    const root = await forged(forgery => {
      forgery.rebuild(0, first.privateKey);
      forgery.rebuild(2, second.privateKey);
    });
    const [one, two] = [await pem(first.publicKey), await pem(second.publicKey)];
    const good = await run(root, { publicKey: [one, `${two}@17`] });
    expect(good.code).toBe(0);
    expect(good.stdout).toContain('4 signed, 4 signatures good');
    const bad = await run(root, { publicKey: [one, `${two}@25`] });
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('the signature of the seal was not made with the given key');
    const [name = ''] = await readdir(join(root, 'instance=samples', 'node=test')).then(([day = '']) =>
      readdir(join(root, 'instance=samples', 'node=test', day)),
    );
    const chain = name.slice(0, 21);
    expect((await run(root, { publicKey: [one, `${two}@${chain}/17`] })).code).toBe(0);
  });

  test('a key that counts from some event on names its chain, where there are several', async () => {
    const root = await temporaryFolder();
    const days = [day('2025-11-01'), day('2025-11-02')];
    await writeSealed(root, days);
    await writeSealed(root, days, { node: 'pg-1', chain: '20251101T000000Z-0002' });
    const { publicKey } = generateKeyPairSync('ed25519');
    const { code, stderr } = await run(root, { publicKey: [`${await pem(publicKey)}@5`] });
    expect([code, stderr]).toEqual([2, expect.stringContaining('give --public-key FILE@CHAIN/SEQ')]);
  });

  test('seals of Cloud Logging', async () => {
    const folder = join(real.folder, 'logging');
    const seals = (await readdir(folder)).map(name => join(folder, name));
    const { code, stdout } = await run(join(real.folder, 'archive'), { seals });
    expect(code).toBe(0);
    expect(stdout).toContain('4 as in Cloud Logging');
    const cut = await run(await forged(forgery => void forgery.objects.pop()), { seals });
    expect(cut.code).toBe(1);
    expect(cut.stdout).toContain('the chain ends with event 24, but Cloud Logging has its seal 32');
  });

  test('options that come several times leave the archive after them alone', async () => {
    const folder = join(real.folder, 'logging');
    const seals = (await readdir(folder)).map(name => join(folder, name));
    const { publicKey } = generateKeyPairSync('ed25519');
    const archive = `file:${join(real.folder, 'archive')}`;
    const options = [...seals, ...seals].flatMap(path => ['--seals', path]);
    const { code, output } = await runCommand(['verify', ...options, archive]);
    expect([code, output]).toEqual([0, expect.stringContaining('4 as in Cloud Logging')]);
    const logs = ['--against', join(real.folder, '*.csv')];
    expect((await runCommand(['verify', ...logs, archive])).code).toBe(0);
    const keys = ['--public-key', await pem(publicKey)];
    // It is not signed.
    expect((await runCommand(['verify', ...keys, archive])).code).toBe(1);
    const days = ['--since', '2025-11-01', '--until', '2025-11-30'];
    const out = ['--out', join(await temporaryFolder(), 'report.html')];
    expect((await runCommand(['report', ...days, ...out, ...keys, archive])).code).toBe(1);
  });

  test('days', async () => {
    const { code, stdout } = await run(join(real.folder, 'archive'), {
      since: '2020-01-01',
      until: '2020-12-31',
    });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^ {2}objects +0,/m);
    expect(stdout).toMatch(/^not known +what comes after 2020-12-31$/m);
  });

  test('log files', async () => {
    const against = [join(real.folder, '*.csv')];
    const { code, stdout } = await run(join(real.folder, 'archive'), { against });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}log files +20 events as in 1 log file; not compared: 0 /m);
    const root = await forged(forgery => {
      edit(forgery);
      forgery.rebuild();
    });
    const broken = await run(root, { against });
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/line 3, event 11\n +the statement of the event differs from its record/);
    expect(broken.stdout).not.toContain('secret');
    // The log was edited, and the archive is as it was.
    const other = join(await temporaryFolder(), 'edited.csv');
    const text = await readFile(join(real.folder, 'log.csv'), 'utf8');
    await writeFile(other, text.replace('a = 12', 'a = 99'));
    const edited = await run(join(real.folder, 'archive'), { against: [other] });
    expect(edited.stdout).toMatch(/event 19\n +the statement of the event differs from its record/);
    // A log of another server proves nothing.
    const strange = join(await temporaryFolder(), 'strange.csv');
    await writeFile(strange, numbered(7));
    const unrelated = await run(join(real.folder, 'archive'), { against: [strange] });
    expect(unrelated.code).toBe(3);
    expect(unrelated.stdout).toContain('no event was read from any of the log files to compare with');
    const both = await run(join(real.folder, 'archive'), { against: [strange, ...against] });
    expect(both.code).toBe(0);
  });
});
