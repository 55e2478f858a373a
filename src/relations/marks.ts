/** What a reviewer asks of a text that writes: whether it runs at all, on which rows, and with which files. */

import { isObject, ownCommands, STORED } from './tree.ts';

export interface Marks {
  /** Of each statement that updates or deletes without a WHERE, also in a part of it; what is only planned does not count. */
  readonly withoutWhere: readonly {
    /** Command tags of the statement itself. */
    readonly own: readonly string[];
    /** Of its parts without a WHERE: `UPDATE`, `DELETE`. */
    readonly parts: readonly string[];
  }[];
  /** The text has nothing but plain EXPLAINs, which run nothing. */
  readonly isPlan: boolean;
  /** COPY with a program, or with a file of the server. */
  readonly copies: 'program' | 'file' | null;
}

/** Commands that may run on all rows of a table. */
const ON_ROWS = new Map([
  ['UpdateStmt', 'UPDATE'],
  ['DeleteStmt', 'DELETE'],
]);

/** @param tree libpg_query's JSON, as for `changesIn` */
export function marksIn(tree: unknown): Marks {
  const raw: unknown[] = isObject(tree) && Array.isArray(tree.stmts) ? tree.stmts : [];
  const statements = raw.map(one => (isObject(one) ? one.stmt : undefined));
  const run = statements.filter(statement => !isPlan(statement));
  const found = run.map(statement => ({ own: ownCommands(statement), ...partsOf(statement) }));
  return {
    withoutWhere: found.filter(({ parts }) => parts.length > 0).map(({ own, parts }) => ({ own, parts })),
    isPlan: statements.length > 0 && run.length === 0,
    copies: found.find(({ copies }) => copies !== null)?.copies ?? null,
  };
}

/** EXPLAIN runs its statement only with ANALYZE. */
function isPlan(statement: unknown): boolean {
  if (!isObject(statement) || !isObject(statement.ExplainStmt)) return false;
  const { options } = statement.ExplainStmt;
  return !(Array.isArray(options) && options.some(isAnalyze));
}

/** As defGetBoolean (define.c) reads the option. */
function isAnalyze(option: unknown): boolean {
  const element = isObject(option) ? option.DefElem : undefined;
  if (!isObject(element) || element.defname !== 'analyze') return false;
  const { arg } = element;
  if (!isObject(arg)) return true;
  if (isObject(arg.Integer)) return arg.Integer.ival === 1;
  const text = isObject(arg.String) && typeof arg.String.sval === 'string' ? arg.String.sval : '';
  return !['false', 'off'].includes(text.toLowerCase());
}

/** Uses a work list instead of recursion: a tree may be tens of thousands of levels deep. */
function partsOf(statement: unknown): { parts: string[]; copies: Marks['copies'] } {
  const parts = new Set<string>();
  let copies: Marks['copies'] = null;
  const rest: unknown[] = [statement];
  while (rest.length > 0) {
    const node = rest.pop();
    if (Array.isArray(node)) for (const item of node) rest.push(item);
    else if (isObject(node))
      for (const [kind, value] of Object.entries(node)) {
        if (STORED.has(kind)) continue;
        const command = ON_ROWS.get(kind);
        if (command !== undefined && isObject(value) && value.whereClause === undefined) parts.add(command);
        if (kind === 'CopyStmt' && isObject(value) && typeof value.filename === 'string')
          copies = value.is_program === true ? 'program' : 'file';
        rest.push(value);
      }
  }
  return { parts: [...parts], copies };
}
