/** Which entries are given up, which are retried, and what is asked of the server to decide (I1, I5). */

import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import type { LogEntry, Written } from '../../../src/deliver/destination.js';
import { Isolation } from '../../../src/deliver/logging/isolate.js';
import { ShipperError } from '../../../src/lib/errors.js';

function entryOf(insertId: string, line: Buffer = Buffer.from('{}')): LogEntry {
  return { insertId, timestamp: '2026-11-21T20:40:00Z', severity: 'INFO', labels: {}, jsonPayload: {}, line };
}

function entriesOf(ids: string): LogEntry[] {
  return [...ids].map(id => entryOf(id));
}

/** A failure as gRPC's client reports it. */
function failure(code: number, more: object = {}): ShipperError {
  return new ShipperError(status[code] ?? '', '', Object.assign(new Error('no'), { code, ...more }));
}

/** The server named these entries of the request, and accepted all others. */
function partial(codes: Readonly<Record<number, object>>): ShipperError {
  return failure(status.INVALID_ARGUMENT, { statusDetails: [{}, { logEntryErrors: codes }] });
}

/** A server that answers as `answer` says for the entries' ids, and what it was sent. */
function server(answer: (ids: string) => unknown) {
  const sent: string[] = [];
  const isolation = new Isolation(async entries => {
    const ids = entries.map(({ insertId }) => insertId).join('');
    sent.push(ids);
    const error = answer(ids);
    if (error != null) throw error;
  });
  const write = async (ids: string): Promise<object> => shown(await isolation.write(entriesOf(ids)));
  const fails = async (ids: string): Promise<unknown> =>
    await isolation.write(entriesOf(ids)).then(
      written => `it was written: ${JSON.stringify(shown(written))}`,
      error => error.code,
    );
  return { isolation, sent, write, fails };
}

function shown({ rejected, left }: Written): object {
  return {
    rejected: rejected.map(one => `${one.insertId} ${one.code}`),
    left: left.map(one => one.insertId),
  };
}

const ALL_TAKEN = { rejected: [], left: [] };

test('the entry that probes the server is one that it accepted, even if its bytes were overwritten since', async () => {
  const sent: string[] = [];
  const isolation = new Isolation(async entries => {
    sent.push(...entries.map(({ insertId, line }) => `${insertId} ${line}`));
    if (entries.some(({ insertId }) => insertId === 'poison')) throw failure(status.INTERNAL);
  });
  const room = Buffer.from('{"a":1}');
  await isolation.write([entryOf('good', room)]);
  room.write('{"b":2}');
  const rejected: string[] = [];
  for (let attempt = 0; rejected.length === 0 && attempt < 20; attempt++) {
    const written = await isolation.write([entryOf('poison', room)]).catch(() => null);
    rejected.push(...(written?.rejected ?? []).map(({ insertId }) => insertId));
  }
  expect(rejected).toEqual(['poison']);
  expect(sent.filter(one => one.startsWith('good'))).toEqual(['good {"a":1}', 'good {"a":1}']);
});

test('nothing is given up if a server refuses everything after it accepted something', async () => {
  let isSour = false;
  const { write, fails } = server(ids => {
    if (!isSour) return null;
    return ids.length > 2 ? failure(status.INVALID_ARGUMENT) : partial({ 0: { code: 3 }, 1: { code: 3 } });
  });
  expect(await write('a')).toEqual(ALL_TAKEN);
  isSour = true;
  expect(await fails('b')).toBe('INVALID_ARGUMENT');
  expect(await fails('bcde')).toBe('INVALID_ARGUMENT');
  isSour = false;
  expect(await write('bcde')).toEqual(ALL_TAKEN);
});

