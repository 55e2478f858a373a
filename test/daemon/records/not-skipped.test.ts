/** Records that look like those that are skipped, and of which something would be missed. */

import { expect, test } from 'vitest';
import { Filter } from '../../../src/decide/filter.js';
import { type Memberships, memberRule, personRule, Users } from '../../../src/decide/users.js';
import { isWrite } from '../../../src/relations/relations.js';
import { auditMessage, type Columns, csvRecord } from '../../support/csvlog.js';
import { compare, outcomeOf, RULES } from '../../support/skipped.js';

const audit = (auditClass: string, command: string, statement: string, id: number): Partial<Columns> => ({
  message: auditMessage(['SESSION', String(id), '1', auditClass, command, '', '', statement, '<none>']),
});
const person = (sessionLine: number, columns: Partial<Columns>): string =>
  csvRecord({ sessionLine, ...columns });
const service = (sessionLine: number, columns: Partial<Columns>): string =>
  csvRecord({ user: 'app', pid: 9, sessionId: '6b0201a1.9', sessionLine, ...columns });
const insert = (line: number): string => service(line, audit('WRITE', 'INSERT', 'INSERT INTO t', line));

test.each(['ROLLBACK PREPARED', '"ROLLBACK PREPARED"'])(
  'a service undoes what a person prepared: %s',
  async command => {
    const undo = `AUDIT: SESSION,3,1,MISC,${command},,,ROLLBACK PREPARED 'x',<none>`;
    const log = [
      person(1, audit('WRITE', 'UPDATE', 'UPDATE t SET a=1', 1)),
      person(2, audit('MISC', 'PREPARE TRANSACTION', "PREPARE TRANSACTION 'x'", 2)),
      ...[insert(1), insert(2), service(3, { message: undo }), insert(4)],
    ];
    const { events } = await outcomeOf([Buffer.from(log.join(''))], true);
    expect(events).toMatchObject([
      { kind: 'statement', session: { line: 1 } },
      { kind: 'failure', failure: { outcome: 'undone' }, actor: { user: 'app' } },
    ]);
  },
);

test.each([
  ['object name', '"",WITH x AS (DELETE FROM t) SELECT 1'],
  ['text', ',""'],
])('a READ with an empty %s in quotes is looked at like one without quotes', async (_what, columns) => {
  const reads = [1, 2, 3].map(line => person(line, audit('READ', 'SELECT', 'SELECT 1', line)));
  const last = person(4, { message: `AUDIT: SESSION,4,1,READ,SELECT,,${columns},<none>` });
  const changes = () => [{ commands: ['SELECT'], relations: ['t'] }];
  const parser = { changes, classes: () => [], bounds: () => [], close: async () => undefined };
  const { counts } = await outcomeOf([Buffer.from(reads.join('') + last)], true, {
    isWrite: one => isWrite(one, parser),
  });
  expect(counts).toMatchObject({ shipped: 1, dropped: { class: 3 } });
});

test('a READ with a word that changes data, wherever it is', async () => {
  const words = ['insert', 'UPDATE', 'Delete', 'mERGe'];
  const texts = Array.from({ length: 40 }, (_, before) => before).flatMap(before =>
    words.flatMap(word => [`${'i'.repeat(before)}${word}`, `${'-'.repeat(before)}${word} de`]),
  );
  const others = ['inser t', 'u pdate', 'delet', 'merg e', 'in up de me'];
  const reads = (from: number, all: readonly string[]): string[] =>
    all.map((text, index) => person(from + index, audit('READ', 'SELECT', text, from + index)));
  const first = reads(1, others);
  const log = [...first, ...reads(first.length + 1, texts)].join('');
  const asked: (string | null)[] = [];
  const { counts } = await outcomeOf([Buffer.from(log)], true, {
    isWrite: ({ statement }) => {
      asked.push(statement);
      return false;
    },
  });
  expect(counts).toMatchObject({ dropped: { class: others.length + texts.length } });
  // The first records of a session are decided one by one in any case.
  expect(asked.filter(text => !others.some(one => one === text))).toEqual(texts);
  expect(asked).not.toContain(others.at(-1));
});

