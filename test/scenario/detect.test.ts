/** What the rules of `detect` make of a log, from its file to the archive, with the real program. */

import { randomInt } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ArchivedEvent } from '../support/archive.js';
import { auditMessage, csvRecord } from '../support/csvlog.js';
import {
  archived,
  eventually,
  logged,
  oneSegment,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  settings,
  writeConfig,
} from '../support/shipper.js';
import { often } from '../support/soak.js';
import { temporaryFolder } from '../support/temp.js';

interface Done {
  readonly class?: string;
  readonly command?: string;
  readonly user?: string;
  /** UTC. */
  readonly at?: string;
}

/** A record of pgAudit, each with a line of its own. */
class Log {
  #lines = 0;

  done(
    statement: string,
    { class: name = 'WRITE', command = 'UPDATE', user = 'Z990001', at }: Done = {},
  ): string {
    this.#lines += 1;
    const message = auditMessage(['SESSION', String(this.#lines), '1', name, command, '', '', statement, '']);
    const logTime = at ?? '2026-11-20 10:00:00.000';
    return csvRecord({ sessionLine: this.#lines, user, message, logTime: `${logTime} UTC` });
  }
}

async function shipped(records: readonly string[], detect: Settings) {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.csv'), records.join(''));
  const config = settings(folder, [join(folder, '*.csv')], { ...oneSegment(folder), detect });
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  return { folder, config };
}

test('an alert follows its event, says why without any text of it, and is a log entry of its severity', async () => {
  const log = new Log();
  const { folder } = await shipped(
    [log.done("UPDATE konto SET hemmelig = 'abc'"), log.done('ALTER ROLE x SUPERUSER', { class: 'ROLE' })],
    { rules: { rights: { severity: 'emergency' } } },
  );
  const events = await archived(folder);
  expect(events.map(({ kind, alert }) => alert?.rule ?? kind)).toEqual([
    ...['lifecycle', 'statement', 'no-where', 'statement', 'rights', 'lifecycle', 'seal'],
  ]);
  const [first, second] = events.filter(({ kind }) => kind === 'alert');
  expect(first).toMatchObject({
    id: `samples/${first?.chain}/${first?.seq}`,
    time: events[1]?.time,
    receivedAt: events[1]?.receivedAt,
    database: 'hold',
    actor: events[1]?.actor,
    alert: { rule: 'no-where', severity: 'warning', ids: [events[1]?.id] },
  });
  expect(JSON.stringify([first?.alert, second?.alert])).not.toMatch(/konto|hemmelig|abc|"x"/);
  expect((await logged(folder, 'alert')).map(({ id }) => id)).toEqual([first?.id, second?.id]);
  const { output } = await runCommand([
    'search',
    join(folder, 'archive'),
    '--kind',
    'alert',
    '--user',
    'Z990001',
  ]);
  expect(output.split('\n').filter(line => line.startsWith('{'))).toHaveLength(2);
  const page = join(folder, 'report.html');
  const stretch = ['--since', '2026-11-20', '--until', '2026-11-20', '--out', page];
  const reported = await runCommand(['report', join(folder, 'archive'), ...stretch]);
  expect(reported.output).not.toContain('broken');
  const shown = await readFile(page, 'utf8');
  expect(shown).toContain('2 alerts by the rules of detect');
  expect(shown).toContain('A role became a superuser.');
});

test('what was redacted hides nothing', async () => {
  const log = new Log();
  const { folder } = await shipped(
    [
      log.done("UPDATE bruker SET passord = 'abc'"),
      log.done("UPDATE bruker SET passord = 'abc' WHERE id = 1"),
      log.done("ALTER ROLE x SUPERUSER PASSWORD 'abc'", { class: 'ROLE', command: 'ALTER ROLE' }),
    ],
    {},
  );
  const alerts = await archived(folder, 'alert');
  expect(alerts.map(({ alert }) => alert?.rule)).toEqual(['no-where', 'rights']);
});

test('without detect there is neither an alert nor a file', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.csv'), new Log().done('DELETE FROM t', { command: 'DELETE' }));
  await runOnce(folder, settings(folder, [join(folder, '*.csv')]));
  expect(await archived(folder, 'alert')).toEqual([]);
});

/** Each third statement has no WHERE; each fifth one completes a count; ten minutes pass between two. */
const COUNTED = {
  rules: { bulk: { statements: 5, rows: 0, relations: 0, within: '50m' }, 'outside-hours': 'off' },
};
const KILLS = often(10, 60);
const PER_KILL = 7;
/** Most milliseconds from a start to a kill. */
const LONGEST_LIFE = 700;

describe('killed again and again', { timeout: KILLS * 20_000 }, () => {
  test('each alert comes once, as the plan says and as a replay of the archive says', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.csv');
    const config = settings(folder, [path], { detect: COUNTED });
    const log = new Log();
    const start = Date.parse('2026-11-20T10:00:00.000Z');
    let n = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      for (let end = n + PER_KILL; n < end; n++) {
        const at = new Date(start + n * 10 * 60_000).toISOString().slice(0, -1).replace('T', ' ');
        await appendFile(path, log.done(`UPDATE t SET a = ${n}${n % 3 === 0 ? '' : ' WHERE b'}`, { at }));
      }
      const before = (await logged(folder, 'statement')).length;
      const shipper = await Shipper.spawn(folder, config);
      if (kill % 2 === 0) await eventually(async () => (await logged(folder, 'statement')).length > before);
      else await sleep(randomInt(LONGEST_LIFE));
      await shipper.kill();
    }
    expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
    const events = await archived(folder);
    const done = events.filter(({ kind }) => kind === 'statement').map(({ id }) => id);
    expect(done).toHaveLength(KILLS * PER_KILL);
    const raised = raisedIn(events);
    expect(raised.filter(one => one.startsWith('no-where'))).toEqual(
      done.filter((_, index) => index % 3 === 0).map(id => `no-where ${id}`),
    );
    const fifths = done.flatMap((id, index) => (index % 5 === 4 ? [`bulk ${done[index - 4]} ${id}`] : []));
    expect(raised.filter(one => one.startsWith('bulk'))).toEqual(fifths);
    expect(await replayed(folder, config)).toEqual(raised);
    const starts = events.filter(event => event.lifecycle?.action === 'started').length;
    console.info(
      `${KILLS} kills, ${starts} starts journaled; ${raised.length} alerts of ${done.length} statements, each once`,
    );
    expect(starts).toBeGreaterThan(KILLS / 2);
  });
});

function raisedIn(events: readonly Pick<ArchivedEvent, 'alert'>[]): string[] {
  return events.flatMap(({ alert }) => (alert === undefined ? [] : [[alert.rule, ...alert.ids].join(' ')]));
}

async function replayed(folder: string, config: Settings): Promise<string[]> {
  const path = await writeConfig(folder, config);
  const { output } = await runCommand(['detect', '--replay', join(folder, 'archive'), '--config', path]);
  return raisedIn(
    output
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map((line): Pick<ArchivedEvent, 'alert'> => JSON.parse(line)),
  );
}
