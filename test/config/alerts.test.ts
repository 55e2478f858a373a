/** config/prometheus: each alert fires when it should, keeps quiet otherwise, and says which server, and what to do. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { exposed, namesIn, unknownIn } from '../support/exposed.js';
import { checkRules, type Expectation, type RuleTest, type Series, testRules } from '../support/promtool.js';
import { CASES, ORDERS } from './alerts.cases.js';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');
const { groups }: { groups: { name: string; rules: Alert[] }[] } = parse(
  read('config/prometheus/rules.yaml'),
);
const alerts = groups.flatMap(({ rules }) => rules);
const RUNBOOK = 'https://github.com/navikt/pgaudit-shipper/blob/main/docs/operations.md';
const series = exposed();
const TARGET = 'job="pgaudit-shipper",instance="pg-0:8080"';

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
    expect(used).toEqual(expect.arrayContaining(['audit_instance', 'node']));
  });

  test('has a section in docs/operations.md', () => {
    expect(annotations.runbook_url).toBe(`${RUNBOOK}#${alert.toLowerCase()}`);
    expect(read('docs/operations.md')).toContain(`\n### ${alert}\n`);
  });
});

test('alerts.yaml has the same for the operator', () => {
  // Else: node scripts/alerts.js
  expect(parse(read('config/prometheus/alerts.yaml')).spec).toEqual({ groups });
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
    expect(await checkRules(groups)).toBe('');
  });

  test('lets each fire where it should, and keep quiet where it should', async () => {
    const ruleTests = alerts.map(rule => {
      const found = CASES.find(one => one.alert === rule.alert);
      const { fires = [], quiet = [], at = '150m', names = ORDERS } = found ?? {};
      expect([fires.length, quiet.length]).not.toContain(0);
      const seen = fires.map(one => expecting(rule.alert, names, at, true, one));
      const unseen = quiet.map(one => expecting(rule.alert, '', at, false, one));
      return { rule, expectations: [...seen, ...unseen] };
    });
    expect(await testRules(ruleTests)).toBe('');
  });

  test('names the server that is meant, also of several that one daemon reads', async () => {
    const billing = 'audit_instance="billing",node="pg-0"';
    const ofSeveral = (alert: string, one: Series): RuleTest => ({
      rule: alerts.find(rule => rule.alert === alert) ?? {},
      expectations: [
        expecting(alert, billing, '150m', true, one),
        expecting(alert, ORDERS, '150m', false, one),
      ],
    });
    const tests = [
      ofSeveral('PgauditShipperSourceUnreadable', {
        'source_instance_failing{audit_instance="billing"}': '1x180',
        'source_instance_failing{audit_instance="orders"}': '0x180',
        source_readable: '0x180',
      }),
      ofSeveral('PgauditShipperSourceLag', {
        'source_instance_lag_bytes{audit_instance="billing"}': `${300 * 1024 ** 2}x180`,
        'source_instance_lag_bytes{audit_instance="orders"}': '0x180',
        source_lag_bytes: `${300 * 1024 ** 2}x180`,
      }),
      ofSeveral('PgauditShipperNotCovered', {
        'covered_until_timestamp_seconds{audit_instance="billing"}': '0x180',
      }),
    ];
    expect(await testRules(tests)).toBe('');
  });

  test('lets a daemon that Prometheus never saw be found by its address', async () => {
    const rule = alerts.find(({ alert }) => alert === 'PgauditShipperDown') ?? {};
    const expectation = expecting('PgauditShipperDown', 'instance="pg-0:8080"', '150m', true, {
      up: '0x180',
    });
    expect(await testRules([{ rule, expectations: [expectation] }])).toBe('');
  });

  test('would report an alert that does not fire', async () => {
    const rule = { alert: 'Never', expr: 'vector(1) == 2' };
    const expectations = [{ series: {}, expression: 'ALERTS', at: '1m', isOne: true }];
    expect(await testRules([{ rule, expectations }])).toContain('ALERTS');
  });
});

/** That one alert fires with these labels, or that none fires. */
function expecting(alert: string, labels: string, at: string, isOne: boolean, series: Series): Expectation {
  const firing = `ALERTS{alertname="${alert}",alertstate="firing"${labels && `,${labels}`}}`;
  return {
    series: ofTarget(series),
    expression: `count(${firing}) ${isOne ? '== bool 1' : '> bool 0'}`,
    at,
    isOne,
  };
}

/** Short names become those of one daemon's series, which name the server unless they do so themselves. */
function ofTarget(one: Series): Series {
  return Object.fromEntries(
    Object.entries(one).map(([selector, values]) => {
      const [name = '', own = ''] = selector.split(/[{}]/);
      if (name === 'up') return [`up{${TARGET}}`, values];
      const labels = new Map([...labelsIn(TARGET), ...labelsIn(ORDERS), ...labelsIn(own)]);
      return [`pgaudit_shipper_${name}{${[...labels].map(([label, value]) => `${label}=${value}`)}}`, values];
    }),
  );
}

function labelsIn(text: string): [string, string][] {
  return [...text.matchAll(/(\w+)=("[^"]*")/g)].map(([, label = '', value = '']) => [label, value]);
}
