/** No value forges another field or another message, whatever is in it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cut, externalId } from '../../../src/deliver/siem/cef.js';
import { messageOf } from '../../../src/deliver/siem/message.js';
import { parseCef } from '../../support/cef.js';
import { rowEvent } from '../../support/row-event.js';

const OPTIONS = {
  version: '0.2.0',
  statements: 'full',
  framing: 'octet-counted',
  kinds: new Set(['statement', 'suspect', 'gap', 'alert']),
  node: 'host 1',
} as const;

const hostile = fc
  .array(
    fc.constantFrom(
      ...[
        '=',
        '|',
        '\\',
        '\n',
        '\r',
        ' ',
        ' suid=x',
        'CEF:0|',
        '\u2028',
        '\0',
        'å',
        '\u{1F600}',
        'x'.repeat(900),
        '<110>1 ',
      ],
    ),
    { maxLength: 8 },
  )
  .map(parts => parts.join(''));

function event(texts: Readonly<Record<string, string>>) {
  const { id = 'i', user = 'u', statement = 's', parameter = 'p', object = 'o', application = 'a' } = texts;
  return {
    kind: 'statement',
    id,
    time: '2026-11-30T06:00:00.000Z',
    database: 'd',
    actor: { user, status: 'resolved' },
    audit: { class: 'WRITE', command: 'UPDATE', statement, parameters: [parameter], objects: [object] },
    session: { id: '1.2', application },
  };
}

function written(one: object, options: Partial<Parameters<typeof messageOf>[1]> = {}): string {
  return messageOf(Buffer.from(JSON.stringify(one)), { ...OPTIONS, ...options })?.toString() ?? '';
}

/** Without what CEF cannot hold: a control character is a space, and a text that is too long ends with `…`. */
function held(text: string, most: number): string {
  const whole = cut(text, most);
  return whole.replaceAll(/[\0\u2028]/g, ' ').replaceAll('\r\n', '\n');
}

test('an independent parser reads each value as it was, in both framings', () => {
  const texts = fc.record({
    id: hostile,
    user: hostile,
    statement: hostile,
    object: hostile,
    application: hostile,
  });
  fc.assert(
    fc.property(texts, given => {
      const counted = written(event(given));
      const [, length = '', message = ''] = /^(\d+) (.*)$/s.exec(counted) ?? [];
      expect(Buffer.byteLength(message)).toBe(Number(length));
      expect(message).not.toMatch(/[\n\r]/);
      expect(written(event(given), { framing: 'newline' })).toBe(`${message}\n`);
      const [, cef = ''] =
        /^<1\d\d>1 \S+ host_1 pgaudit-shipper - statement - (CEF:0\|.*)$/s.exec(message) ?? [];
      const { header, extension } = parseCef(cef);
      expect(header).toEqual([
        'CEF:0',
        'Nav',
        'pgaudit-shipper',
        '0.2.0',
        'audit:update',
        'Change in PostgreSQL by a person',
        'INFO',
      ]);
      expect(extension.get('cs1') ?? '').toBe(held(given.statement, 4000));
      expect(extension.get('cs6') ?? '').toBe(held(given.user, 4000));
      expect(extension.get('fname') ?? '').toBe(held(given.object, 1023));
      expect(extension.get('cs5') ?? '').toBe(held(given.application, 4000));
      expect(message.length).toBeLessThan(128_000);
    }),
  );
});

