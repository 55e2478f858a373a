/** A record just over the limit makes the same event as one just below it, except for its size and raw bytes. */

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { decoderFor } from '../../../src/audit/encodings.js';
import { timeReader } from '../../../src/audit/time.js';
import { LargeReader } from '../../../src/daemon/large/reader.js';
import type { Deciders } from '../../../src/daemon/records/outcome.js';
import { decide } from '../../../src/daemon/records/record.js';
import { jsonWith } from '../../../src/event/line.js';
import { systemClock } from '../../../src/lib/clock.js';
import { Disk } from '../../../src/lib/disk.js';
import { Expression } from '../../../src/lib/expression.js';
import { LARGE_RECORD } from '../../../src/lib/large-text.js';
import { CsvFramer } from '../../../src/read/frame/csv-framer.js';
import { createRedactor } from '../../../src/redact/redact.js';
import { createRelationParser, isWrite, relationsOf } from '../../../src/relations/relations.js';
import { SessionFacts } from '../../../src/session/facts.js';
import { type Columns, csvRecord, writeMessage } from '../../support/csvlog.js';
import { decidersOf } from '../../support/skipped.js';
import { temporaryFolder } from '../../support/temp.js';

const FILE = { fileId: 'f', path: '/log/a.csv' };
const PAD = '_';
const PATTERN = 'kode (\\d+)';
/** Sizes below and above the limit, whatever else a record contains. */
const [BELOW, ABOVE] = [LARGE_RECORD - 10_000, LARGE_RECORD + 10_000];

type Make = (pad: string) => (Partial<Columns> | Buffer)[];

async function decidersWith(encoding: string | null): Promise<Deciders> {
  const markerPath = join(await temporaryFolder(), 'large-record.json');
  const report = { largeRecordFailed: (why: string) => expect.fail(why) };
  const encodingOf = (): string | null => encoding;
  const options = {
    settings: { patterns: [PATTERN], recipients: [] },
    maxRecordSize: 2 * ABOVE,
    encodingOf,
    markerPath,
  };
  const large = new LargeReader({ ...options, disk: new Disk(), clock: systemClock, report });
  onTestFinished(() => large.close());
  const parser = createRelationParser();
  onTestFinished(() => parser.close());
  return decidersOf({
    large,
    isWrite: audit => isWrite(audit, parser),
    relations: audit => relationsOf(audit, parser),
    redact: createRedactor([new Expression(PATTERN).compiled]),
    decoderOf: () => decoderFor(encoding),
    facts: new SessionFacts(timeReader(undefined), null, 0),
  });
}

/** The outcomes of these records, without sizes, positions, raw bytes and the pad. */
async function outcomeOf(records: ReturnType<Make>, encoding: string | null): Promise<unknown[]> {
  const deciders = await decidersWith(encoding);
  const framer = new CsvFramer({ offset: 0, maxRecordSize: 2 * ABOVE });
  for (const one of records) framer.push(Buffer.isBuffer(one) ? one : Buffer.from(csvRecord(one)));
  const outcome: unknown[] = [];
  for (let frame = framer.next(); frame !== null; frame = framer.next()) {
    const result = await decide(frame, { file: FILE, record: frame, now: 1 }, deciders);
    outcome.push(result.outcome, result.reason);
    if (result.outcome === 'dropped') continue;
    const { json, rest = [] } = jsonWith(await result.event, result.texts ?? []);
    const { source, ...event } = JSON.parse(`{${json}${Buffer.concat(rest.map(part => Buffer.from(part)))}`);
    if (frame.length > LARGE_RECORD) expect(source).not.toHaveProperty('raw');
    outcome.push(JSON.stringify(event).replaceAll(/_{1000,}/g, PAD));
  }
  return outcome;
}

const text = (pad: string): string => `/* kari */ UPDATE t SET a = 'x" å,' WHERE kode 123 ${pad} -- me`;
const once = (pad: string): Partial<Columns> => ({
  sessionLine: 1,
  message: writeMessage(`WITH x AS (INSERT INTO t SELECT 1) SELECT '${pad}', pw='geheim'`).replace(
    'WRITE,UPDATE',
    'READ,SELECT',
  ),
});
const previously = { sessionLine: 2, message: writeMessage('<previously logged>', ['<previously logged>']) };

