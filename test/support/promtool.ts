/** Prometheus' own tool for rules (`scripts/setup.js` installs it if apt has it). */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { temporaryFolder } from './temp.js';

const PLACES = [
  '/usr/bin/promtool',
  fileURLToPath(new URL('../../node_modules/.cache/promtool', import.meta.url)),
];

const promtool = PLACES.find(place => existsSync(place));

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly object[];
}

/** Series by their selectors; values in promtool's notation, a minute apart. */
export type Series = Readonly<Record<string, string>>;

/** The value of an expression at a time: a sample of value 1, or nothing. */
export interface Expectation {
  readonly series: Series;
  readonly expression: string;
  /** `150m` */
  readonly at: string;
  readonly isOne: boolean;
}

/** Checks that rules can be loaded; returns what is wrong, or ''. */
export async function checkRules(groups: readonly RuleGroup[]): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'rules.yaml'), stringify({ groups }));
  return run(['check', 'rules', '--lint=all', '--lint-fatal', join(folder, 'rules.yaml')]);
}

/** A rule, and what is expected of it. */
export interface RuleTest {
  readonly rule: object;
  readonly expectations: readonly Expectation[];
}

/** Runs each rule on made-up series; returns unexpected results, or ''. */
export async function testRules(ruleTests: readonly RuleTest[]): Promise<string> {
  const folder = await temporaryFolder();
  const files = ruleTests.map(async ({ rule, expectations }, index) => {
    const file = join(folder, `${index}.test.yaml`);
    await writeFile(
      join(folder, `${index}.yaml`),
      stringify({ groups: [{ name: 'rules', rules: [rule] }] }, { aliasDuplicateObjects: false }),
    );
    await writeFile(file, stringify({ rule_files: [`${index}.yaml`], tests: expectations.map(unitTest) }));
    return file;
  });
  return run(['test', 'rules', ...(await Promise.all(files))]);
}

function unitTest({ series, expression, at, isOne }: Expectation): object {
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([selector, values]) => ({ series: selector, values })),
    promql_expr_test: [
      { expr: expression, eval_time: at, exp_samples: isOne ? [{ labels: '{}', value: 1 }] : [] },
    ],
  };
}

/** Throws if there is no promtool: an alert that was not run is not tested. */
function run(args: readonly string[]): string {
  if (promtool === undefined)
    throw new Error('there is no promtool: `node scripts/setup.js` fetches it where apt has it');
  const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`;
}
