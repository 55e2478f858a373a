/** What a reviewer asks of a text that writes: whether it runs at all, and with which files. */

import { isAnalyzed } from './bounds.ts';
import { type Sign, signsIn } from './signs.ts';
import { isObject, STORED } from './tree.ts';

export interface Marks {
  /** The text has nothing but plain EXPLAINs, which run nothing. */
  readonly isPlan: boolean;
  /** COPY with a program, or with a file of the server. */
  readonly copies: 'program' | 'file' | null;
  readonly signs: readonly Sign[];
}

/** @param tree libpg_query's JSON, as for `changesIn` */
export function marksIn(tree: unknown): Marks {
  const raw: unknown[] = isObject(tree) && Array.isArray(tree.stmts) ? tree.stmts : [];
  const statements = raw.map(one => (isObject(one) ? one.stmt : undefined));
  const run = statements.filter(statement => !isPlan(statement));
  return { isPlan: statements.length > 0 && run.length === 0, copies: copiesIn(run), signs: signsIn(run) };
}

/** EXPLAIN runs its statement only with ANALYZE. */
function isPlan(statement: unknown): boolean {
  if (!isObject(statement) || !isObject(statement.ExplainStmt)) return false;
  return !isAnalyzed(statement.ExplainStmt);
}

/** Uses a work list instead of recursion: a tree may be tens of thousands of levels deep. */
function copiesIn(statements: unknown): Marks['copies'] {
  const rest: unknown[] = [statements];
  while (rest.length > 0) {
    const node = rest.pop();
    if (Array.isArray(node)) for (const item of node) rest.push(item);
    else if (isObject(node))
      for (const [kind, value] of Object.entries(node)) {
        if (STORED.has(kind)) continue;
        if (kind === 'CopyStmt' && isObject(value) && typeof value.filename === 'string')
          return value.is_program === true ? 'program' : 'file';
        rest.push(value);
      }
  }
  return null;
}
