/** Found events, or groups of them, as rows for a terminal of a given width. */

import { styleText } from 'node:util';
import { parseJson } from '../../lib/json.js';
import { fitted, padded } from '../../lib/terminal-text.js';
import { objectsOf, personOf, type SearchedEvent } from './found-event.js';
import type { Group, GroupKey } from './groups.js';
import type { Found } from './search.js';

const GAP = '  ';
const TIME = '2026-11-21 20:40:01'.length;
const COUNT = 9;

/** A column's share of the width, within limits. The statement gets the rest. */
const COLUMNS = [
  { title: 'person', share: 0.14, least: 8, most: 24 },
  { title: 'database', share: 0.08, least: 6, most: 16 },
  { title: 'command', share: 0.09, least: 6, most: 16 },
  { title: 'object', share: 0.15, least: 8, most: 32 },
] as const;
const LEAST_STATEMENT = 10;

type Style = Parameters<typeof styleText>[0];
type Cell = readonly [text: string, width: number, style: Style | null];

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly hasColors: boolean;
}

export class EventTable {
  readonly #options: TableOptions;
  readonly #widths: readonly number[];

  constructor(options: TableOptions) {
    this.#options = options;
    const given = COLUMNS.map(({ share, least, most }) =>
      Math.min(most, Math.max(least, Math.round(options.width * share))),
    );
    const taken = [TIME, ...given].reduce((sum, width) => sum + width + GAP.length, 0);
    this.#widths = [TIME, ...given, Math.max(LEAST_STATEMENT, options.width - taken)];
  }

  header(): string {
    const titles = ['time (UTC)', ...COLUMNS.map(({ title }) => title), 'statement'];
    return this.#row(titles.map((title): [string, Style] => [title, 'bold']));
  }

  row(found: Found): string {
    const { event, isGuess } = found;
    const { time, database } = event;
    const [command, statement] = contentOf(found);
    return this.#row([
      [time.slice(0, TIME).replace('T', ' '), 'dim'],
      [`${personOf(event) ?? ''}${event.actor?.status === 'claimed' ? '?' : ''}`, 'cyan'],
      [database ?? '', null],
      [command, styleOf(event)],
      [`${isGuess ? '~' : ''}${objectsOf(event).join(', ')}`, null],
      [statement, null],
    ]);
  }

  #row(cells: readonly (readonly [text: string, style: Style | null])[]): string {
    const sized = cells.map(([text, style], index): Cell => [text, this.#widths[index] ?? 0, style]);
    return toRow(sized, this.#options);
  }
}

export class GroupTable {
  readonly #keys: readonly GroupKey[];
  readonly #options: TableOptions;

  constructor(keys: readonly GroupKey[], options: TableOptions) {
    this.#keys = keys;
    this.#options = options;
  }

  header(): string {
    return this.#row('events', this.#keys, 'bold');
  }

  row({ count, values, name }: Group): string {
    const texts = values.map((value, index) => {
      if (value === null) return '-';
      return this.#keys[index] === 'actor' && name !== null && name !== value ? `${name} (${value})` : value;
    });
    return this.#row(String(count), texts);
  }

  #row(count: string, texts: readonly string[], style: Style | null = null): string {
    const width = Math.floor((this.#options.width - COUNT) / this.#keys.length) - GAP.length;
    const cells = texts.map((text): Cell => [text, Math.max(LEAST_STATEMENT, width), style]);
    // Numbers are aligned right, before the first gap.
    return `${count.padStart(COUNT)}${GAP}${toRow(cells, this.#options)}`;
  }
}

/** Cells side by side, the last one without padding. On a very narrow terminal, the row is longer than a line. */
function toRow(cells: readonly Cell[], { hasColors }: TableOptions): string {
  return cells
    .map(([text, width, style], index) => {
      const cell = fitted(text, width);
      const filled = index === cells.length - 1 ? cell : padded(cell, width);
      return hasColors && style !== null ? styleText(style, filled, { validateStream: false }) : filled;
    })
    .join(GAP)
    .trimEnd();
}

/** The contents of the columns command and statement. */
function contentOf({ line, event }: Found): [command: string, statement: string] {
  const { kind, audit, suspect, failure, unaudited } = event;
  if (audit !== undefined) return [audit.command, audit.statement ?? '(not logged)'];
  if (suspect !== undefined) return [kind, `${suspect.reason}: ${suspect.message}`];
  if (unaudited !== undefined) return [kind, unaudited.statement];
  if (failure !== undefined) return [kind, `${failure.sqlState ?? 'rolled back'}: ${failure.statement}`];
  return [kind, JSON.stringify(Reflect.get(Object(parseJson(line)), kind)) ?? ''];
}

function styleOf({ kind, audit }: SearchedEvent): Style {
  if (kind === 'suspect' || kind === 'gap' || kind === 'unaudited') return 'red';
  return audit?.class === 'DDL' || audit?.class === 'ROLE' ? 'yellow' : 'green';
}
