/** What a terminal shows, and what it must never show: hostile SQL, hostile names. */

import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { EventTable, GroupTable } from '../../../src/archive/search/table.js';
import type { NewEvent } from '../../../src/event/event.js';
import { fitted, harmless, oneLine, widthOf } from '../../../src/lib/terminal-text.js';
import { Zone } from '../../../src/lib/zone.js';
import {
  failureOf,
  gap,
  searchAll,
  statement,
  storeOf,
  suspectOf,
  writeArchive,
} from '../../support/search.js';
import { workOf } from '../../support/work.js';

const count = workOf(new URL('./work-cases.ts', import.meta.url));
afterAll(() => count.close());

const ESC = '\u001b';
/** Columns that a table takes on a terminal that is narrower. */
const LEAST = 70;

async function rows(
  events: readonly NewEvent[],
  width = 120,
  query = {},
  hasColors = false,
): Promise<string[]> {
  const store = storeOf(await writeArchive(null, [{ date: '2026-11-21', events }]));
  const { found } = await searchAll(store, { kinds: ['statement'], ...query });
  const table = new EventTable(new Zone('UTC'), { width, hasColors });
  return [table.header(), ...found.map(one => table.row(one))];
}

describe('a table of events', () => {
  const konto = { objects: ['public.konto'], objectsFrom: 'pgaudit' } as const;

  test('says who did what, when and where, in a line each', async () => {
    const events = [
      statement({ audit: { statement: 'UPDATE konto\n\tSET saldo = 0', ...konto } }),
      statement({
        user: 'ola',
        name: 'Ola "Åge" Nordmann',
        database: null,
        audit: { class: 'DDL', command: 'DROP TABLE', objectName: 'public.gammel', statement: null },
      }),
    ];
    expect(await rows(events)).toEqual([
      'time (UTC)           person             database    command      object              statement',
      '2026-11-21 20:40:01  Kari Nordmann      hold        UPDATE       public.konto        UPDATE konto SET saldo = 0',
      '2026-11-21 20:40:01  Ola "Åge" Nordma…              DROP TABLE   public.gammel       (not logged)',
    ]);
  });

  test('has the login role, the id and the parameters on a wide terminal', async () => {
    const one = statement({ audit: { statement: 'UPDATE konto SET a = $1', parameters: ['x', ''] } });
    const [head = '', row = ''] = await rows([one], 240);
    expect(head).toMatch(/person +login role +database +command +object +id +statement$/);
    expect(row.split(/ {2,}/)).toEqual([
      '2026-11-21 20:40:01',
      'Kari Nordmann',
      'Z990001',
      'hold',
      'UPDATE',
      one.id,
      'UPDATE konto SET a = $1 ($1 = x, $2 = )',
    ]);
  });

  test('shows kinds other than statements', async () => {
    const one = statement();
    const found = await rows([suspectOf(one, 'AUDIT: x'), failureOf(one, null), gap('ola', '6b.1')], 140, {
      kinds: [],
    });
    expect(found.map(row => row.slice(43))).toEqual([
      'database     command        object                 statement',
      'hold         suspect                               context: AUDIT: x',
      `hold         failure                               rolled back: ${one.id}`,
      '             gap                                   {"reason":"missing-lines","user":"ola","sessi…',
      '             seal                                  {"reason":"age","firstSeq":1,"events":{},"rec…',
    ]);
  });

  test('marks a relation that is only guessed, and a person who is only claimed', async () => {
    const claimed = statement({ audit: { statement: 'DELETE FROM konto' } });
    const found = await rows([{ ...claimed, actor: { ...claimed.actor, status: 'claimed' } }], 120, {
      object: 'konto',
    });
    expect(found[1]).toContain('Kari Nordmann?');
    expect(found[1]).toContain('  ~  ');
  });

  test.each([60, 80, 81, 100, 120, 200, 400])('is no wider than a terminal of %i columns', async width => {
    const long = 'x'.repeat(1000);
    const events = [
      statement({ name: long, database: long, audit: { statement: long, objects: [long], command: long } }),
      statement({
        name: '漢'.repeat(99),
        audit: { statement: '漢字'.repeat(500), objects: ['漢'.repeat(99)] },
      }),
      statement({ audit: { statement: `${' '.repeat(10_000)}DROP TABLE konto` } }),
    ];
    for (const row of await rows(events, width))
      expect(widthOf(row)).toBeLessThanOrEqual(Math.max(width, LEAST));
    expect((await rows(events, width)).at(-1)).toContain('DROP TABL');
  });

  test('has colours only if they are asked for', async () => {
    const [plain, colored] = [await rows([statement()]), await rows([statement()], 120, {}, true)];
    expect(plain.join('\n')).not.toContain(ESC);
    expect(colored.join('\n')).toContain(ESC);
    expect(colored.map(row => stripVTControlCharacters(row).trimEnd())).toEqual(plain);
  });
});

