import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RoleGroups } from '../../src/lib/role-groups.js';

test('who is in which group, as all steps from a role to the next one show', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const granted = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)));
  fc.assert(
    fc.property(granted, pairs => {
      const roles = names.map(name => ({
        name,
        memberOf: pairs.flatMap(([member, group]) => (member === name && member !== group ? [group] : [])),
      }));
      const groups = new RoleGroups(roles);
      const steps = new Map(roles.map(({ name, memberOf }) => [name, memberOf]));
      // Warshall's algorithm: paths through the first role, then also through the second one, …
      const reaches = new Set(roles.flatMap(({ name }) => (steps.get(name) ?? []).map(to => `${name}${to}`)));
      for (const via of names)
        for (const from of names)
          for (const to of names)
            if (reaches.has(from + via) && reaches.has(via + to)) reaches.add(from + to);
      for (const from of names)
        for (const to of names.filter(name => name !== from))
          expect(groups.isIn(from, to)).toBe(reaches.has(from + to));
    }),
  );
});

test('100,000 groups, each in the next one', () => {
  const chain = Array.from({ length: 100_000 }, (_, n) => ({ name: `g${n}`, memberOf: [`g${n + 1}`] }));
  const groups = new RoleGroups(chain);
  expect(groups.within(['g100000']).size).toBe(100_001);
  expect([groups.isIn('g0', 'g100000'), groups.isIn('g100000', 'g0')]).toEqual([true, false]);
});
