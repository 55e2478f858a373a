/** The pages for people: every log code is in its table, every link leads somewhere, and every page is linked to. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const DOCS = readdirSync(join(ROOT, 'docs'))
  .filter(name => name.endsWith('.md'))
  .map(name => `docs/${name}`);
const PAGES = [...DOCS, 'config/kubernetes/README.md', 'README.md'];

const rows = [
  ...read('docs/operations.md').matchAll(/^\| `([a-z-]+)` \| ([a-z, ]+) \| (.+) \| (.*?) ?\|$/gm),
].map(([, code = '', levels = '', meaning = '', action = '']) => ({
  code,
  levels: levels.split(', '),
  meaning,
  action: action.trim(),
}));

/** Without the problems that it sets, which have codes of their own. */
const telemetry = readdirSync(join(ROOT, 'src/daemon/telemetry'))
  .map(name => read(`src/daemon/telemetry/${name}`).replaceAll(/#health\.set\([\s\S]*?\);/g, ''))
  .join('');
const codes = [...new Set([...telemetry.matchAll(/\bcode: '([a-z-]+)'/g)].map(([, code = '']) => code))];
/** Where a code is logged at once; others choose their level. */
const logged = [...telemetry.matchAll(/#log\.(\w+)\(\s*\{\s*code: '([a-z-]+)'/g)].map(
  ([, level = '', code = '']) => ({ code, level }),
);

test('the table has every code, once, and no other', () => {
  expect(rows.map(({ code }) => code).sort()).toEqual(codes.toSorted());
});

test.each(Object.entries(Object.groupBy(logged, ({ code }) => code)))(
  '%s: the table says its levels, and no other',
  (code, at = []) => {
    const levels = [...new Set(at.map(({ level }) => level))].sort();
    expect(rows.find(row => row.code === code)?.levels.sort()).toEqual(levels);
  },
);

test('if somebody must act, the table says what to do', () => {
  const urgent = rows.filter(({ levels }) => levels.some(level => level !== 'info'));
  expect(urgent.filter(({ action }) => action === '')).toEqual([]);
});

test.each(PAGES)('%s: links lead to files and sections that exist', page => {
  const broken = linksOf(page).filter(link => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('the README leads to every page', () => {
  const targets = linksOf('README.md').map(link => normalize(link.split('#')[0] ?? ''));
  expect(DOCS.filter(page => !targets.includes(page))).toEqual([]);
});

/** Links and pictures within the project. */
function linksOf(page: string): string[] {
  return [...read(page).matchAll(/(?:\]\(|<img src=")(?!https?:)([^)"\s]+)[)"]/g)].map(
    ([, link = '']) => link,
  );
}

/** As GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
