/** What the rules of `detect` make of a log, from its file to the archive. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditMessage, type Columns, csvRecord } from '../support/csvlog.js';
import { archived, logged, oneSegment, runCommand, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

interface Done {
  readonly class?: string;
  readonly command?: string;
  readonly object?: string;
  readonly user?: string;
}

let lines = 0;

function done(
  statement: string,
  { class: name = 'WRITE', command = 'UPDATE', object = '', user = 'Z990001' }: Done = {},
): string {
  lines += 1;
  const message = auditMessage(['SESSION', String(lines), '1', name, command, '', object, statement, '']);
  return csvRecord({ sessionLine: lines, user, message });
}

test('x', async () => {
  const folder = await temporaryFolder();
  const records = [
    done('UPDATE t SET a = 1'),
    done('EXPLAIN UPDATE t SET a = 1'),
    done('ALTER ROLE x SUPERUSER', { class: 'ROLE', command: 'ALTER ROLE' }),
  ];
  await writeFile(join(folder, 'a.csv'), records.join(''));
  const ended = await runOnce(
    folder,
    settings(folder, [join(folder, '*.csv')], { ...oneSegment(folder), detect: {} }),
  );
  console.log(
    ended.output,
    JSON.stringify(await archived(folder, 'alert'), null, 1),
    JSON.stringify(await logged(folder, 'alert'), null, 1),
  );
});
