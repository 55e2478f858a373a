/** Found events with everything that they hold, for reading. */

import type { Found } from '../../archive/search/search.js';
import { parseJson } from '../../lib/json.js';
import { harmless, harmlessLines } from '../../lib/terminal-text.js';
import type { Zone } from '../../lib/zone.js';

/** Lines of one value. A statement of nothing but newlines would be larger than a text can be. */
const MOST_LINES = 100_000;
const LABEL = 'session.virtualTransactionId'.length;

/** Each member on a line of its own; a text of several lines is marked on each, so that none passes for a member. */
export function longForm({ line, object, isGuess, by }: Found, zone: Zone): string {
  const event = parseJson(line);
  const at = Date.parse(String(Reflect.get(Object(event), 'time')));
  const members: (readonly [label: string, value: string])[] = [
    [`time (${zone.name})`, zone.text(at)],
    ...membersOf(event, ''),
    ...statementOf(by),
    ['archive object', object.path],
    ...(isGuess ? [['guess', 'it is not certain that this is what was asked for'] as const] : []),
  ];
  return `${members.map(([label, value]) => labelled(label, value)).join('\n')}\n`;
}

/** What changed a row. */
function statementOf(by: Found['by']): (readonly [label: string, value: string])[] {
  const { statement = null, parameters = null } = by?.audit ?? {};
  return [
    ...(statement === null ? [] : [['statement', statement] as const]),
    ...(parameters ?? []).map((value, index) => [`parameter $${index + 1}`, value] as const),
  ];
}

/** Groups, with a line for each value. */
export function longValues(values: Readonly<Record<string, unknown>>): string {
  return `${membersOf(values, '')
    .map(([label, value]) => labelled(label, value))
    .join('\n')}\n`;
}

function membersOf(value: unknown, path: string): (readonly [string, string])[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, index) => membersOf(item, `${path}[${index + 1}]`));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, written(value)]];
  return Object.entries(value).flatMap(([key, inner]) =>
    membersOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function labelled(label: string, value: string): string {
  const lines = harmlessLines(value).split('\n');
  const name = harmless(label).padEnd(LABEL);
  const margin = `${' '.repeat(LABEL)} | `;
  if (lines.length === 1) return `${name}  ${lines[0] ?? ''}`;
  const shown = lines.slice(0, MOST_LINES).map(one => margin + one);
  if (lines.length > MOST_LINES)
    shown.push(`${' '.repeat(LABEL)}  ... ${lines.length - MOST_LINES} more lines: --format json has them`);
  return `${name}\n${shown.join('\n')}`;
}
