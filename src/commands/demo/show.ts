/** How the demo prints: one line for what was done, one for what came of it. */

import { inspect, styleText } from 'node:util';
import type { LogEntry } from '../../deliver/destination.js';
import type { Step } from './workload.js';

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function heading(text: string): void {
  say(`\n${styleText('bold', text)}`);
}

export function showStep({ who, user, sql, parameters, note }: Step): void {
  const oneLine = sql.replaceAll(/\s+/g, ' ');
  const values =
    parameters === undefined
      ? ''
      : `  ${inspect(parameters, { compact: true, breakLength: Number.POSITIVE_INFINITY })}`;
  say(`\n  ${styleText('dim', note)}`);
  say(`  ${who.padEnd(8)} ${styleText('cyan', user.padEnd(20))} ${oneLine}${values}`);
}

export function showShipped(entries: readonly LogEntry[], milliseconds: number): void {
  for (const { jsonPayload } of entries) {
    const { kind, actor, audit, suspect } = describe(jsonPayload);
    const what =
      kind === 'suspect' ? styleText('red', `suspect (${suspect})`) : styleText('green', `shipped ${audit}`);
    outcome(`${what} by ${actor}, after ${milliseconds} ms`);
  }
}

export function showDropped(reason: string): void {
  outcome(styleText('yellow', reason));
}

function outcome(text: string): void {
  say(`  ${' '.repeat(29)} → ${text}`);
}

/** Events come from our own journal, whose shape is known; here they are only looked at. */
function describe(payload: LogEntry['jsonPayload']): {
  kind: string;
  actor: string;
  audit: string;
  suspect: string;
} {
  const text = (path: readonly string[]): string => {
    let value: unknown = payload;
    for (const key of path)
      value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  const name = text(['actor', 'name']) || text(['actor', 'user']);
  const unit = text(['actor', 'unit']);
  return {
    kind: text(['kind']),
    actor: unit ? `${name}, unit ${unit}` : name,
    audit: `${text(['audit', 'class'])} ${text(['audit', 'command'])}`,
    suspect: text(['suspect', 'reason']),
  };
}
