import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { append } from '../../support/log.js';
import { runCommand, runOnce, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';
import { Tsa } from '../../support/tsa.js';

const SCRIPT = fileURLToPath(new URL('../../../config/check-proof.sh', import.meta.url));
const RUNS = 4;
const PER_RUN = 5;

/** Made once: four signed objects of eight lines; the seal of the third is stamped. */
const made = { folder: '', archive: '', key: '', otherKey: '', objects: [] as string[] };
let tsa: Tsa;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const linesOf = async (path: string): Promise<string[]> =>
  gunzipSync(await readFile(path))
    .toString()
    .split('\n')
    .slice(0, -1);

beforeAll(async () => {
  made.folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
  made.archive = join(made.folder, 'archive');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signingKeyFile = join(made.folder, 'private.pem');
  made.key = join(made.folder, 'public.pem');
  made.otherKey = join(made.folder, 'other.pem');
  await writeFile(signingKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(made.key, publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(
    made.otherKey,
    generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
  );
  const config = settings(made.folder, [join(made.folder, 'log.csv')], {
    archive: { to: `file:${made.archive}`, signingKeyFile },
  });
  for (let run = 0; run < RUNS; run++) {
    await append(join(made.folder, 'log.csv'), run * PER_RUN + 1, (run + 1) * PER_RUN);
    expect((await runOnce(made.folder, config)).code).toBe(0);
  }
  const found = await readdir(made.archive, { recursive: true });
  made.objects = found
    .filter(name => name.endsWith('.gz'))
    .sort()
    .map(name => join(made.archive, name));
  tsa = new Tsa(join(made.folder, 'tsa'));
  const seal = (await linesOf(made.objects[2] ?? '')).at(-1) ?? '';
  await writeFile(`${made.objects[2]}.tsr`, tsa.stamp(sha256(seal)));
});
afterAll(() => rm(made.folder, { recursive: true, force: true }));

async function statementIds(): Promise<string[]> {
  const lines = (await Promise.all(made.objects.map(linesOf))).flat();
  return lines
    .map(line => JSON.parse(line))
    .filter(({ kind }) => kind === 'statement')
    .map(({ id }) => String(id));
}

interface Proof {
  v: number;
  line: string;
  index: number;
  path: string[];
  seal: string;
  laterSeals: string[];
  timestamp?: string;
}

async function prove(id: string): Promise<{ file: string; proof: Proof }> {
  const file = join(await temporaryFolder(), 'proof.json');
  expect(await runCommand(['prove', `file:${made.archive}`, id, '--out', file])).toEqual({
    code: 0,
    output: '',
  });
  return { file, proof: JSON.parse(await readFile(file, 'utf8')) };
}

const verifyProof = (file: string, key = made.key, ...more: string[]) =>
  runCommand(['verify-proof', file, '--public-key', key, ...more]);

/** By hand: 0 if the script says that everything fits. */
function byHand(file: string, key = made.key, ca = tsa.ca): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, file, key, ca], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test('each event proves itself, to the command and by hand', async () => {
  const ids = await statementIds();
  expect(ids).toHaveLength(RUNS * PER_RUN);
  for (const id of ids.slice(0, 15)) {
    const { file, proof } = await prove(id);
    expect(JSON.parse(proof.line).id).toBe(id);
    const { code, output } = await verifyProof(file, made.key, '--tsa-ca', tsa.ca);
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('says O=Test, CN=Test TSA'),
    });
    const { status, output: said } = byHand(file);
    expect({ status, said }).toMatchObject({ status: 0, said: expect.stringMatching(/^Time stamp: /m) });
  }
});

describe('other objects that are damaged', () => {
  test('are named, and an event in the others is proved', async () => {
    const id = (await statementIds()).at(-1) ?? '';
    const { archive, first } = await withDamage();
    const { code, output } = await runCommand(['prove', archive, id, '--out', join(archive, 'p.json')]);
    expect([code, output]).toEqual([0, `${first}: its compressed data is damaged (truncated): run verify\n`]);
  });

  test('may have the event that is in no other', async () => {
    const [id = ''] = await statementIds();
    const { archive } = await withDamage();
    const { code, output } = await runCommand(['prove', archive, id]);
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('1 objects that may have it are damaged: run verify'),
    ]);
  });

  /** A copy of the archive whose first object was cut off. */
  async function withDamage(): Promise<{ archive: string; first: string }> {
    const archive = join(await temporaryFolder(), 'archive');
    await cp(made.archive, archive, { recursive: true });
    const first = (made.objects[0] ?? '').slice(made.archive.length + 1);
    await truncate(join(archive, first), 200);
    return { archive, first };
  }
});

