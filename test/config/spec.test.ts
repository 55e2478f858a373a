/** SPEC.md names the tests that hold each promise: every file that it names exists, with the titles that it quotes. */

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
/** A test file, a glob or a folder in backticks, and the titles quoted after it. */
const NAMED = /`([\w/*.-]+(?:\.ts|\.pml|\/))`((?:,? "[^"]+")*)/g;

const named = [...readFileSync(`${TESTS}SPEC.md`, 'utf8').matchAll(NAMED)].map(
  ([, path = '', titles = '']) => ({
    path,
    titles: [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title),
  }),
);

test.each([...new Set(named.map(({ path }) => path))])('%s exists', path => {
  expect(globSync(path, { cwd: TESTS })).not.toEqual([]);
});

test.each(named.filter(({ titles }) => titles.length > 0))(
  '$path has the titles $titles',
  ({ path, titles }) => {
    const texts = globSync(path, { cwd: TESTS }).map(name => readFileSync(`${TESTS}${name}`, 'utf8'));
    expect(titles.filter(title => !texts.some(text => text.includes(title)))).toEqual([]);
  },
);