test('a table of groups has the counts flush right, and both names of a person', () => {
  const table = new GroupTable(['actor', 'object'], [], { width: 80, hasColors: false });
  const groups = [
    { counts: [1200], values: ['Z990001', 'public.konto'], name: 'Kari Nordmann' },
    { counts: [7], values: [null, `x${ESC}[2J`], name: null },
  ];
  expect([table.header(), ...groups.map(group => table.row(group))]).toEqual([
    '   events  actor                              object',
    '     1200  Kari Nordmann (Z990001)            public.konto',
    '        7  -                                  x\\u001b[2J',
  ]);
});

/** Each would affect a terminal, or mislead its reader. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['clears the screen', `${ESC}[2J${ESC}[H`],
  ['sets the title', `${ESC}]0;pwned\u0007`],
  ['makes a link', `${ESC}]8;;http://evil\u0007click${ESC}]8;;\u0007`],
  ['asks the terminal to answer', `${ESC}[c${ESC}[6n`],
  ['writes over the line', 'DROP TABLE konto\rSELECT 1'],
  ['goes back', 'DROP\b\b\b\bSELECT'],
  ['uses the 8-bit forms', '\u009b2J\u009d0;x\u009c\u0090q\u009c'],
  ['deletes', 'a\u007fb'],
  ['rings', '\u0007\u0007'],
  ['makes lines', 'a\nb\r\nc\u2028d\u2029e\u0085f\u000bg\fh'],
  ['turns the direction', '\u202eELBAT PORD\u202c \u2066x\u2069 \u200fy\u061c'],
  ['is invisible', 'ko\u200bn\u200dt\u2060o\ufeff\u00ad\u{e0041}'],
  ['is half a character', '\ud83d x \ude00'],
  ['ends a string', `${ESC}\\${ESC}P+q544e${ESC}\\`],
];

describe('hostile text', () => {
  const steering = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

  test.each(HOSTILE)('that %s reaches no terminal, in any column', async (_what, text) => {
    const events: NewEvent[] = [
      statement({ name: text, database: text, audit: { statement: text, objects: [text], command: text } }),
      suspectOf(statement(), text),
      gap(text, text),
    ];
    for (const row of await rows(events, 200, { kinds: [] })) expect(row).not.toMatch(steering);
    const colored = await rows(events, 200, { kinds: [] }, true);
    for (const row of colored) expect(row.replaceAll(/\u001b\[\d+m/g, '')).not.toMatch(steering);
    const table = new GroupTable(['actor', 'object'], [], { width: 80, hasColors: false });
    expect(table.row({ counts: [1], values: [text, text], name: text })).not.toMatch(steering);
  });

  test('of any kind fits, and controls nothing', () => {
    const anything = fc.string({
      unit: fc.oneof(
        fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit)),
        fc.constantFrom(...HOSTILE.map(([, text]) => text)),
        fc.string({ unit: 'grapheme' }),
      ),
    });
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 40 }), (text, columns) => {
        const cell = fitted(text, columns);
        expect(cell).not.toMatch(steering);
        expect(widthOf(cell)).toBeLessThanOrEqual(columns);
        expect(oneLine(text)).not.toMatch(steering);
      }),
      { numRuns: 2000 },
    );
  });

  test('is shown as it is written in JSON, so that an auditor sees the attempt', () => {
    expect(oneLine(`a${ESC}[2Jb\u202ec\u{e0041}`)).toBe('a\\u001b[2Jb\\u202ec\\udb40\\udc41');
  });

  test('in a line of JSON means the same afterwards', () => {
    const value = {
      statement: HOSTILE.map(([, text]) => text)
        .filter(text => text.isWellFormed())
        .join(''),
    };
    const line = harmless(JSON.stringify(value));
    expect(line).not.toMatch(steering);
    expect(JSON.parse(line)).toEqual(value);
  });

  test('of piled-up marks stays in its line', () => {
    expect(oneLine(`z${'\u0301'.repeat(10_000)}algo`)).toBe(`z${'\u0301'.repeat(3)}algo`);
    expect(fitted(`z${'\u0301'.repeat(10_000)}algo`, 5).length).toBeLessThan(20);
  });

  test.each(['x', ' ', ESC, '\u0301', '漢', '\u202e ', '\ud83d'])(
    'of only %j, a hundred thousand times, is read a few times',
    async piece => {
      const text = piece.repeat(100_000);
      expect(widthOf(fitted(text, 40))).toBeLessThanOrEqual(40);
      expect(fitted(`${text}y`, 40)).toMatch(/y$|…$/u);
      expect(await count('fit', `${text}y`, 40)).toBeLessThan(text.length * 20);
    },
  );
});

test('what is longer than a cell ends with a sign that there is more', () => {
  expect(fitted('UPDATE konto', 12)).toBe('UPDATE konto');
  expect(fitted('UPDATE konto ', 12)).toBe('UPDATE konto');
  expect(fitted('UPDATE konto x', 12)).toBe('UPDATE kont…');
  expect(fitted('漢字漢字', 6)).toBe('漢字…');
});
