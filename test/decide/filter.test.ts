import { afterAll, describe, expect, test } from 'vitest';
import { Filter } from '../../src/decide/filter.js';
import { memberRule, personRule, type UserKind, Users } from '../../src/decide/users.js';
import type { AuditClass } from '../../src/event/names.js';
import { Expression } from '../../src/lib/expression.js';
import { workOf } from '../support/work.js';
import { rulesOf } from './work-cases.js';

function decide(
  user: string,
  auditClass: AuditClass = 'WRITE',
  otherUsers: 'drop' | 'ship' = 'drop',
  backgroundWorkers: 'drop' | 'ship' = 'ship',
): string {
  const filter = new Filter({
    classes: new Set(['WRITE', 'DDL', 'ROLE']),
    users: new Users({
      personalUsers: [new Expression('^[A-Z]\\d{6}$'), new Expression('@nav\\.no$')],
      serviceUsers: [new Expression('^app_'), new Expression('^$')],
      memberships: null,
    }),
    otherUsers,
    backgroundWorkers,
    rows: 'ship',
  });
  return filter.decide(kindOf(filter, user), auditClass).reason;
}

/** Without memberships it is known at once. */
function kindOf(filter: Filter, user: string): UserKind {
  const kind = filter.users.kindOf(user, () => 0);
  if (kind instanceof Promise) throw new Error('nothing has to be waited for');
  return kind;
}

test.each([
  ['Z990001', 'shipped'],
  ['kari.nordmann@nav.no', 'shipped'],
  ['app_web', 'service-user'],
  ['app_@nav.no', 'service-user'],
  ['Z990001 ', 'other-user'],
  ['Z990001\n', 'other-user'],
  ['xZ990001', 'other-user'],
  ['toString', 'other-user'],
])('user %j: %s', (user, reason) => {
  expect(decide(user)).toBe(reason);
});

test.each<[AuditClass, string]>([
  ['WRITE', 'shipped'],
  ['DDL', 'shipped'],
  ['ROLE', 'shipped'],
  ['READ', 'class'],
  ['FUNCTION', 'class'],
  ['MISC', 'class'],
])('class %s: %s', (auditClass, reason) => {
  expect(decide('Z990001', auditClass)).toBe(reason);
});

describe('other users', () => {
  test('are shipped if the configuration says so, but services never are', () => {
    expect(decide('somebody', 'WRITE', 'ship')).toBe('shipped');
    expect(decide('somebody', 'READ', 'ship')).toBe('class');
    expect(decide('app_web', 'WRITE', 'ship')).toBe('service-user');
  });
});

test('a record without a user is shipped whatever the lists say, unless the configuration drops it', () => {
  expect(decide('')).toBe('shipped');
  expect(decide('', 'WRITE', 'ship')).toBe('shipped');
  expect(decide('', 'READ')).toBe('class');
  expect(decide('', 'WRITE', 'ship', 'drop')).toBe('background-worker');
});

describe('memberships', () => {
  const memberOf = new Map([
    ['kari', ['persons']],
    ['both', ['persons', 'services']],
    ['left', ['services']],
    ['gone', []],
    ['app', ['services']],
    ['app_web', ['persons']],
    ['Z990001', ['services']],
    ['batch', []],
  ]);
  const memberships = {
    loadedAt: 0,
    isCurrent: true,
    knows: (user: string) => memberOf.has(user),
    isMember: (user: string, role: string) => memberOf.get(user)?.includes(role) ?? null,
    wasPerson: (user: string) => ['left', 'gone', 'dropped'].includes(user),
    expire: () => undefined,
  };
  const users = new Users({
    personalUsers: [new Expression('^Z'), personRule('persons', memberships)],
    serviceUsers: [new Expression('^app_'), memberRule('services', memberships)],
    memberships,
  });

  test.each<[string, UserKind]>([
    ['kari', 'person'],
    ['both', 'person'],
    ['left', 'person'],
    ['gone', 'person'],
    ['dropped', 'person'],
    ['app', 'service'],
    ['app_web', 'service'],
    ['Z990001', 'person'],
    ['batch', 'other'],
    ['made-up', 'unknown'],
    ['', 'nobody'],
  ])('%j: %s', (user, kind) => {
    expect(users.kindOf(user, () => 0)).toBe(kind);
  });
});

const count = workOf(new URL('./work-cases.ts', import.meta.url));
afterAll(() => count.close());

test('a made-up name, on which a backtracking expression would never end, takes a few steps per character', async () => {
  const filter = new Filter(rulesOf('^(a+)+$'));
  for (let n = 0; n < 1000; n++) expect(kindOf(filter, `${'a'.repeat(50)}${n}`)).toBe('other');
  expect(await count('decide', '^(a+)+$', 'a'.repeat(50), 1000)).toBeLessThan(1000 * 54 * 200);
});
