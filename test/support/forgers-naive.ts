/**
 * How other log shippers read these files: a record begins at a line that begins with a time, columns are separated by
 * commas, and what a regular expression finds after `AUDIT: ` is pgAudit's. For comparison only.
 */

export interface NaiveStatement {
  readonly user: string;
  readonly statement: string;
}

const RECORD_START = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/;
const AUDIT =
  /AUDIT: (?:SESSION|OBJECT),\d+,\d+,(?:WRITE|DDL|ROLE),[^,]*,[^,]*,[^,]*,(?:""([^"]*(?:""""[^"]*)*)""|([^,]*)),/;

/** Such a reader's result for a piece of a log, without the statements of the user that it ignores. */
export function readNaively(log: string, ignored: string): NaiveStatement[] {
  return splitRecords(log).flatMap(record => {
    const found = AUDIT.exec(record);
    if (found === null) return [];
    const [, quoted, plain = ''] = found;
    const user = (record.split(',')[1] ?? '').replaceAll('"', '');
    const statement = quoted?.replaceAll('""""', '"') ?? plain;
    return user === ignored ? [] : [{ user, statement }];
  });
}

function splitRecords(log: string): string[] {
  const records: string[][] = [];
  for (const line of log.split('\n')) {
    if (RECORD_START.test(line) || records.length === 0) records.push([]);
    records.at(-1)?.push(line);
  }
  return records.map(lines => lines.join('\n'));
}
