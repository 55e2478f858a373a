/** config/prometheus/alerts.yaml: each alert fires when it should, keeps quiet else, and says what to do. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { exposed, namesIn, unknownIn } from '../support/exposed.js';
import { checkRules, type Expectation, type Series, testRules } from '../support/promtool.js';
import { CASES } from './alerts.cases.js';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');
const { spec }: { spec: { groups: { name: string; rules: Alert[] }[] } } = parse(
  read('config/prometheus/alerts.yaml'),
);
const alerts = spec.groups.flatMap(({ rules }) => rules);
const series = exposed();

describe.each(alerts)('$alert', ({ alert, expr, labels, annotations }) => {
  test('asks for what the daemon exposes', () => {
    expect(unknownIn(expr, series)).toEqual([]);
  });

  test('says how bad it is, what follows, and what to do', () => {
    expect(['warning', 'critical']).toContain(labels.severity);
    expect(Object.keys(annotations)).toEqual(['summary', 'consequence', 'action', 'runbook_url']);
    const known = ['instance', ...namesIn(expr).flatMap(name => series.get(name) ?? [])];
    const used = [...(annotations.summary ?? '').matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    expect(known).toEqual(expect.arrayContaining(used));
  });

  test('has a section in docs/operations.md', () => {
    expect(annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    expect(read('docs/operations.md')).toContain(`\n### ${alert}\n`);
  });
});

test('docs/evidence.md names alerts and metrics that there are', () => {
  const table = read('docs/evidence.md');
  const named = [...table.matchAll(/`(PgauditShipper\w+)`/g)].map(([, name]) => name);
  expect(alerts.map(({ alert }) => alert)).toEqual(expect.arrayContaining(named));
  const metrics = [...table.matchAll(/`(\w+_(?:total|roles|seconds))`/g)].map(
    ([, name]) => `pgaudit_shipper_${name}`,
  );
  expect([...series.keys()]).toEqual(expect.arrayContaining(metrics));
});

test('each has cases, and no other', () => {
  expect(CASES.map(({ alert }) => alert)).toEqual(alerts.map(({ alert }) => alert));
});

describe('promtool', () => {
  test('can load them', async () => {
    expect(await checkRules(spec.groups)).toBe('');
  });

  test('lets each fire where it should, and keep quiet where it should', async () => {
    const ruleTests = alerts.map(rule => {
      const { fires = [], quiet = [], at = '150m' } = CASES.find(one => one.alert === rule.alert) ?? {};
      expect([fires.length, quiet.length]).not.toContain(0);
      const expression = `count(ALERTS{alertname="${rule.alert}",alertstate="firing"}) > bool 0`;
      const expecting =
        (isOne: boolean) =>
        (one: Series): Expectation => ({ series: ofTarget(one), expression, at, isOne });
      return { rule, expectations: [...fires.map(expecting(true)), ...quiet.map(expecting(false))] };
    });
    expect(await testRules(ruleTests)).toBe('');
  });

  test('would tell an alert that does not fire', async () => {
    const rule = { alert: 'Never', expr: 'vector(1) == 2' };
    const expectations = [{ series: {}, expression: 'ALERTS', at: '1m', isOne: true }];
    expect(await testRules([{ rule, expectations }])).toContain('ALERTS');
  });
});

/** Short names become those of one daemon's series. */
function ofTarget(one: Series): Series {
  return Object.fromEntries(
    Object.entries(one).map(([selector, values]) => {
      const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(selector) ?? [];
      const target = `job="pgaudit-shipper",instance="pg-0:8080"${labels && `,${labels}`}`;
      return [`${name === 'up' ? name : `pgaudit_shipper_${name}`}{${target}}`, values];
    }),
  );
}
