/** Finds in PostgreSQL's parse tree what its statements write to. */

/** One statement of a text that writes; those that only read are left out. */
export interface Change {
  /**
   * Command tags under which pgAudit may log it: that of the statement itself, that of the statement inside EXPLAIN or
   * PREPARE, and those of each part that writes.
   */
  readonly commands: readonly string[];
  /** As the statement names them (`public.konto`, or `konto` without a schema), sorted, without duplicates. */
  readonly relations: readonly string[];
}

/** A relation as the statement names it, each part folded and truncated to 63 bytes as in PostgreSQL. */
interface Relation {
  readonly schema: string | null;
  readonly name: string;
}

/** Their statements are stored, not run. */
export const STORED = new Set(['RuleStmt', 'CreateFunctionStmt']);
/** Statements with one target, in their field `relation`, and their command tags. */
const WRITES = new Map([
  ['InsertStmt', 'INSERT'],
  ['UpdateStmt', 'UPDATE'],
  ['DeleteStmt', 'DELETE'],
  ['MergeStmt', 'MERGE'],
]);
const COMMANDS = new Map([
  ...WRITES,
  ['CopyStmt', 'COPY'],
  ['TruncateStmt', 'TRUNCATE TABLE'],
  ['SelectStmt', 'SELECT'],
]);
/** They contain another statement, in their field `query`. */
const AROUND = new Map([
  ['ExplainStmt', 'EXPLAIN'],
  ['PrepareStmt', 'PREPARE'],
  ['DeclareCursorStmt', 'DECLARE CURSOR'],
  ['CreateTableAsStmt', 'CREATE TABLE AS'],
]);

/**
 * What a text's statements write to: the targets of INSERT, UPDATE, DELETE, MERGE, COPY FROM and TRUNCATE, at any
 * depth.
 *
 * A plain EXPLAIN counts like EXPLAIN ANALYZE: pgAudit logs both as WRITE and names the target. A database's
 * name (`db.schema.table`) can only be that of the session and is left out, as in pgAudit.
 * @param tree libpg_query's JSON: each node is an object with one field, named by its kind
 * @param isKeyword whether an identifier must be quoted because it is a keyword
 */
export function changesIn(tree: unknown, isKeyword: (name: string) => boolean): Change[] {
  const statements: unknown[] = isObject(tree) && Array.isArray(tree.stmts) ? tree.stmts : [];
  return statements.flatMap(raw => {
    const statement = isObject(raw) ? raw.stmt : undefined;
    const { relations, commands } = writesIn(statement);
    if (relations.length === 0) return [];
    const names = relations.map(relation => nameOf(relation, isKeyword));
    return [
      {
        commands: [...new Set([...ownCommands(statement), ...commands])],
        relations: [...new Set(names)].sort(),
      },
    ];
  });
}

function nameOf({ schema, name }: Relation, isKeyword: (name: string) => boolean): string {
  const quoted = quoteIdentifier(name, isKeyword);
  return schema === null ? quoted : `${quoteIdentifier(schema, isKeyword)}.${quoted}`;
}

/** Of the statement itself, and of the one inside it. */
function ownCommands(statement: unknown): string[] {
  const [[kind, value] = ['', undefined]] = isObject(statement) ? Object.entries(statement) : [];
  const around = AROUND.get(kind);
  if (around !== undefined && isObject(value)) return [around, ...ownCommands(value.query)];
  const command = COMMANDS.get(kind);
  if (command === undefined) return [];
  // With `pgaudit.log_relation` COPY FROM is an INSERT; COPY TO runs a query.
  return kind === 'CopyStmt' && isObject(value)
    ? [command, 'INSERT', ...ownCommands(value.query)]
    : [command];
}

/** Uses a work list instead of recursion: a tree may be tens of thousands of levels deep. */
function writesIn(statement: unknown): { relations: Relation[]; commands: string[] } {
  const [relations, commands]: [Relation[], string[]] = [[], []];
  const rest: unknown[] = [statement];
  while (rest.length > 0) {
    const node = rest.pop();
    if (Array.isArray(node)) for (const item of node) rest.push(item);
    else if (isObject(node))
      for (const [kind, value] of Object.entries(node)) {
        if (STORED.has(kind)) continue;
        for (const target of targetsOf(kind, value)) {
          relations.push(target);
          commands.push(COMMANDS.get(kind) ?? kind);
        }
        rest.push(value);
      }
  }
  return { relations, commands };
}

function targetsOf(kind: string, value: unknown): Relation[] {
  if (!isObject(value)) return [];
  if (WRITES.has(kind) || (kind === 'CopyStmt' && value.is_from === true)) return relation(value.relation);
  if (kind !== 'TruncateStmt' || !Array.isArray(value.relations)) return [];
  return value.relations.flatMap(item => (isObject(item) ? relation(item.RangeVar) : []));
}

/** From a RangeVar. */
function relation(value: unknown): Relation[] {
  if (!isObject(value) || typeof value.relname !== 'string') return [];
  const { schemaname } = value;
  return [{ schema: typeof schemaname === 'string' ? schemaname : null, name: value.relname }];
}

/** PostgreSQL's quote_identifier (ruleutils.c), which pgAudit uses for names, too. */
function quoteIdentifier(name: string, isKeyword: (name: string) => boolean): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/.test(name) && !isKeyword(name);
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
