/** The demo's output: one line for each step, and one for its outcome. */

import { inspect, styleText } from 'node:util';
import type { LogEntry } from '../src/deliver/destination.js';
import type { Outcome, Step } from './workload.js';

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function heading(text: string): void {
  say(`\n${styleText('bold', text)}`);
}

export function showStep({ who, user, sql, parameters, note }: Step): void {
  const values =
    parameters === undefined ? '' : `  ${inspect(parameters, { breakLength: Number.POSITIVE_INFINITY })}`;
  say(`\n  ${styleText('dim', note)}`);
  say(`  ${who.padEnd(8)} ${styleText('cyan', user.padEnd(20))} ${oneLine(sql)}${values}`);
}

/** A log entry in one line. */
export function showEntry({ labels, jsonPayload }: LogEntry, after = ''): void {
  const text = (...path: readonly string[]): string => {
    const value = path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), jsonPayload);
    return typeof value === 'string' ? value : '';
  };
  const unit = text('actor', 'unit');
  const who = `${text('actor', 'name') || text('actor', 'user')}${unit && `, unit ${unit}`}`;
  const what =
    labels.kind === 'suspect'
      ? styleText('red', `suspect (${text('suspect', 'reason')})`)
      : styleText('green', `shipped ${text('audit', 'class')} ${text('audit', 'command')}`);
  answer(`${what} by ${who}${after}`);
}

export function showDropped(outcome: Outcome): void {
  const what =
    outcome === 'not logged' ? 'pgAudit logs nothing, so nothing is shipped' : `dropped: ${outcome}`;
  answer(styleText('yellow', what));
}

export function showWrong(outcome: Outcome, expected: Outcome): void {
  answer(styleText('red', `WRONG: expected "${expected}", but got "${outcome}"`));
}

export function oneLine(sql: string): string {
  return sql.replaceAll(/\s+/g, ' ');
}

function answer(text: string): void {
  say(`  ${' '.repeat(29)} → ${text}`);
}
