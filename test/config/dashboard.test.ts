/** config/grafana/dashboard.json: a dashboard that Grafana can import, and whose every query finds something. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { exposed, namesIn, unknownIn } from '../support/exposed.js';
import { checkRules, testRules } from '../support/promtool.js';

const text = readFileSync(
  fileURLToPath(new URL('../../config/grafana/dashboard.json', import.meta.url)),
  'utf8',
);

const datasource = z.object({ type: z.literal('prometheus'), uid: z.literal('${' + 'datasource}') });
const position = z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() });
const target = z.object({
  refId: z.string().regex(/^[A-Z]$/),
  datasource,
  expr: z.string(),
  legendFormat: z.string(),
});

/** As far as Grafana's model (schemaVersion 39) is used. */
const panel = z.discriminatedUnion('type', [
  z.object({ type: z.literal('row'), id: z.int(), title: z.string(), gridPos: position }),
  z.object({
    type: z.enum(['timeseries', 'stat']),
    id: z.int(),
    title: z.string().min(1),
    description: z.string().min(1),
    gridPos: position,
    datasource,
    fieldConfig: z.object({ defaults: z.object({ unit: z.string() }), overrides: z.array(z.unknown()) }),
    options: z.object({}),
    targets: z.array(target).min(1),
  }),
]);

const dashboard = z
  .object({
    title: z.string(),
    uid: z.string(),
    schemaVersion: z.literal(39),
    time: z.object({ from: z.string(), to: z.string() }),
    annotations: z.object({
      list: z.array(z.object({ name: z.string(), datasource, expr: z.string(), titleFormat: z.string() })),
    }),
    templating: z.object({
      list: z.array(
        z.object({
          name: z.string(),
          type: z.string(),
          hide: z.number().optional(),
          allValue: z.string().optional(),
          query: z.union([z.string(), z.object({ query: z.string() })]),
        }),
      ),
    }),
    panels: z.array(panel),
  })
  .parse(JSON.parse(text));

const { panels, templating, annotations } = dashboard;
const graphs = panels.flatMap(one => (one.type === 'row' ? [] : [one]));
const queries = [
  ...graphs.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr }))),
  ...annotations.list.map(({ name, expr }) => ({ title: name, expr })),
];
const series = exposed();

test('has a row for each part', () => {
  const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  expect(rows).toEqual(['Source', 'Journal', 'Sinks', 'Identity', 'Security', 'Process']);
});

test('servers are chosen by the names that their configurations give them', () => {
  const [source, server, instance] = templating.list;
  expect([source?.name, server?.name, instance?.name]).toEqual(['datasource', 'server', 'instance']);
  const servers = 'label_values(pgaudit_shipper_covered_until_timestamp_seconds, audit_instance)';
  expect(server).toMatchObject({ query: { query: servers } });
  // The addresses of their daemons follow, unseen; all of them are not all that there are.
  const daemons = servers.replace(', audit_instance', '{audit_instance=~"$server"}, instance');
  expect(instance).toMatchObject({ query: { query: daemons }, hide: 2 });
  expect(instance?.allValue).toBeUndefined();
});

test('nothing is named by an address', () => {
  const shown = [
    ...graphs.flatMap(({ targets }) => targets.map(({ legendFormat }) => legendFormat)),
    ...annotations.list.map(({ titleFormat }) => titleFormat),
  ];
  expect(shown.filter(text => text.includes('{{instance}}'))).toEqual([]);
  expect(shown.filter(text => text.includes('{{audit_instance}}')).length).toBeGreaterThan(10);
});

test('panels have unique ids, and do not overlap', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = panels.flatMap(({ gridPos: { h, w, x, y } }) =>
    Array.from({ length: h * w }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
  );
  expect(new Set(taken).size).toBe(taken.length);
  expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
});

describe.each(queries)('$title: $expr', ({ expr }) => {
  test('asks for what the daemon exposes, of the chosen daemons', () => {
    expect(unknownIn(expr, series)).toEqual([]);
    expect(expr.split('instance=~"$instance"')).toHaveLength(
      (expr.match(/pgaudit_shipper_/g)?.length ?? 0) + 1,
    );
  });
});

test('each query that names servers finds them', async () => {
  const target = 'job="pgaudit-shipper",instance="pg-0:8080",audit_instance="orders",node="pg-0"';
  const named = graphs
    .flatMap(({ targets }) => targets)
    .filter(({ legendFormat }) => legendFormat.includes('{{audit_instance}}'));
  const ruleTests = named.map(({ expr }) => {
    const query = expr
      .replaceAll('$__rate_interval', '5m')
      .replaceAll('$instance', 'pg-0:8080')
      .replaceAll('$server', 'orders');
    const [name = ''] = namesIn(expr);
    return {
      rule: { record: 'dashboard:query', expr: query },
      expectations: [
        {
          series: { [`${name}{${target}}`]: '0+1x30' },
          expression: 'count(dashboard:query{audit_instance="orders",node="pg-0"})',
          at: '20m',
          isOne: true,
        },
      ],
    };
  });
  expect(await testRules(ruleTests)).toBe('');
});

test('every query is PromQL', async () => {
  const rules = queries.map(({ expr }, index) => ({
    record: `dashboard:query:${index}`,
    expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '6h'),
  }));
  expect(await checkRules([{ name: 'dashboard', rules }])).toBe('');
});