test('the page of an unsigned seal does not say that it is signed', async () => {
  const folder = await temporaryFolder();
  const config = settings(folder, [join(folder, 'log.csv')], {
    archive: { to: `file:${join(folder, 'archive')}` },
  });
  await append(join(folder, 'log.csv'), 1, 3);
  expect((await runOnce(folder, config)).code).toBe(0);
  const [id = ''] = await statementIds();
  const page = async (archive: string): Promise<string> => {
    const html = join(await temporaryFolder(), 'page.html');
    expect((await runCommand(['prove', archive, id, '--html', html])).code).toBe(0);
    return readFile(html, 'utf8');
  };
  expect(await page(join(folder, 'archive'))).toContain('and is not signed');
  expect(await page(made.archive)).toContain('and is signed');
});

test('nothing of any other event is in a proof', async () => {
  const ids = await statementIds();
  const { proof } = await prove(ids[6] ?? '');
  const text = JSON.stringify(proof);
  for (const id of ids.filter(other => other !== ids[6])) expect(text).not.toContain(`"${id}"`);
  expect(proof.laterSeals).toHaveLength(1);
  expect(Object.keys(proof)).toEqual([
    'v',
    'line',
    'index',
    'path',
    'seal',
    'laterSeals',
    'timestamp',
    'howToCheck',
  ]);
});

test('events after the last stamp have none yet, and that is said', async () => {
  const { file, proof } = await prove((await statementIds()).at(-1) ?? '');
  expect(proof).toMatchObject({ laterSeals: [] });
  expect(proof.timestamp).toBeUndefined();
  expect((await verifyProof(file)).output).toContain('there is no time stamp yet');
  expect((await verifyProof(file, made.key, '--tsa-ca', tsa.ca)).code).toBe(1);
  expect(byHand(file)).toMatchObject({ status: 0, output: expect.stringContaining('no time stamp yet') });
});

