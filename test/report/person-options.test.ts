/** The page's commands find a login role whatever its name holds. */

import { expect, test } from 'vitest';
import { wildcard } from '../../src/archive/search/pattern.js';
import { harmless } from '../../src/lib/terminal-text.js';
import { userOptions } from '../../src/report/person-options.js';

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
