/** What `check` finds, in this process. */

import { vi } from 'vitest';
import { type CheckArguments, check } from '../../src/commands/check/check.js';
import { schema } from '../../src/config/schema.js';
import type { Settings } from './shipper.js';

export interface Row {
  readonly what: string;
  readonly status: string;
  readonly detail: string;
  readonly why: string | null;
  readonly fix: string | null;
}

export interface Checked {
  readonly code: number;
  readonly output: string;
  readonly findings: readonly Row[];
  /** `status what: detail → fix` of all that is not well. */
  readonly faults: readonly string[];
}

export async function runCheck(settings: Settings, options: CheckArguments = {}): Promise<Checked> {
  let output = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    output += String(chunk);
    return true;
  });
  try {
    const code = await check(schema.parse(JSON.parse(JSON.stringify(settings))), 'config.yaml', {
      json: true,
      // Whether root runs the tests or not: the finding is the same.
      user: 'tester',
      ...options,
    });
    const findings: Row[] = options.json === false ? [] : JSON.parse(output).findings;
    return { code, output, findings, faults: findings.filter(({ status }) => status !== 'ok').map(toText) };
  } finally {
    spy.mockRestore();
  }
}

export function toText({
  status,
  what,
  detail,
  fix,
}: Pick<Row, 'status' | 'what' | 'detail' | 'fix'>): string {
  return `${status} ${what}: ${detail} → ${fix}`;
}