describe('SQL leaves', () => {
  const one = event({ statement: 'DELETE FROM secret', parameter: 'hemmelig' });
  test.each([
    ['as it is', 'full', /DELETE FROM secret.*hemmelig/],
    ['as its hash', 'hash', /cs1=sha256:[0-9a-f]{64} cs1Label=statement cs2=sha256:[0-9a-f]{64} /],
    ['not at all', 'none', /msg=UPDATE cs3=d/],
  ] as const)('%s', (_, statements, expected) => {
    const message = written(one, { statements });
    expect(message).toMatch(expected);
    if (statements !== 'full') expect(message).not.toMatch(/secret|hemmelig/);
  });

  test('nor that of a suspect', () => {
    const suspect = {
      ...one,
      kind: 'suspect',
      audit: undefined,
      suspect: { reason: 'context', message: 'hemmelig' },
    };
    expect(written(suspect, { statements: 'none' })).not.toMatch(/hemmelig/);
    expect(written(suspect, { statements: 'full' })).toMatch(/\|WARN\|.*hemmelig/);
  });
});

test('half of a pair is never left, and a long id is known by its hash', () => {
  expect(cut(`${'x'.repeat(8)}\u{1F600}yy`, 10)).toBe(`${'x'.repeat(8)}…`);
  expect(externalId('a/b/1')).toBe('a/b/1');
  expect(externalId('x'.repeat(41))).toMatch(/^[0-9a-f]{40}$/);
});

// Classes and commands as pgAudit 1.5 to 18.0 wrote them (fixtures/recorded).
test.each([
  ['WRITE', 'INSERT', 'create'],
  ['WRITE', 'COPY', 'create'],
  ['READ', 'COPY', 'access'],
  ['DDL', 'CREATE TABLE AS', 'create'],
  ['DDL', 'SELECT INTO', 'create'],
  ['WRITE', 'UPDATE', 'update'],
  ['ROLE', 'GRANT', 'update'],
  ['FUNCTION', 'DO', 'update'],
  ['WRITE', 'TRUNCATE TABLE', 'delete'],
  ['DDL', 'DROP TABLE', 'delete'],
  ['MISC', 'BEGIN', 'access'],
])('%s,%s is audit:%s', (auditClass, command, expected) => {
  const one = { ...event({}), audit: { class: auditClass, command, statement: 's', parameters: [] } };
  expect(parseCef(written(one).replace(/^.*?CEF:/s, 'CEF:')).header[4]).toBe(`audit:${expected}`);
});

test('who it is only by its own words is the login role; a notice is no warning', () => {
  const claimed = { ...event({}), actor: { user: 'shared', status: 'claimed', id: 'A999999' } };
  expect(written(claimed)).toMatch(/ suid=shared /);
  expect(written(claimed)).not.toMatch(/A999999/);
  const alert = (severity: string) =>
    written({
      ...event({}),
      kind: 'alert',
      audit: undefined,
      alert: { rule: 'first-seen', severity, why: 'w', ids: ['i'] },
    });
  expect(alert('notice')).toMatch(/\|INFO\|/);
  expect(alert('warning')).toMatch(/\|WARN\|/);
});

test('kinds that are not configured make no message', () => {
  expect(messageOf(Buffer.from('{"kind":"seal"}'), OPTIONS)).toBeNull();
});

test('a row: what was done to which table, by whom, and its values as far as they may leave', () => {
  const fields = (statements: 'full' | 'hash' | 'none') => {
    const text = written(rowEvent({ old: { a: 'x=1|' }, new: { a: 'y' } }), {
      statements,
      kinds: new Set(['row']),
    });
    const { header, extension } = parseCef(text.slice(text.indexOf('CEF:')));
    return { header, extension: Object.fromEntries(extension) };
  };
  const { header, extension } = fields('full');
  expect(header.slice(4)).toEqual(['audit:update', 'Change of a row in PostgreSQL by a person', 'INFO']);
  expect(extension).toMatchObject({
    act: 'UPDATE',
    fname: 'public.konto',
    suid: 'Z990001',
    msg: 'by i/6b0d340a.35b6/3',
    cs1Label: 'row',
    cs1: '{"key":{"id":4},"old":{"a":"x=1|"},"new":{"a":"y"}}',
  });
  expect(fields('hash').extension.cs1).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(fields('none').extension).not.toHaveProperty('cs1');
});
