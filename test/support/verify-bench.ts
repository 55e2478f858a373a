/**
 * How fast `verify` is, and in how much memory. It makes an archive, hash by hash, in a temporary folder, and verifies
 * it with the build in `dist`:
 *
 *   node test/support/verify-bench.ts [EVENTS] [EVENTS PER OBJECT] [DIST]
 */

import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const [events = '1000000', perObject = '50000', dist = 'dist'] = process.argv.slice(2);
const PER_OBJECT = Number(perObject);
const INSTANCE = 'bench';
const CHAIN = '20261121T000000Z-00ff';
const START = Date.parse('2026-11-21T00:00:00Z');
const RECORD = 450;

let seq = 0;
let previousHash = '0'.repeat(64);
let contentBytes = 0;
let storedBytes = 0;

function link(kind: string, content: Record<string, unknown>): string {
  seq += 1;
  const place = { instance: INSTANCE, node: 'n' };
  const id = `${INSTANCE}/${CHAIN}/${seq}`;
  const line = JSON.stringify({ v: 1, chain: CHAIN, seq, previousHash, kind, id, ...place, ...content });
  previousHash = hash('sha256', line, 'hex');
  return line;
}

/** The `n`th statement, as large as one of an application usually is. */
function statement(n: number): string {
  const session = { id: `6b0201a1.${(n % 97).toString(16)}`, line: n };
  const time = new Date(START + n * 5).toISOString();
  const text = `UPDATE konto SET navn = $1, endret_av = $2, endret = now() WHERE id = $3 AND saksnr = ${n}`;
  return link('statement', {
    id: `${INSTANCE}/${session.id}/${session.line}`,
    time,
    receivedAt: time,
    database: 'hold',
    actor: {
      user: 'Z990001',
      status: 'resolved',
      id: 'Z990001',
      name: 'Kari Nordmann',
      resolvedBy: ['pattern'],
    },
    audit: {
      type: 'SESSION',
      statementId: n,
      substatementId: 1,
      class: 'WRITE',
      command: 'UPDATE',
      objectType: null,
      objectName: null,
      statement: text,
      parameters: [hash('sha256', String(n), 'hex').slice(0, 24), 'Z990001', String(n)],
      rows: null,
    },
    session: {
      ...session,
      startedAt: time,
      pid: 21805,
      client: '127.0.0.1',
      port: 57658,
      application: 'psql',
    },
    source: { file: 'postgresql-6.csv', fileId: 'f'.repeat(32), offset: (n - 1) * RECORD, length: RECORD },
  });
}

function seal(firstSeq: number, kinds: Record<string, number>, from: number, to: number): string {
  const count = (to - from) / RECORD;
  const records = { read: count, shipped: count, dropped: {}, rejected: {} };
  const coverage = [{ file: 'postgresql-6.csv', fileId: 'f'.repeat(32), from, to, records }];
  const time = new Date(START + (to / RECORD) * 5).toISOString();
  return link('seal', {
    time,
    seal: { reason: 'size', firstSeq, events: kinds, records, coverage, files: [] },
  });
}

function padded(number: number): string {
  return String(number).padStart(16, '0');
}

function write(folder: string, lines: readonly string[], firstSeq: number, lastStatement: number): void {
  const content = Buffer.from(`${lines.join('\n')}\n`);
  const body = gzipSync(content, { level: 6 });
  const date = new Date(START + (lastStatement - lines.length) * 5).toISOString().slice(0, 10);
  const day = join(
    folder,
    `instance=${INSTANCE}`,
    'node=n',
    `date=${date < '2026-11-21' ? '2026-11-21' : date}`,
  );
  mkdirSync(day, { recursive: true });
  const sha256 = hash('sha256', content, 'hex').slice(0, 16);
  writeFileSync(join(day, `${CHAIN}-${padded(firstSeq)}-${padded(seq)}-${sha256}.ndjson.gz`), body);
  contentBytes += content.length;
  storedBytes += body.length;
}

function makeArchive(folder: string, total: number): void {
  for (let done = 0; done < total; ) {
    const [firstSeq, from, lines, kinds] = [seq + 1, done, [] as string[], { statement: 0, lifecycle: 0 }];
    if (done === 0) {
      const time = new Date(START).toISOString();
      lines.push(
        link('lifecycle', {
          time,
          lifecycle: { action: 'started', version: '0', newChain: true, reason: 'archive-empty' },
        }),
      );
      kinds.lifecycle = 1;
    }
    for (; kinds.statement < PER_OBJECT && done < total; kinds.statement += 1) lines.push(statement(++done));
    lines.push(seal(firstSeq, kinds, from * RECORD, done * RECORD));
    write(folder, lines, firstSeq, done);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'verify-bench-'));
try {
  makeArchive(folder, Number(events));
  const script = `
    const { verify } = await import(${JSON.stringify(resolve(dist, 'commands/verify.js'))});
    const start = performance.now();
    let rss = 0;
    const timer = setInterval(() => { rss = Math.max(rss, process.memoryUsage.rss()); }, 20);
    process.exitCode = await verify(${JSON.stringify(`file:${folder}`)});
    clearInterval(timer);
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ ms: performance.now() - start, cpu: (user + system) / 1000, rss }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  process.stdout.write(stdout + stderr);
  const { ms, cpu, rss } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  console.log(`${seq} events, ${mib(contentBytes)} MiB of NDJSON in ${mib(storedBytes)} MiB`);
  const rate = (amount: number): number => Math.round(amount / (ms / 1000));
  console.log(
    `${(ms / 1000).toFixed(1)} s (${(cpu / 1000).toFixed(1)} s of processor): ${rate(seq)} events/s, ` +
      `${rate(contentBytes / 2 ** 20)} MiB/s of NDJSON; at most ${mib(rss)} MiB of memory`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
