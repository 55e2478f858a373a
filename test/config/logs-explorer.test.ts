/** The queries for Logs Explorer: every field that they name is in an entry that the shipper makes, with such a value. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Payload, toLogEntries } from '../../src/deliver/logging/log-entry.js';
import { rowEvent } from '../support/row-event.js';
import {
  alertOf,
  failureOf,
  gap,
  statement,
  suspectOf,
  unauditedOf,
  writeArchive,
} from '../support/search.js';
import { temporaryFolder } from '../support/temp.js';

const FOLDER = fileURLToPath(new URL('../../config/logs-explorer', import.meta.url));
const queries = readdirSync(FOLDER)
  .filter(name => name !== 'save-queries.sh')
  .map(name => [name, readFileSync(join(FOLDER, name), 'utf8')] as const);

/** What each question is about, and some more. */
async function entries(payload: Payload): Promise<object[]> {
  const konto = { objects: ['public.konto'], objectsFrom: 'pgaudit', objectName: 'public.konto' } as const;
  const one = statement({ audit: { ...konto, statement: 'UPDATE konto SET a = 1' } });
  const events = [
    one,
    failureOf(one),
    statement({ audit: { command: 'DELETE' } }),
    statement({ audit: { command: 'TRUNCATE TABLE' } }),
    statement({ audit: { class: 'ROLE', command: 'GRANT' } }),
    statement({ audit: { class: 'DDL', command: 'CREATE TABLE' } }),
    { ...one, id: `${one.id}0`, actor: { ...one.actor, status: 'unresolved' as const } },
    suspectOf(one, 'AUDIT: x'),
    gap('Z990001', '6b.1'),
    rowEvent({}),
    rowEvent({ operation: 'TRUNCATE', key: null }),
    unauditedOf(one),
    alertOf(one),
  ];
  const [object] = await writeArchive(null, [{ date: '2026-11-21', events }]);
  return (object?.lines ?? []).flatMap(line => toLogEntries(Buffer.from(line), payload));
}

interface Comparison {
  readonly path: readonly string[];
  readonly operator: string;
  readonly values: readonly string[];
}

/** `path operator "value"`, or `path operator ("value" OR "value")`; comments too, if they hold one. */
function comparisonsIn(query: string): Comparison[] {
  const found = query.matchAll(/([a-zA-Z]+(?:\.[a-zA-Z]+)*)(=~|>=|<=|!=|=|:|>|<)(\([^)]*\)|"[^"]*"|[A-Z]+)/g);
  return [...found].map(([, path = '', operator = '', values = '']) => ({
    path: path.split('.'),
    operator,
    values: [...values.matchAll(/"([^"]*)"/g)].map(([, value = '']) => value),
  }));
}

function valuesAt(entry: object, path: readonly string[]): string[] {
  const value = path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), entry);
  return (Array.isArray(value) ? value : [value]).filter(one => one != null).map(String);
}

function isMet(actual: string, operator: string, value: string): boolean {
  if (operator === '=') return actual === value;
  if (operator === '!=') return actual !== value;
  if (operator === ':') return actual.includes(value);
  if (operator === '>=') return actual >= value;
  // RE2's sign for any case at the start.
  if (operator === '=~') return new RegExp(value.replace('(?i)', ''), 'i').test(actual);
  throw new Error(`${operator} is not known here`);
}

describe.each(queries)('%s', (name, query) => {
  test('names fields and values that entries have', async () => {
    const made = await entries('event');
    const comparisons = comparisonsIn(query);
    expect(comparisons.length).toBeGreaterThan(0);
    for (const { path, operator, values } of comparisons) {
      const actual = made.flatMap(entry => valuesAt(entry, path));
      for (const value of values) {
        const isFound = actual.some(one => isMet(one, operator, value));
        expect(isFound, `${path.join('.')}${operator}"${value}"`).toBe(true);
      }
    }
  });

  test('says what it finds, and has balanced brackets', () => {
    const code = query.replaceAll(/^--.*$/gm, '').replaceAll(/"[^"]*"/g, '');
    expect(query).toMatch(/^-- [A-Z]/);
    expect(code.split('(').length).toBe(code.split(')').length);
    expect(code).not.toMatch(/\b(and|or|not)\b/);
    expect(name).toMatch(/\.txt$/);
  });
});

