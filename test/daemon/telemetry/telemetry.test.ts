import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Health } from '../../../src/daemon/health.js';
import { createMetrics, nameServer, render } from '../../../src/daemon/metrics.js';
import { Telemetry } from '../../../src/daemon/telemetry/telemetry.js';
import { ShipperError } from '../../../src/lib/errors.js';

function fixture() {
  const lines: string[] = [];
  const [health, metrics] = [new Health(), createMetrics()];
  const telemetry = new Telemetry(pino({}, { write: line => void lines.push(line) }), metrics, health);
  telemetry.started('1', 'host', 'own state');
  lines.length = 0;
  return { telemetry, lines, health, metrics };
}

test("a library's error is logged by its code and place, never by its message (I8)", () => {
  const { telemetry, lines } = fixture();
  telemetry.failed(Object.assign(new Error('UPDATE secret'), { code: 'EWHATEVER' }));
  telemetry.deliveryFailed('logging', new SyntaxError('UPDATE secret'), 1, 0, 100);
  telemetry.directoryFailed('/people.csv', new Error('UPDATE secret'));
  expect(lines.join('')).not.toContain('secret');
  expect(lines.join('')).toContain('EWHATEVER');
  expect(lines.join('')).toContain('telemetry.test.ts');
});

test('our own errors say what to do', () => {
  const { telemetry, lines } = fixture();
  telemetry.failed(new ShipperError('x', 'give it another folder'));
  expect(lines[0]).toContain('give it another folder');
});

test('a user that no rule matches is named once, and the list has a limit', () => {
  const { telemetry, lines } = fixture();
  for (const user of ['a', 'b', 'a', 'b']) telemetry.otherUser(user, false);
  expect(lines).toHaveLength(2);
  for (let n = 0; n < 5000; n++) telemetry.otherUser(`user ${n}`, false);
  expect(lines).toHaveLength(1000);
});

test('deliveries that keep failing become errors', () => {
  const { telemetry, lines } = fixture();
  for (const seconds of [0, 1, 29, 30, 3600])
    telemetry.deliveryFailed('archive', { code: 503 }, 1, seconds * 1000, 100);
  expect(lines.map(line => JSON.parse(line).level)).toEqual([40, 40, 40, 50, 50]);
});

test('before the first look, metrics say neither that all is well nor that it is not', async () => {
  const text = await createMetrics().registry.metrics();
  expect(text).toMatch(/^pgaudit_shipper_source_readable nan$/im);
  expect(text).toMatch(/^pgaudit_shipper_journal_last_seal_timestamp_seconds nan$/im);
  expect(text).toContain('\npgaudit_shipper_suspects_total{reason="context"} 0\n');
  expect(text).toContain('\npgaudit_shipper_gaps_total{reason="missing-lines"} 0\n');
});

test('each series names the server; one of several servers keeps its own name', async () => {
  const { metrics } = fixture();
  metrics.instanceFailing.set({ audit_instance: 'billing' }, 1);
  nameServer(metrics, 'orders', 'pg-0');
  const series = (await render(metrics)).split('\n').filter(line => /^\w/.test(line));
  expect(series.length).toBeGreaterThan(50);
  expect(series.filter(line => !/[{,]audit_instance="orders",node="pg-0"[,}]/.test(line))).toEqual([
    'pgaudit_shipper_source_instance_failing{audit_instance="billing",node="pg-0"} 1',
  ]);
});

test('a problem makes it not ready as long as it lasts', () => {
  const { telemetry, health } = fixture();
  telemetry.started('1', 'i', 'new');
  telemetry.sourceFaults([{ path: '/log', code: 'EACCES' }]);
  telemetry.commitFailed('ENOSPC');
  expect(health.hindrances).toEqual([
    "source: /log: no permission: give it to the shipper's user",
    'journal: cannot be written: the disk is full',
  ]);
  telemetry.sourceFaults([]);
  telemetry.commitRecovered();
  expect(health.hindrances).toEqual([]);
});

test('what is fixed at one of several servers is not fixed at the other; both together make the totals', async () => {
  const { telemetry, lines, health, metrics } = fixture();
  const [a, b] = [telemetry.ofSource('a'), telemetry.ofSource('b')];
  const metric = async (name: string): Promise<string | undefined> =>
    (await render(metrics)).split('\n').find(line => line.startsWith(`pgaudit_shipper_${name} `));
  for (const one of [a, b]) {
    one.sourceFaults([{ path: '/x', code: 'EACCES' }]);
    one.catalogFailed(new ShipperError('x', 'fix it'));
    one.otherUser('somebody', false);
  }
  a.sourceFaults([]);
  a.catalogLoaded(3);
  expect(health.hindrances).toEqual(["source b: /x: no permission: give it to the shipper's user"]);
  expect(await metric('source_readable')).toBe('pgaudit_shipper_source_readable 0');
  expect(await metric('catalog_failing')).toBe('pgaudit_shipper_catalog_failing 1');
  b.sourceFaults([]);
  b.catalogLoaded(4);
  expect(health.hindrances).toEqual([]);
  expect(await metric('source_readable')).toBe('pgaudit_shipper_source_readable 1');
  expect(await metric('catalog_failing')).toBe('pgaudit_shipper_catalog_failing 0');
  expect(await metric('catalog_roles')).toBe('pgaudit_shipper_catalog_roles 7');
  expect(telemetry.unknownUsers).toBe(2);
  expect(lines.map(line => JSON.parse(line).source)).toEqual([...'aaabbbaabb']);
});