describe('an entry that is wrong itself', () => {
  test.each([status.INVALID_ARGUMENT, status.OUT_OF_RANGE])(
    'with code %i is found by halves, once the server has accepted something, and given up alone',
    async code => {
      const { sent, write } = server(ids => (ids.includes('x') ? failure(code) : null));
      expect(await write('a')).toEqual(ALL_TAKEN);
      expect(await write('bcxd')).toEqual({ rejected: [`x ${status[code]}`], left: [] });
      expect(sent).toEqual(['a', 'bcxd', 'bc', 'xd', 'x', 'c', 'd']);
    },
  );

  test('also for a request that is too large for gRPC, each part of which is accepted', async () => {
    const { sent, write } = server(ids =>
      ids.length > 2 || ids.includes('x')
        ? failure(status.RESOURCE_EXHAUSTED, { details: 'Received message larger than max (6 vs. 4)' })
        : null,
    );
    expect(await write('a')).toEqual(ALL_TAKEN);
    expect(await write('bcde')).toEqual(ALL_TAKEN);
    expect(await write('x')).toEqual({ rejected: ['x RESOURCE_EXHAUSTED'], left: [] });
    expect(sent).toEqual(['a', 'bcde', 'bc', 'de', 'x', 'e']);
  });

  test('while nothing was accepted yet: a few are tried alone, from the first to the last', async () => {
    const ids = 'xxxxxxxxxxxxxxg';
    const { sent, write } = server(one => (one.includes('x') ? failure(status.INVALID_ARGUMENT) : null));
    expect(await write(ids)).toEqual({ rejected: Array(14).fill('x INVALID_ARGUMENT'), left: [] });
    expect(sent.slice(0, 10)).toEqual([ids, ...'xxxxxxxg', 'xxxxxxx']);
  });
});

describe('what all entries have in common', () => {
  test('gives none of them up: if everything is refused, all must be written again', async () => {
    const { sent, fails } = server(() => failure(status.INVALID_ARGUMENT));
    for (let attempt = 0; attempt < 20; attempt++) expect(await fails('abc')).toBe('INVALID_ARGUMENT');
    expect(new Set(sent)).toEqual(new Set(['abc', 'a', 'b', 'c']));
    sent.length = 0;
    expect(await fails('a')).toBe('INVALID_ARGUMENT');
    expect(sent).toEqual(['a']);
  });

  test.each([
    status.UNAVAILABLE,
    status.RESOURCE_EXHAUSTED,
    status.ABORTED,
    status.CANCELLED,
    status.DEADLINE_EXCEEDED,
    status.UNAUTHENTICATED,
    status.PERMISSION_DENIED,
    status.NOT_FOUND,
  ])('code %i is retried, however long, and nothing else is sent meanwhile', async code => {
    let isUp = true;
    const { sent, write, fails } = server(() =>
      isUp ? null : failure(code, { details: 'Quota exceeded for the maximum of writes' }),
    );
    await write('a');
    isUp = false;
    for (let attempt = 0; attempt < 20; attempt++) expect(await fails('bc')).toBe(status[code]);
    expect(sent).toEqual(['a', ...Array(20).fill('bc')]);
    isUp = true;
    expect(await write('bc')).toEqual(ALL_TAKEN);
  });

  test('an error from elsewhere is thrown, and does not count against entries', async () => {
    let isConnected = true;
    const { sent, write, fails } = server(() =>
      isConnected ? null : Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
    );
    await write('a');
    isConnected = false;
    for (let attempt = 0; attempt < 20; attempt++) expect(await fails('b')).toBe('ECONNREFUSED');
    expect(sent).toHaveLength(21);
  });
});

