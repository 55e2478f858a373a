/** Found events, or groups of them, as rows for a terminal of a given width. */

import { styleText } from 'node:util';
import type { RowValues } from '../../event/row.js';
import { parseJson } from '../../lib/json.js';
import { fitted, padded } from '../../lib/terminal-text.js';
import type { Zone } from '../../lib/zone.js';
import { textOf } from './asked-row.js';
import { objectsOf, personOf, type SearchedEvent, userOf } from './found-event.js';
import { differenceOf, type Group, type GroupKey } from './groups.js';
import type { Found } from './search.js';

const GAP = '  ';
const TIME = '2026-11-21 20:40:01'.length;
const COUNT = 9;
/** Of counts that are compared. */
const COMPARED = 12;

/** A column's share of the width, within limits; some only on a wide terminal. The statement gets the rest. */
const COLUMNS = [
  { title: 'person', share: 0.14, least: 8, most: 24 },
  { title: 'login role', share: 0.08, least: 8, most: 20, isWide: true },
  { title: 'database', share: 0.08, least: 6, most: 16 },
  { title: 'command', share: 0.09, least: 6, most: 16 },
  { title: 'object', share: 0.15, least: 8, most: 32 },
  { title: 'id', share: 0.16, least: 20, most: 40, isWide: true },
] as const;
const LEAST_STATEMENT = 10;
/** Columns of a terminal that has room for everything. */
const WIDE = 200;

type Style = Parameters<typeof styleText>[0];
type Cell = readonly [text: string, width: number, style: Style | null];

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly hasColors: boolean;
}

export class EventTable {
  readonly #options: TableOptions;
  readonly #zone: Zone;
  readonly #columns: readonly (typeof COLUMNS)[number][];
  readonly #widths: readonly number[];
  /** Rows of which something was cut off; each such cell ends with `…`. */
  cut = 0;

