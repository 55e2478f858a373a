/** The page's commands find a login role whatever its name holds. */

import { expect, test } from 'vitest';
import { wildcard } from '../../src/archive/search/pattern.js';
import { harmless } from '../../src/lib/terminal-text.js';
import { objectOptions, personOptions, userOptions } from '../../src/report/person-options.js';

test.each(['Z990001', 'a b', "x'$(id)", '\u001b[31mred', 'x\ny', '\u202ea\u{e0001}b', '*', '\u0000'])(
  '%j',
  user => {
    const [option, pattern = ''] = userOptions(user);
    expect(option).toBe('--user');
    // What the page shows is what was meant.
    expect(harmless(pattern)).toBe(pattern);
    expect(wildcard(pattern)(user)).toBe(true);
  },
);

test('a role with plain characters is found alone', () => {
  expect(userOptions('Z990001')).toEqual(['--user', 'Z990001']);
});

test('an id that the page has to escape is not searched for: the login role is', () => {
  const person = { key: '', name: 'x', unit: null, isClaimed: false, isUnresolved: false };
  const kari = { ...person, id: 'kari@nav.no', user: 'Z990001' };
  expect(personOptions(kari)).toEqual(['--actor', 'kari@nav.no']);
  const hidden = { ...person, id: '\u200bkari@nav.no', user: '\u200bkari@nav.no' };
  expect(personOptions(hidden)).toEqual(['--user', '*kari@nav.no']);
});

test('so it is with an object: there are more of the person’s changes then, and never none', () => {
  expect(objectOptions('public."Å b"')).toEqual(['--object', 'public."Å b"']);
  expect(objectOptions('public."a\u202eb"')).toEqual([]);
  expect(objectOptions(null)).toEqual([]);
});