test("the policy of Cloud Monitoring matches an alert's entry", async () => {
  const path = fileURLToPath(new URL('../../config/cloud-monitoring/alerts.json', import.meta.url));
  const { conditions, documentation } = JSON.parse(await readFile(path, 'utf8'));
  const [{ conditionMatchedLog }] = conditions;
  const { filter, labelExtractors }: { filter: string; labelExtractors: Record<string, string> } =
    conditionMatchedLog;
  const made = (await entries('event')).filter(entry => valuesAt(entry, ['labels', 'kind'])[0] === 'alert');
  expect(made).toHaveLength(1);
  const [logName, ...asked] = filter.split('\n');
  expect(logName).toMatch(/^logName="projects\/MY-PROJECT\/logs\/pgaudit"$/);
  for (const { path: member, operator, values } of comparisonsIn(asked.join('\n')))
    for (const value of values)
      expect(valuesAt(made[0] ?? {}, member).some(one => isMet(one, operator, value))).toBe(true);
  for (const [label, expression] of Object.entries(labelExtractors)) {
    expect(valuesAt(made[0] ?? {}, expression.slice('EXTRACT('.length, -1).split('.'))).toHaveLength(1);
    expect(documentation.content).toContain(`\${log.extracted_label.${label}}`);
  }
});

test('they are the questions that BigQuery is asked, too', () => {
  const inBigQuery = readdirSync(join(FOLDER, '../bigquery')).filter(name => !name.startsWith('create-'));
  const names = queries.map(([name]) => name.replace('.txt', ''));
  expect(inBigQuery.filter(name => !names.includes(name.replace('.sql', '')))).toEqual([]);
});

test('save-queries.sh saves each of them for everybody, of this log alone', async () => {
  const folder = await temporaryFolder();
  // Its arguments, each ended by NUL, each call by an empty one.
  const gcloud = '#!/bin/sh\nprintf "%s\\0" "$@" "" >>"$SAID"\n';
  await writeFile(join(folder, 'gcloud'), gcloud, { mode: 0o755 });
  const said = join(folder, 'said');
  const { status, stderr } = spawnSync('sh', [join(FOLDER, 'save-queries.sh')], {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env.PATH}`, SAID: said, PROJECT: 'team-prod' },
  });
  expect([status, stderr]).toEqual([0, '']);
  const calls = (await readFile(said, 'utf8'))
    .split('\0\0')
    .slice(0, -1)
    .map(call => call.split('\0'));
  expect(calls).toHaveLength(queries.length);
  for (const [index, [name, query]] of queries.entries()) {
    const call = calls[index] ?? [];
    expect(call.slice(0, 4)).toEqual(['logging', 'saved-queries', 'create', '--project=team-prod']);
    expect(call).toContain('--visibility=shared');
    expect(call).toContain(`--display-name=pgaudit: ${name.replace('.txt', '').replaceAll('-', ' ')}`);
    expect(call).toContain(`--log-filter=logName="projects/team-prod/logs/pgaudit"\n${query.trimEnd()}`);
    expect(call.find(one => one.startsWith('--description='))).toMatch(/^--description=[A-Z].+/);
  }
});

test('labels are the same with the payload of Nais', async () => {
  const labelsOf = (made: readonly object[]): unknown[] => made.map(entry => Reflect.get(entry, 'labels'));
  expect(labelsOf(await entries('nais'))).toHaveLength(14);
  expect(Object.keys(Object(labelsOf(await entries('nais'))[0]))).toEqual(
    Object.keys(Object(labelsOf(await entries('event'))[0])),
  );
});