  constructor(zone: Zone, options: TableOptions) {
    this.#options = options;
    this.#zone = zone;
    this.#columns = COLUMNS.filter(column => !('isWide' in column) || options.width >= WIDE);
    const given = this.#columns.map(({ share, least, most }) =>
      Math.min(most, Math.max(least, Math.round(options.width * share))),
    );
    const taken = [TIME, ...given].reduce((sum, width) => sum + width + GAP.length, 0);
    this.#widths = [TIME, ...given, Math.max(LEAST_STATEMENT, options.width - taken)];
  }

  header(): string {
    const titles = [`time (${this.#zone.name})`, ...this.#columns.map(({ title }) => title), 'statement'];
    return this.#row(titles.map((title): [string, Style] => [title, 'bold'])).text;
  }

  row(found: Found): string {
    const { event, isGuess } = found;
    const { time, database } = event;
    const [command, statement] = contentOf(found);
    const cells: Readonly<Record<(typeof COLUMNS)[number]['title'], [text: string, style: Style | null]>> = {
      person: [personOf(event) ?? '', 'cyan'],
      'login role': [userOf(event) ?? '', null],
      database: [database ?? '', null],
      command: [command, styleOf(event)],
      object: [`${isGuess ? '~' : ''}${objectsOf(event).join(', ')}`, null],
      id: [event.id ?? '', 'dim'],
    };
    const { text, isCut } = this.#row([
      [this.#zone.text(Date.parse(time)), 'dim'],
      ...this.#columns.map(({ title }) => cells[title]),
      [statement, null],
    ]);
    if (isCut) this.cut += 1;
    return text;
  }

  #row(cells: readonly (readonly [text: string, style: Style | null])[]): Row {
    const sized = cells.map(([text, style], index): Cell => [text, this.#widths[index] ?? 0, style]);
    return toRow(sized, this.#options);
  }
}

export class GroupTable {
  readonly #keys: readonly GroupKey[];
  /** Names of the periods that are compared. */
  readonly #periods: readonly string[];
  readonly #options: TableOptions;
  cut = 0;

  constructor(keys: readonly GroupKey[], periods: readonly string[], options: TableOptions) {
    this.#keys = keys;
    this.#periods = periods;
    this.#options = options;
  }

  header(): string {
    const counts = this.#periods.length === 0 ? ['events'] : [...this.#periods, 'difference'];
    return this.#row(counts, this.#keys, 'bold').text;
  }

  row(group: Group): string {
    const { counts, values, name } = group;
    const texts = values.map((value, index) => {
      if (value === null) return '-';
      return this.#keys[index] === 'actor' && name !== null && name !== value ? `${name} (${value})` : value;
    });
    const numbers = this.#periods.length === 0 ? counts : [...counts, signed(differenceOf(group))];
    const { text, isCut } = this.#row(numbers.map(String), texts);
    if (isCut) this.cut += 1;
    return text;
  }

  #row(counts: readonly string[], texts: readonly string[], style: Style | null = null): Row {
    // Numbers are aligned right, before the first gap.
    const width = counts.length === 1 ? COUNT : COMPARED;
    const numbers = counts.map(count => count.padStart(width)).join('');
    const each = Math.floor((this.#options.width - numbers.length) / this.#keys.length) - GAP.length;
    const cells = texts.map((text): Cell => [text, Math.max(LEAST_STATEMENT, each), style]);
    const { text, isCut } = toRow(cells, this.#options);
    return { text: `${numbers}${GAP}${text}`, isCut };
  }
}

function signed(difference: number): string {
  return difference > 0 ? `+${difference}` : String(difference);
}

interface Row {
  readonly text: string;
  readonly isCut: boolean;
}

/** Cells side by side, the last one without padding. On a very narrow terminal, the row is longer than a line. */
function toRow(cells: readonly Cell[], { hasColors }: TableOptions): Row {
  let isCut = false;
  const written = cells.map(([text, width, style], index) => {
    const cell = fitted(text, width);
    isCut ||= cell.endsWith('…') && !text.trimEnd().endsWith('…');
    const filled = index === cells.length - 1 ? cell : padded(cell, width);
    return hasColors && style !== null ? styleText(style, filled, { validateStream: false }) : filled;
  });
  return { text: written.join(GAP).trimEnd(), isCut };
}

/** The contents of the columns command and statement. */
function contentOf({
  line,
  event,
  by,
}: Pick<Found, 'line' | 'event' | 'by'>): [command: string, statement: string] {
  const { kind, audit, suspect, failure, unaudited, alert, row } = event;
  if (audit !== undefined)
    return [audit.command, `${audit.statement ?? '(not logged)'}${parametersOf(audit.parameters)}`];
  if (row !== undefined) {
    const sql = by === undefined ? '' : ` by ${contentOf({ line, event: by })[1]}`;
    return [row.operation, `${changeOf(row)}${sql}`];
  }
  if (suspect !== undefined) return [kind, `${suspect.reason}: ${suspect.message}`];
  if (unaudited !== undefined) return [kind, unaudited.statement];
  if (alert !== undefined) return [kind, `${alert.rule}: ${alert.why}`];
  if (failure !== undefined) return [kind, `${failure.sqlState ?? 'rolled back'}: ${failure.statement}`];
  return [kind, JSON.stringify(Reflect.get(Object(parseJson(line)), kind)) ?? ''];
}

/** `id=4: saldo "1.00" → "2.00"`; of a row that is new, or gone, what it has besides its key. */
function changeOf({ key, old, new: after }: NonNullable<SearchedEvent['row']>): string {
  const names = Object.keys({ ...old, ...after }).filter(
    name => !isIn(key, name) || (isIn(old, name) && isIn(after, name)),
  );
  const values = (name: string): string[] =>
    [old, after].filter(some => isIn(some, name)).map(some => JSON.stringify(some?.[name]));
  const changes = names.map(name => `${name} ${values(name).join(' → ')}`);
  const named = Object.entries(key ?? {}).map(([name, value]) => `${name}=${textOf(value)}`);
  return `${named.join(' ')}${named.length > 0 && changes.length > 0 ? ': ' : ''}${changes.join(', ')}`;
}

function isIn(values: RowValues | null | undefined, name: string): boolean {
  return values != null && Object.hasOwn(values, name);
}

function parametersOf(parameters: readonly string[] | null): string {
  if (parameters === null || parameters.length === 0) return '';
  return ` (${parameters.map((value, index) => `$${index + 1} = ${value}`).join(', ')})`;
}

function styleOf({ kind, audit }: SearchedEvent): Style {
  if (['suspect', 'gap', 'unaudited', 'alert'].includes(kind)) return 'red';
  return audit?.class === 'DDL' || audit?.class === 'ROLE' ? 'yellow' : 'green';
}
