/** Finds in PostgreSQL's parse tree which UPDATE and DELETE have a WHERE. */

import { isObject, STORED } from './tree.ts';

/** An UPDATE or DELETE that runs, at any depth. */
export interface Bounds {
  readonly command: 'UPDATE' | 'DELETE';
  readonly hasWhere: boolean;
}

const BOUNDED = new Map<string, Bounds['command']>([
  ['UpdateStmt', 'UPDATE'],
  ['DeleteStmt', 'DELETE'],
]);

/**
 * What a text's statements run, each kind once. A plain EXPLAIN runs nothing, nor does the definition of a rule or function. A PREPARE is
 * read like its statement: its text is what pgAudit logs when that is executed.
 *
 * Uses a work list instead of recursion: a tree may be tens of thousands of levels deep.
 * @param tree libpg_query's JSON, as for `changesIn`
 */
export function boundsIn(tree: unknown): Bounds[] {
  const found = new Map<string, Bounds>();
  const rest: unknown[] = [tree];
  while (rest.length > 0) {
    const node = rest.pop();
    if (Array.isArray(node)) for (const item of node) rest.push(item);
    else if (isObject(node))
      for (const [kind, value] of Object.entries(node)) {
        if (STORED.has(kind) || (kind === 'ExplainStmt' && !isAnalyzed(value))) continue;
        const command = BOUNDED.get(kind);
        const hasWhere = isObject(value) && value.whereClause !== undefined;
        if (command !== undefined) found.set(`${command} ${hasWhere}`, { command, hasWhere });
        rest.push(value);
      }
  }
  return [...found.values()];
}

/** As PostgreSQL's defGetBoolean reads the option. */
export function isAnalyzed(explain: unknown): boolean {
  const options: unknown[] = isObject(explain) && Array.isArray(explain.options) ? explain.options : [];
  const given = options.map(option => (isObject(option) ? option.DefElem : undefined)).filter(isObject);
  const last = given.findLast(({ defname }) => defname === 'analyze');
  return (
    last !== undefined &&
    !/"(?:sval|str)":"(?:false|off)"|"Integer":\{(?:"ival":0)?\}/i.test(JSON.stringify(last))
  );
}
