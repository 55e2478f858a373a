/** Found events, and groups of them, as columns for spreadsheets. */

import { differenceOf, type Group, type GroupKey } from '../../archive/search/groups.js';
import type { Found } from '../../archive/search/search.js';
import { parseJson } from '../../lib/json.js';
import { shownInSheet } from '../../lib/sheet-text.js';
import type { Zone } from '../../lib/zone.js';

/** A text, a number, or a time in milliseconds since the epoch at which clocks in UTC show it. */
export type Cell = string | number | { readonly wall: number } | null;

export interface Column {
  readonly title: string;
  /** In characters. */
  readonly width: number;
  readonly isTime?: true;
}

/** Rows of the same columns. */
export interface Sheet<T> {
  readonly columns: readonly Column[];
  cells(row: T): readonly Cell[];
}

/** Titles, members of the event, and widths; times and the person come before. */
const MEMBERS: readonly (readonly [title: string, path: string, width: number])[] = [
  ['person', 'actor.name', 24],
  ['login role', 'actor.user', 16],
  ['person id', 'actor.id', 12],
  ['e-mail', 'actor.email', 26],
  ['identity', 'actor.status', 11],
  ['instance', 'instance', 16],
  ['database', 'database', 12],
  ['kind', 'kind', 11],
  ['class', 'audit.class', 8],
  ['command', 'audit.command', 16],
  ['objects', 'audit.objects', 28],
  ['object by pgAudit', 'audit.objectName', 28],
  ['objects from', 'audit.objectsFrom', 12],
  ['statement', 'audit.statement', 80],
  ['parameters', 'audit.parameters', 30],
  ['rows', 'audit.rows', 8],
  ['client', 'session.client', 16],
  ['application', 'session.application', 16],
  ['session', 'session.id', 16],
  ['transaction', 'session.virtualTransactionId', 12],
  ['id', 'id', 40],
];

/** Kinds whose own member is not in the columns. */
const IN_COLUMNS = 'statement';

export function eventSheet(zone: Zone): Sheet<Found> {
  const columns: Column[] = [
    { title: `time (${zone.name})`, width: 23, isTime: true },
    { title: 'time (UTC)', width: 23, isTime: true },
    ...MEMBERS.map(([title, , width]) => ({ title, width })),
    { title: 'guess', width: 6 },
    { title: 'details', width: 40 },
    { title: 'archive object', width: 60 },
  ];
  return {
    columns,
    cells({ line, object, isGuess, by }) {
      const event = withRow(parseJson(line), by);
      const at = Date.parse(String(valueAt(event, 'time')));
      const kind = String(valueAt(event, 'kind'));
      const details = kind === IN_COLUMNS ? null : valueAt(event, kind);
      return [
        { wall: zone.wall(at) },
        { wall: at },
        ...MEMBERS.map(([, path]) => toCell(valueAt(event, path), path)),
        isGuess ? '~' : null,
        details === null ? null : shownInSheet(JSON.stringify(details)),
        shownInSheet(object.path),
      ];
    },
  };
}

/** A row's event with what a statement's has in the same columns. */
function withRow(event: unknown, by: Found['by']): unknown {
  const row = valueAt(event, 'row');
  if (row === null) return event;
  const audit = { command: valueAt(row, 'operation'), objects: [valueAt(row, 'table')], ...textsOf(by) };
  return { ...Object(event), audit };
}

function textsOf(by: Found['by']): object {
  const { statement, parameters } = by?.audit ?? {};
  return { statement, parameters };
}

export function groupSheet(keys: readonly GroupKey[], periods: readonly string[]): Sheet<Group> {
  const counts = periods.length === 0 ? ['events'] : [...periods, 'difference'];
  const hasName = keys.includes('actor');
  const columns = [
    ...counts.map(title => ({ title, width: 12 })),
    ...keys.map(title => ({ title, width: 28 })),
    ...(hasName ? [{ title: 'name', width: 24 }] : []),
  ];
  return {
    columns,
    cells: group => [
      ...group.counts,
      ...(periods.length === 0 ? [] : [differenceOf(group)]),
      ...group.values.map(value => (value === null ? null : shownInSheet(value))),
      ...(hasName ? [group.name === null ? null : shownInSheet(group.name)] : []),
    ],
  };
}

function valueAt(event: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), event) ?? null;
}

function toCell(value: unknown, path: string): Cell {
  if (value === null || typeof value === 'number') return value;
  if (Array.isArray(value) && path === 'audit.objects') return shownInSheet(value.join(', '));
  return shownInSheet(typeof value === 'string' ? value : JSON.stringify(value));
}
