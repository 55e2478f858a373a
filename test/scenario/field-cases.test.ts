/** Logs from the field that once came out wrong (test/fixtures/cases). */

import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { ArchivedEvent } from '../support/archive.js';
import { archived, type Ended, runOnce, type Settings, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const CASES = fileURLToPath(new URL('../fixtures/cases/', import.meta.url));

interface Came extends Ended {
  readonly events: readonly ArchivedEvent[];
  of(kind: string): ArchivedEvent[];
}

/** What comes of these files, in this order. */
async function shipped(names: readonly string[], more: Settings = {}): Promise<Came> {
  const folder = await temporaryFolder();
  for (const name of names) await copyFile(join(CASES, name), join(folder, name));
  const files = [join(folder, '*.csv'), join(folder, '*.log'), join(folder, '*.json')];
  const ended = await runOnce(folder, { ...settings(folder, files), ...more });
  const events = await archived(folder);
  return { ...ended, events, of: kind => events.filter(event => event.kind === kind) };
}

const FILTER = { personalUsers: ['^[A-Z]\\d{6}$'], serviceUsers: ['^app'] };

describe('a process without a user', () => {
  test('is shipped, as nobody, with what kind of process it is', async () => {
    const { of } = await shipped(['background-worker-no-user.csv']);
    expect(of('statement')).toMatchObject([
      {
        actor: { user: '', status: 'unresolved', resolvedBy: [] },
        session: { backendType: 'pg_cron' },
        audit: { statement: 'insert into jobs(n) values (1)' },
      },
    ]);
  });

  test('is not where that was said', async () => {
    const { of } = await shipped(['background-worker-no-user.csv'], {
      filter: { ...FILTER, backgroundWorkers: 'drop' },
    });
    expect(of('statement')).toEqual([]);
    expect(of('seal')[0]?.seal?.records.dropped).toEqual({ 'background-worker': 1 });
  });
});

describe('what became of a statement', () => {
  test('a rollback is told beside its own record, where misc is shipped', async () => {
    const { of } = await shipped(['rollback-with-misc.csv'], {
      filter: { ...FILTER, classes: ['write', 'misc'] },
    });
    expect(of('statement').map(({ audit }) => audit?.command)).toEqual(['BEGIN', 'DELETE', 'ROLLBACK']);
    expect(of('failure').map(({ failure }) => failure)).toEqual([
      { statement: 'samples/6b0c0001.66/2', sqlState: null, outcome: 'undone' },
    ]);
  });

  test('a session that ends inside a transaction takes its statements along', async () => {
    const { of } = await shipped(['open-transaction-disconnect.csv']);
    expect(of('failure').map(({ failure }) => failure)).toEqual([
      { statement: 'samples/6b0c0001.69/2', sqlState: null, outcome: 'undone' },
    ]);
  });
});

test('each of the statements of one string names its own relation', async () => {
  const { of } = await shipped(['compound-objects.csv']);
  expect(of('statement').map(({ audit }) => [audit?.command, audit?.objects, audit?.objectsFrom])).toEqual([
    ['INSERT', ['a'], 'parsed'],
    ['UPDATE', ['b'], 'parsed'],
    ['DELETE', ['c'], 'parsed'],
  ]);
});