describe('a code that may mean the entry or the server', () => {
  const isOdd = (ids: string): unknown => (ids.includes('x') ? failure(status.INTERNAL) : null);

  test('gives the entry up at the fifth time, if the server still accepts what it accepted before', async () => {
    const { sent, write, fails } = server(isOdd);
    await write('a');
    for (let attempt = 1; attempt < 5; attempt++) expect(await fails('x')).toBe('INTERNAL');
    expect(await write('x')).toEqual({ rejected: ['x INTERNAL'], left: [] });
    expect(sent).toEqual(['a', 'x', 'x', 'x', 'x', 'x', 'a']);
  });

  test('gives nothing up while the server accepts nothing', async () => {
    let isUp = true;
    const { write, fails } = server(() => (isUp ? null : failure(status.INTERNAL)));
    await write('a');
    isUp = false;
    for (let attempt = 1; attempt < 20; attempt++) expect(await fails('bc')).toBe('INTERNAL');
    isUp = true;
    expect(await write('bc')).toEqual(ALL_TAKEN);
  });

  test('counts from the last time that the entry was accepted', async () => {
    let isUp = true;
    const { write, fails } = server(ids => (isUp || ids === 'a' ? null : failure(status.INTERNAL)));
    for (let again = 0; again < 2; again++) {
      isUp = true;
      expect(await write('ba')).toEqual(ALL_TAKEN);
      isUp = false;
      for (let attempt = 1; attempt < 5; attempt++) expect(await fails('b')).toBe('INTERNAL');
    }
  });

  test('counts for the request as often as for the entry in it that was in the fewest', async () => {
    const { write, fails } = server(isOdd);
    await write('a');
    for (let attempt = 1; attempt < 5; attempt++) expect(await fails('x')).toBe('INTERNAL');
    for (let attempt = 1; attempt < 5; attempt++) expect(await fails('xy')).toBe('INTERNAL');
    expect(await write('xy')).toEqual({ rejected: ['x INTERNAL'], left: [] });
  });
});

describe('if the second half fails for now', () => {
  test('the first is accepted, and the second must be written again, with the reason', async () => {
    let isUp = true;
    const { isolation, write } = server(ids => {
      if (ids === 'cd') isUp = false;
      if (!isUp) return failure(status.UNAVAILABLE);
      return ids.includes('x') || ids.length > 2 ? failure(status.INVALID_ARGUMENT) : null;
    });
    await write('a');
    const written = await isolation.write(entriesOf('bxcd'));
    expect(shown(written)).toEqual({ rejected: ['x INVALID_ARGUMENT'], left: ['c', 'd'] });
    expect(written.error).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('why the first was not accepted whole is reported, too', async () => {
    const { isolation, write } = server(ids => (ids.includes('x') ? failure(status.INVALID_ARGUMENT) : null));
    await write('a');
    const { error } = await isolation.write(entriesOf('xb'));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('entries that the server names', () => {
  test('are given up, left for later, or counted by their own codes; the others were accepted', async () => {
    const { sent, write } = server(ids =>
      ids === 'abcde'
        ? partial({
            0: { code: status.INVALID_ARGUMENT },
            1: { code: status.RESOURCE_EXHAUSTED },
            2: { code: status.INTERNAL },
            4: {},
            9: { code: status.INTERNAL },
          })
        : null,
    );
    expect(await write('abcde')).toEqual({
      rejected: ['a INVALID_ARGUMENT', 'e INVALID_ARGUMENT'],
      left: ['b', 'c'],
    });
    for (let time = 2; time < 5; time++) expect(await write('abcde')).toMatchObject({ left: ['b', 'c'] });
    expect(await write('abcde')).toEqual({
      rejected: ['a INVALID_ARGUMENT', 'c INTERNAL', 'e INVALID_ARGUMENT'],
      left: ['b'],
    });
    // Its count starts again, whether it was accepted or given up.
    expect(await write('abcde')).toMatchObject({ left: ['b', 'c'] });
    await write('c');
    for (let time = 1; time < 5; time++) expect(await write('abcde')).toMatchObject({ left: ['b', 'c'] });
    expect(new Set(sent)).toEqual(new Set(['abcde', 'c']));
  });

  test('if all are named, they are given up only if the server has accepted something', async () => {
    const { fails, write } = server(ids =>
      ids === 'ab' ? partial({ 0: { code: status.INVALID_ARGUMENT }, 1: { code: 3 } }) : null,
    );
    expect(await fails('ab')).toBe('INVALID_ARGUMENT');
    await write('c');
    expect(await write('ab')).toEqual({ rejected: ['a INVALID_ARGUMENT', 'b INVALID_ARGUMENT'], left: [] });
  });

  test('if all are named for now, the error is thrown: nothing was accepted', async () => {
    const { fails, write } = server(ids => (ids === 'b' ? partial({ 0: { code: status.INTERNAL } }) : null));
    await write('a');
    for (let time = 0; time < 20; time++) expect(await fails('b')).toBe('INVALID_ARGUMENT');
  });
});
