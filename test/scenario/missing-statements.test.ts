/** pgAudit numbers the statements of each session: one that was kept out of the log is reported (I11). */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { archived, runCommand, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const SAMPLES = fileURLToPath(new URL('../../demo/recorded', import.meta.url));
const STATEMENT = /^AUDIT: (?:SESSION|OBJECT),(\d+),/;

interface Line {
  readonly raw: string;
  readonly session: string;
  readonly number: number;
  readonly statement: string | undefined;
}

/** The records of a real log, unchanged. */
async function linesOf(name: string): Promise<Line[]> {
  const parsed: unknown[] = parse(await readFile(join(SAMPLES, name), 'utf8'), {
    raw: true,
    relax_column_count: true,
  });
  return parsed.map(one => {
    const raw = String(Reflect.get(Object(one), 'raw'));
    const [columns = []]: string[][] = parse(raw);
    return {
      raw,
      session: columns[5] ?? '',
      number: Number(columns[6]),
      statement: STATEMENT.exec(columns[13] ?? '')?.[1],
    };
  });
}

/** As if these statements had never been logged: the session's later lines move up. */
function without(lines: readonly Line[], session: string, statement: string): string {
  let gone = 0;
  return lines
    .map(line => {
      if (line.session !== session) return line.raw;
      if (line.statement === statement) {
        gone += 1;
        return '';
      }
      return line.raw.replace(`,${session},${line.number},`, `,${session},${line.number - gone},`);
    })
    .join('');
}

test.each(['pg13.csv', 'pg15.csv', 'pg15-rows.csv', 'pg15-once.csv', 'pg17.csv', 'pg18.csv'])(
  '%s: a statement that was kept out is reported with its session, user, number and times',
  async name => {
    const lines = await linesOf(name);
    const { session, statement } =
      lines.findLast(
        (one, at) =>
          one.statement !== undefined &&
          one.statement !== '1' &&
          lines
            .slice(at)
            .some(later => later.session === one.session && Number(later.statement) > Number(one.statement)),
      ) ?? {};
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.csv'), without(lines, session ?? '', statement ?? ''));
    const config = settings(folder, [join(folder, '*.csv')]);
    expect((await runOnce(folder, config)).code).toBe(0);
    // 1: the archive was changed.
    expect((await runCommand(['verify', join(folder, 'archive')])).code).not.toBe(1);
    const gaps = await archived(folder, 'gap');
    expect(gaps.map(({ gap }) => gap)).toEqual([
      {
        reason: 'missing-statements',
        user: expect.any(String),
        session,
        firstStatement: Number(statement),
        lastStatement: Number(statement),
        after: expect.stringMatching(/^2026-.*Z$/),
        before: expect.stringMatching(/^2026-.*Z$/),
      },
    ]);
  },
);