test('a server whose log fails again and again is named once, until it is read', () => {
  const { telemetry, lines, health } = fixture();
  const one = telemetry.ofSource('a');
  const failed = (): void => one.sourceFailed(Object.assign(new Error('UPDATE secret'), { code: 'EIO' }));
  for (let time = 0; time < 3; time++) failed();
  // A look at its files is not a look at their content.
  one.sourceFaults([]);
  expect(health.hindrances).toEqual(['source a reading: fails, and is retried: the disk fails']);
  one.sourceReads();
  one.sourceReads();
  expect(health.hindrances).toEqual([]);
  failed();
  const codes = lines.map(line => JSON.parse(line).code);
  expect(codes).toEqual(['source-failed', 'source-readable', 'source-recovered', 'source-failed']);
  expect(lines.join('')).not.toContain('secret');
});

test('a change of settings is logged with setting, role and values, up to a limit', () => {
  const { telemetry, lines } = fixture();
  const change = { what: 'setting', name: 'pgaudit.log', role: 'kari', before: 'write' } as const;
  telemetry.settingsChanged(Array.from({ length: 500 }, () => ({ ...change, after: 'x'.repeat(10_000) })));
  const { count, changes } = JSON.parse(lines[0] ?? '');
  expect([count, changes.length]).toEqual([500, 20]);
  expect(changes[0]).toEqual({ ...change, after: 'x'.repeat(200) });
});

test('a database that cannot be queried is one problem, until it answers everything', async () => {
  const { telemetry, health } = fixture();
  const codes = (): string[] => health.problems.map(({ code }) => code);
  const nobody = { unaudited: { count: 0, names: [] }, problems: [] };
  telemetry.catalogFailed(new ShipperError('28P01', 'x'));
  telemetry.settingsFailed(new ShipperError('ECONNREFUSED', 'x'));
  expect(codes()).toEqual(['database-unreachable']);
  expect(health.hindrances).toEqual([]);
  telemetry.settingsChecked(nobody);
  expect(health.problems[0]?.fix).toContain('allow it in pg_hba.conf');
  telemetry.catalogLoaded(3);
  expect(codes()).toEqual([]);
});

test('persons who are not audited are named in the log once, and counted until they are', async () => {
  const { telemetry, lines, health, metrics } = fixture();
  const orders = telemetry.ofSource('orders');
  const problem = { code: 'not-audited', what: '1 of 2', fix: 'fix it' } as const;
  expect(await render(metrics)).toMatch(/^pgaudit_shipper_unaudited_roles nan$/im);
  for (const count of [1, 2])
    orders.settingsChecked({ unaudited: { count, names: ['kari'] }, problems: [problem] });
  telemetry.settingsChecked({ unaudited: { count: 3, names: [] }, problems: [] });
  expect(health.problems).toMatchObject([{ part: 'audit orders', code: 'not-audited' }]);
  expect(await render(metrics)).toContain('\npgaudit_shipper_unaudited_roles 5\n');
  orders.settingsChecked({ unaudited: { count: 0, names: [] }, problems: [] });
  expect(lines.map(line => JSON.parse(line))).toMatchObject([
    { code: 'problem', problem: 'not-audited', roles: ['kari'], source: 'orders' },
    { code: 'problem-solved', problem: 'not-audited', source: 'orders' },
  ]);
  expect(health.problems).toEqual([]);
});

test('a history of rows that can be read, and whose triggers cannot be looked at, is a problem (I12)', () => {
  const { telemetry, health } = fixture();
  const codes = (): string[] => health.problems.map(({ part, code }) => `${part}: ${code}`);
  telemetry.rowsFailed(new ShipperError('ECONNREFUSED', 'x'));
  telemetry.rowsUnwatched(new ShipperError('42501', 'x'));
  telemetry.rowsReadUntil(Date.now());
  expect(codes()).toEqual(['rows-look: rows-unreadable']);
  telemetry.rowsElsewhere();
  expect(codes()).toEqual([]);
});

test('a problem with rows that an earlier run had is over at the first look that finds none', () => {
  const { telemetry, health } = fixture();
  health.recall(
    [{ part: 'rows', code: 'rows-unreadable', since: '2026-01-01T00:00:00.000Z' }],
    () => undefined,
  );
  telemetry.rowsReadUntil(Date.now());
  expect(health.lasting).toEqual([]);
});
