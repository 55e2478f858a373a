/** Every reader of a line gives what the schema gives for it, whatever texts the event holds. */

import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEvent as readFound } from '../../src/archive/search/found-event.js';
import { readEvent as readVerified } from '../../src/archive/verify/read-event.js';
import { type AuditEvent, eventSchema, type NewEvent } from '../../src/event/event.js';
import {
  hashOf,
  headOf,
  jsonOf,
  kindIn,
  outcomeIn,
  PREVIOUS_HASH_WITHIN,
  previousHashIn,
  readHead,
  readSignature,
  signed,
  timeIn,
  transactionIn,
  withoutEscrow,
} from '../../src/event/line.js';
import { link, newChain } from '../../src/journal/chain.js';
import { Lines } from '../../src/lib/line-buffer.js';
import { readEvent as readReported } from '../../src/report/event.js';
import { randomEvents } from '../support/random-events.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const RUNS = { numRuns: 3000 };

/** Its line in a chain of its own, without the newline. */
function lineOf(event: NewEvent, isSigned = false): Buffer {
  const lines = new Lines();
  link(newChain(0), jsonOf(event), lines);
  const line = Buffer.concat(lines.chunks).subarray(0, -1);
  const signature = sign(null, line, privateKey).toString('base64');
  return isSigned ? signed(line, signature) : line;
}

/** What the schema returns, which must be all of the line. */
function parsed(line: Buffer): AuditEvent {
  const whole: unknown = JSON.parse(line.toString());
  const event = eventSchema.parse(whole);
  expect(event).toEqual(whole);
  return event;
}

function eachLine(check: (line: Buffer, event: AuditEvent, written: NewEvent) => void): void {
  fc.assert(
    fc.property(randomEvents, written => {
      const line = lineOf(written);
      check(line, parsed(line), written);
    }),
    RUNS,
  );
}

test('the schema gives back what was written', () => {
  eachLine((line, { v: _, chain, seq, previousHash, id, ...rest }, { id: own, ...written }) => {
    expect(rest).toEqual(JSON.parse(JSON.stringify(written)));
    expect(id).toBe(own ?? `${written.instance}/${chain}/${seq}`);
    expect(previousHash).toBe('0'.repeat(64));
    expect(hashOf(line)).toMatch(/^[0-9a-f]{64}$/);
  });
});

test('kind, time and the hash of the line before', () => {
  eachLine((line, event) => {
    expect(kindIn(line)).toBe(event.kind);
    expect(timeIn(line)).toBe(event.time);
    expect(previousHashIn(line.toString('latin1', 0, PREVIOUS_HASH_WITHIN))).toBe(event.previousHash);
  });
});

test('the head of a log entry, or nothing', () => {
  let found = 0;
  eachLine((line, event) => {
    const head = readHead(line);
    if (head === null) return;
    found += 1;
    expect(head).toEqual(headOf(event));
  });
  expect(found).toBeGreaterThan(100);
});

test('the transaction, and what a failure says of it', () => {
  eachLine((line, event) => {
    const session = 'session' in event ? event.session : null;
    const [virtual, key] = [session?.virtualTransactionId ?? null, transactionIn(line)];
    if (session === null || virtual === null) expect(key).toBeNull();
    else expect(key).toBe([event.instance, session.id, virtual, ''].join('"'));
    if (event.kind !== 'failure') return;
    const { certain, outcome } = event.failure;
    expect(outcomeIn(line)).toBe(certain === false ? 'unknown' : outcome === 'caught' ? 'caught' : 'failed');
  });
});

test('the line without its escrow', () => {
  eachLine((line, event) => {
    const bare: unknown = JSON.parse(withoutEscrow(line).toString());
    if (event.kind !== 'statement' && event.kind !== 'suspect') return expect(bare).toEqual(event);
    const expected = JSON.parse(line.toString(), (key, value) => (key === 'escrow' ? undefined : value));
    expect(bare).toEqual(expected);
  });
});

test('the signature, and what is signed', () => {
  fc.assert(
    fc.property(randomEvents, written => {
      expect(readSignature(lineOf(written))).toBeNull();
      if (written.kind !== 'seal') return;
      const line = lineOf(written, true);
      const found = readSignature(line);
      if (found === null) throw new Error('a signed seal has no signature');
      const { signature, ...bare }: Record<string, unknown> = { ...parsed(line) };
      expect(signature).toBe(found.signature.toString('base64'));
      expect(JSON.parse(found.signed.toString())).toEqual(bare);
      expect(verify(null, found.signed, publicKey, found.signature)).toBe(true);
    }),
    RUNS,
  );
});

test('verify, search and report read the same of it', () => {
  eachLine((line, event) => {
    const { whole, at, receivedAtMs, lacks, ...verified } = readVerified(line);
    expect(whole).toEqual(event);
    expect(event).toMatchObject(verified);
    expect([at, receivedAtMs].every(Number.isFinite)).toBe(true);
    expect(event).toMatchObject({ ...readFound(line) });
    expect(event).toMatchObject({ ...readReported(line) });
  });
});

test('nothing is read from a line that is not an event', () => {
  for (const text of ['', '{}', '{"v":1,"chain":"c","seq":1,"previousHash":"","kind":"seal","id":"i"}']) {
    expect(readHead(Buffer.from(text))).toBeNull();
    expect(transactionIn(Buffer.from(text))).toBeNull();
    expect(previousHashIn(text)).toBeNull();
  }
});