test('a READ that refers to a text in quotes leaves what is remembered as it was', async () => {
  const reads = [1, 2, 3].map(line => person(line, audit('READ', 'SELECT', 'SELECT 1', line)));
  const last = person(4, { message: 'AUDIT: SESSION,4,1,READ,SELECT,,,"<previously logged>",' });
  const { skipping, plain } = await compare([Buffer.from(reads.join('') + last)]);
  expect(skipping).toEqual(plain);
});

/** A role that leaves its group of services after the next change of roles. */
function leavingServices(): Filter {
  let isExpired = false;
  let hasLeft = false;
  const look = async (): Promise<boolean> => {
    [isExpired, hasLeft] = [false, true];
    return true;
  };
  const memberships: Memberships = {
    get loadedAt() {
      return hasLeft ? 2 : 1;
    },
    get isCurrent() {
      return !isExpired;
    },
    knows: () => (isExpired ? look() : true),
    isMember: (user, role) => user === 'app' && (role === 'services') !== hasLeft,
    wasPerson: () => false,
    expire: () => {
      isExpired = true;
    },
  };
  const users = new Users({
    serviceUsers: [memberRule('services', memberships)],
    personalUsers: [{ test: user => user.startsWith('Z') }, personRule('persons', memberships)],
    memberships,
  });
  return new Filter({ ...RULES, users });
}

test('a role that becomes a person while its session goes on is watched from then on', async () => {
  const logged = (line: number): string =>
    service(line, { commandTag: 'idle', message: 'statement: UPDATE t SET a=1' });
  const grant = person(1, audit('ROLE', 'GRANT', 'GRANT persons TO app', 1));
  const log = [insert(1), logged(2), logged(3), grant, logged(4), logged(5)];
  const { events } = await outcomeOf([Buffer.from(log.join(''))], true, { filter: leavingServices() });
  expect(events).toMatchObject([
    { kind: 'statement', actor: { user: 'Z990001' } },
    { kind: 'unaudited', actor: { user: 'app' }, session: { line: 4 } },
  ]);
});

test('what a service of a group does is skipped, until roles may have changed', async () => {
  const grant = person(1, audit('ROLE', 'GRANT', 'GRANT persons TO app', 1));
  const before = Array.from({ length: 20 }, (_, index) => insert(index + 1));
  const after = Array.from({ length: 20 }, (_, index) => insert(index + 21));
  const log = [Buffer.from([...before, grant, ...after].join(''))];
  const { decided, ...skipping } = await outcomeOf(log, true, { filter: leavingServices() });
  const { decided: all, ...plain } = await outcomeOf(log, false, { filter: leavingServices() });
  expect(skipping).toEqual(plain);
  expect(skipping.counts).toMatchObject({ read: 41, shipped: 21, dropped: { 'service-user': 20 } });
  expect(all - decided).toBeGreaterThan(15);
});

test('so is what it does in a session for each statement', async () => {
  const grant = person(1, audit('ROLE', 'GRANT', 'GRANT persons TO app', 1));
  const session = (_: unknown, index: number): string => {
    const columns = { user: 'app', sessionId: `6b0201${(0xb0 + index).toString(16)}.9` };
    const start = { sessionStart: '2026-11-21 20:40:09 CET' };
    return [1, 2]
      .map(line =>
        csvRecord({ ...columns, ...start, sessionLine: line, ...audit('WRITE', 'INSERT', 'x', line) }),
      )
      .join('');
  };
  const sessions = Array.from({ length: 40 }, session);
  const log = [Buffer.from([...sessions.slice(0, 20), grant, ...sessions.slice(20)].join(''))];
  const { decided, ...skipping } = await outcomeOf(log, true, { filter: leavingServices() });
  const { decided: all, ...plain } = await outcomeOf(log, false, { filter: leavingServices() });
  expect(skipping).toEqual(plain);
  expect(skipping.counts).toMatchObject({ read: 81, shipped: 41, dropped: { 'service-user': 40 } });
  expect(all - decided).toBeGreaterThan(30);
});
