/** docs/operations.md: every log code is in its table, and every link leads somewhere. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const PAGES = ['docs/operations.md', 'config/kubernetes/README.md', 'README.md'];

const rows = [
  ...read('docs/operations.md').matchAll(/^\| `([a-z-]+)` \| ([a-z, ]+) \| (.+) \| (.*?) ?\|$/gm),
].map(([, code = '', levels = '', meaning = '', action = '']) => ({
  code,
  levels: levels.split(', '),
  meaning,
  action: action.trim(),
}));

/** Without the problems that it sets, which have codes of their own. */
const telemetry = ['src/telemetry.ts', 'src/database-telemetry.ts', 'src/incidents.ts']
  .map(name => read(name).replaceAll(/#health\.set\([\s\S]*?\);/g, ''))
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

test('who must act is told what to do', () => {
  const urgent = rows.filter(({ levels }) => levels.some(level => level !== 'info'));
  expect(urgent.filter(({ action }) => action === '')).toEqual([]);
});

test.each(PAGES)('%s: links lead to files and sections that exist', page => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link);
  const broken = links.filter(link => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
  expect(broken).toEqual([]);
});

/** As GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
