/** What makes an archive incomplete, in the words of both `verify` and `report`. */

import { oneLine } from '../../lib/terminal-text.js';
import type { InstanceResult, VerifyResult } from './result.js';

/** Stretches of one server that are named one by one. */
const MOST_NAMED = 100;
/** Characters of a name; PostgreSQL's have at most 63 bytes. */
const LONGEST_NAME = 100;
/** Persons that are named on one line. */
const MOST_NAMES = 10;

/** One line each, with name and time; names come from the archive, and are made harmless. */
export function lacks({ instances, doubts }: Pick<VerifyResult, 'instances' | 'doubts'>): string[] {
  return [...instances.flatMap(lacksOf), ...doubts].map(oneLine);
}

function lacksOf({ instance, missing, notAudited, notRecorded, unaudited }: InstanceResult): string[] {
  const named = missing.slice(0, MOST_NAMED).map(({ node, from, to, why }) => {
    const place = node === null ? instance : `${instance}/${node}`;
    return `${place}: ${from ?? 'the beginning'} to ${to}: ${why}`;
  });
  const persons = notAudited.slice(0, MOST_NAMED).map(({ from, to, count, names }) => {
    const shown = names.slice(0, MOST_NAMES).map(name => name.slice(0, LONGEST_NAME));
    const more = count > shown.length ? ` and ${count - shown.length} more` : '';
    return `${instance}: ${from} to ${to}: not audited: ${shown.join(', ')}${more}`;
  });
  const tables = notRecorded.slice(0, MOST_NAMED).map(({ from, to, table, why }) => {
    const [name, reason] = [table, why].map(text => text.slice(0, 2 * LONGEST_NAME));
    return `${instance}: ${from} to ${to}: rows of ${name} were not recorded: ${reason}`;
  });
  const all = missing.length + notAudited.length + notRecorded.length;
  const more = all - named.length - persons.length - tables.length;
  return [
    ...named,
    ...persons,
    ...tables,
    ...(more > 0 ? [`${instance}: ${more} more stretches`] : []),
    ...(unaudited.count > 0
      ? [
          `${instance}: ${unaudited.first} to ${unaudited.last}: ${unaudited.count} changes that pgAudit did not log (kind unaudited)`,
        ]
      : []),
  ];
}