describe('a forged proof is refused by both', () => {
  const changes: [string, (proof: Proof, other: Proof) => Partial<Proof>][] = [
    ['another statement', ({ line }) => ({ line: line.replace('"command":"', '"command":"X') })],
    ['an earlier time', ({ line }) => ({ line: line.replace(/"time":"20/, '"time":"19') })],
    ['another place', ({ index }) => ({ index: index + 1 })],
    ['another hash', ({ path }) => ({ path: path.map((hash, at) => (at === 0 ? '0'.repeat(64) : hash)) })],
    ['a shorter path', ({ path }) => ({ path: path.slice(1) })],
    ['a longer path', ({ path }) => ({ path: [...path, '0'.repeat(64)] })],
    ['an event of another segment', (_, { line, index, path }) => ({ line, index, path })],
    ['the seal of another segment', (_, { seal }) => ({ seal })],
    [
      'a seal with another root',
      ({ seal }) => ({ seal: seal.replace(/"merkleRoot":"../, '"merkleRoot":"00') }),
    ],
    ['no later seal', () => ({ laterSeals: [] })],
    ['the wrong later seal', (_, { seal }) => ({ laterSeals: [seal] })],
    [
      'the stamp of another seal',
      ({ seal }) => ({ timestamp: tsa.stamp(sha256(`${seal} `)).toString('base64') }),
    ],
  ];
  test.each(changes)('%s', async (_name, change) => {
    const ids = await statementIds();
    const [{ proof }, { proof: other }] = [await prove(ids[7] ?? ''), await prove(ids[2] ?? '')];
    const file = join(await temporaryFolder(), 'forged.json');
    await writeFile(file, JSON.stringify({ ...proof, ...change(proof, other) }));
    expect((await verifyProof(file, made.key, '--tsa-ca', tsa.ca)).code).toBe(1);
    expect(byHand(file).status).toBe(1);
  });

  test('a root of his own behind the signature of a real seal', async () => {
    const { proof } = await prove((await statementIds())[7] ?? '');
    const { chain, seq } = JSON.parse(proof.line);
    const line = JSON.stringify({ v: 1, chain, seq, id: 'forged' });
    const root = sha256(`\0${line}`);
    const behind = `,"seq":${seq + 1},"seal":{"firstSeq":${seq},"merkleRoot":"${root}"}}`;
    const seal = proof.seal.replace(/\}$/, behind);
    const timestamp = tsa.stamp(sha256(seal)).toString('base64');
    const file = join(await temporaryFolder(), 'forged.json');
    await writeFile(
      file,
      JSON.stringify({ v: 1, line, index: 0, path: [], seal, laterSeals: [], timestamp }),
    );
    expect((await verifyProof(file, made.key, '--tsa-ca', tsa.ca)).code).toBe(1);
    expect(byHand(file)).toMatchObject({
      status: 1,
      output: expect.stringContaining('end with its signature'),
    });
  });

  test('the key of somebody else', async () => {
    const { file } = await prove((await statementIds())[7] ?? '');
    expect(await verifyProof(file, made.otherKey)).toMatchObject({ code: 1 });
    expect(byHand(file, made.otherKey).status).toBe(1);
  });

  test('the authority of somebody else', async () => {
    const other = new Tsa(join(await temporaryFolder(), 'tsa'), 'ec');
    const { file } = await prove((await statementIds())[7] ?? '');
    expect((await verifyProof(file, made.key, '--tsa-ca', other.ca)).code).toBe(1);
    expect(byHand(file, made.key, other.ca).status).toBe(1);
  });
});

test('an id that is nowhere, a seal, bad usage', async () => {
  const archive = `file:${made.archive}`;
  expect(await runCommand(['prove', archive, 'samples/6b0201a1.1/99999'])).toMatchObject({
    code: 1,
    output: expect.stringMatching(
      /no event with this id.*its session began later than 2026-11-20: .* give --since an earlier day/,
    ),
  });
  const seal = JSON.parse((await linesOf(made.objects[0] ?? '')).at(-1) ?? '');
  expect(await runCommand(['prove', archive, seal.id])).toMatchObject({
    code: 1,
    output: expect.stringContaining('is a seal'),
  });
  expect(await runCommand(['prove', `file:${join(made.folder, 'none')}`, seal.id])).toMatchObject({
    code: 1,
    output: expect.stringContaining('there is no archive here'),
  });
  expect((await runCommand(['prove', archive])).code).toBe(2);
  expect((await runCommand(['prove', archive, 'x', '--since', 'May'])).code).toBe(2);
  expect((await runCommand(['verify-proof', 'nowhere.json', '--public-key', made.key])).code).toBe(2);
  expect((await runCommand(['verify-proof', made.key])).code).toBe(2);
  expect((await verifyProof(made.key)).code).toBe(1);
});

test("the files are their owner's alone, and the page shows the statement harmlessly", async () => {
  const folder = await temporaryFolder();
  const [id = ''] = await statementIds();
  const [out, page] = [join(folder, 'p.json'), join(folder, 'p.html')];
  await mkdir(folder, { recursive: true });
  expect((await runCommand(['prove', `file:${made.archive}`, id, '--out', out, '--html', page])).code).toBe(
    0,
  );
  for (const file of [out, page]) expect((await stat(file)).mode & 0o777).toBe(0o600);
  const text = await readFile(page, 'utf8');
  expect(text).toContain('<h1>Proof of one event</h1>');
  expect(text).not.toContain('<script');
  const printed = await runCommand(['prove', `file:${made.archive}`, id]);
  expect(JSON.parse(printed.output)).toEqual(JSON.parse(await readFile(out, 'utf8')));
});

test('an archive of version 0.1 proves no single event, and says so', async () => {
  const { Forgery, sealOf } = await import('../../support/forgery.js');
  const root = join(await temporaryFolder(), 'archive');
  const forgery = await Forgery.open(made.archive);
  for (const [index, object] of forgery.objects.entries())
    forgery.edit(index, object.lines.length, event => sealOf(event, { merkleRoot: undefined }));
  await forgery.save(root);
  const [id = ''] = await statementIds();
  const { code, output } = await runCommand(['prove', `file:${root}`, id]);
  expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('no Merkle root') });
});

test('the script needs nothing but openssl, jq and coreutils', async () => {
  const text = await readFile(SCRIPT, 'utf8');
  execFileSync('bash', ['-n', SCRIPT]);
  expect(text).not.toMatch(/\b(python|perl|node|xxd|sed|awk|grep)\b/);
});
