/** One row, as somebody asks for its history: `konto id=4`, `public.konto region='Oslo og omegn' year=2026`. */

import type { RowValues } from '../../event/row.js';
import type { SearchedEvent } from './found-event.js';
import { AskedRelation } from './relation.js';

interface AskedValue {
  /** In lower case. */
  readonly column: string;
  readonly value: string;
}

export class AskedRow {
  readonly #relation: AskedRelation;
  readonly #values: readonly AskedValue[];

  private constructor(relation: AskedRelation, values: readonly AskedValue[]) {
    this.#relation = relation;
    this.#values = values;
  }

  /** `null` if it is not a table's name, with columns and their values behind it. */
  static parse(text: string): AskedRow | null {
    const [, table, rest = ''] = TABLE.exec(text.trim()) ?? [];
    if (table === undefined) return null;
    const values = [...rest.matchAll(PAIR)];
    if (values.map(([whole]) => whole).join('') !== rest) return null;
    return new AskedRow(new AskedRelation(table), values.map(askedValue));
  }

  /**
   * By the row's key; a column that is no part of it counts with its old and its new value. A TRUNCATE removes every row
   * of its table, and names none.
   */
  isOf(event: SearchedEvent): boolean {
    const { row } = event;
    if (row === undefined || this.#relation.matchOf(event) !== 'named') return false;
    if (row.operation === 'TRUNCATE') return true;
    const known = [row.key, row.old, row.new].flatMap(values => Object.entries(values ?? {}));
    return this.#values.every(asked => known.some(([column, value]) => isAsked(asked, column, value)));
  }
}

const NAME = '"(?:[^"]|"")+"|[^\\s".=]+';
const TABLE = new RegExp(`^((?:${NAME})(?:\\.(?:${NAME}))?)((?:\\s.*)?)$`, 's');
const PAIR = new RegExp(`\\s+(${NAME})=('(?:[^']|'')*'|(?:[^\\s']\\S*)?)(?!\\S)`, 'g');

function askedValue([, column = '', value = '']: RegExpExecArray): AskedValue {
  const name = column.startsWith('"') ? column.slice(1, -1).replaceAll('""', '"') : column;
  const text = value.startsWith("'") ? value.slice(1, -1).replaceAll("''", "'") : value;
  return { column: name.toLowerCase(), value: text };
}

function isAsked(asked: AskedValue, column: string, value: RowValues[string]): boolean {
  return column.toLowerCase() === asked.column && textOf(value) === asked.value;
}

/** As somebody would type it. */
export function textOf(value: RowValues[string]): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