const RECORDS: Record<string, Make> = {
  'a statement with a secret, an author and quotes': pad => [{ message: writeMessage(text(pad)) }],
  'a statement without a secret': pad => [{ message: writeMessage(`DELETE FROM t -- ${pad}`) }],
  'large parameters, one of them a secret': pad => [
    { message: writeMessage('ALTER ROLE x PASSWORD $2', [pad, 'geheim', '', '"', 'a,b']) },
  ],
  'what is sensitive': pad => [{ message: writeMessage(`SELECT pg_reload_conf() -- ${pad}`) }],
  'no statement': pad => [{ message: writeMessage('<not logged>', [pad]) }],
  'a service whose message is not what is large': pad => [
    { user: 'app', application: pad },
    { user: 'app', database: pad },
  ],
  'a service': pad => [{ user: 'app', message: writeMessage(pad) }],
  'somebody of no list': pad => [{ user: 'x', message: writeMessage(pad) }],
  'a class that is not shipped': pad => [{ message: writeMessage(pad).replace('WRITE', 'MISC') }],
  'a text that a later record refers to': pad => [once(pad), previously],
  'the same of a record that is not shipped': pad => [
    { ...once(''), message: once(pad).message?.replace('INSERT', 'TABLE') ?? null },
    previously,
  ],
  'a rollback in a string of several statements': pad => [
    { sessionLine: 1 },
    {
      sessionLine: 2,
      message: writeMessage(`ROLLBACK; SELECT '${pad}'`).replace('WRITE,UPDATE', 'MISC,ROLLBACK'),
    },
  ],
  'a suspect': pad => [{ context: 'PL/pgSQL function f() line 1', message: writeMessage(text(pad)) }],
  'a suspect without a payload': pad => [{ message: `AUDIT: SESSION,pw=geheim,${pad}` }],
  'a suspect that is no SQL': pad => [{ message: `AUDIT: Password: geheim\n${pad}` }],
  'a suspect for its parameters': pad => [{ message: `${writeMessage(pad).slice(0, -6)}"a""b"` }],
  'a suspect of a service': pad => [{ user: 'app', message: `AUDIT: SESSION,${pad}` }],
  'what only a parallel worker says': pad => [{ context: 'parallel worker', message: writeMessage(pad) }],
  'what is not pgAudit’s': pad => [{ message: pad }],
  'a second record of the same line': pad => [
    { message: writeMessage('x') },
    { message: writeMessage(text(pad)) },
  ],
  'carriage returns': pad => [
    Buffer.from(csvRecord({ message: writeMessage(`a\nb\r${pad}`) }).replaceAll('\n', '\r\n')),
  ],
  'bytes that are no UTF-8': pad => [
    Buffer.from(csvRecord({ message: writeMessage(`'K\u00e5re' ${pad}`) }), 'latin1'),
  ],
};

test.each(Object.keys(RECORDS))('%s', async name => {
  const make = RECORDS[name] ?? expect.fail();
  for (const encoding of [null, 'LATIN1', 'EUC_JP']) {
    const [below, above] = [BELOW, ABOVE].map(size => outcomeOf(make(PAD.repeat(size)), encoding));
    expect(await above).toEqual(await below);
  }
});

test("a service's record is dropped without the process for large records", async () => {
  const read = (): never => expect.fail('the process was asked');
  const deciders = decidersOf({ large: { read } });
  const framer = new CsvFramer({ offset: 0, maxRecordSize: 2 * ABOVE });
  framer.push(Buffer.from(csvRecord({ user: 'app', message: writeMessage('x"'.repeat(ABOVE / 4)) })));
  const frame = framer.next() ?? expect.fail();
  expect(frame.length).toBeGreaterThan(LARGE_RECORD);
  const result = await decide(frame, { file: FILE, record: frame, now: 1 }, deciders);
  expect(result).toEqual({ outcome: 'dropped', reason: 'service-user' });
});
