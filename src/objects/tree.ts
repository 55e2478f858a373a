/** Finds in PostgreSQL's parse tree the relations that its statements write to. */

/** A relation as the statement names it, each part folded and cut to 63 bytes as PostgreSQL does it. */
interface Relation {
  readonly schema: string | null;
  readonly name: string;
}

/** Their statements are stored, not run. */
const STORED = new Set(['RuleStmt', 'CreateFunctionStmt']);
/** Statements with one target, in their field `relation`. CTEs, EXPLAIN and PREPARE hold nodes of these kinds. */
const WRITES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/**
 * The targets of INSERT, UPDATE, DELETE, MERGE, COPY FROM and TRUNCATE, at any depth, each once and
 * sorted; a schema only where the statement gives one.
 *
 * A plain EXPLAIN counts like EXPLAIN ANALYZE: pgAudit files both as WRITE and names the target. A database's
 * name (`db.schema.table`) can only be that of the session and is left out, as pgAudit does.
 * @param tree libpg_query's JSON: each node is an object with one field, named by its kind
 * @param isKeyword whether an identifier must be quoted for being a keyword
 */
export function writtenRelations(tree: unknown, isKeyword: (name: string) => boolean): string[] {
  const quote = (name: string): string => quoteIdentifier(name, isKeyword);
  const names = targetsIn(tree).map(({ schema, name }) =>
    schema === null ? quote(name) : `${quote(schema)}.${quote(name)}`,
  );
  return [...new Set(names)].sort();
}

/** By a list of what is left to see instead of recursion: a tree may be ten thousands of levels deep. */
function targetsIn(tree: unknown): Relation[] {
  const found: Relation[] = [];
  const rest: unknown[] = [tree];
  while (rest.length > 0) {
    const node = rest.pop();
    if (Array.isArray(node)) for (const item of node) rest.push(item);
    else if (isObject(node))
      for (const [kind, value] of Object.entries(node)) {
        if (STORED.has(kind)) continue;
        for (const target of targetsOf(kind, value)) found.push(target);
        rest.push(value);
      }
  }
  return found;
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

/** PostgreSQL's quote_identifier (ruleutils.c), by which pgAudit writes names too. */
function quoteIdentifier(name: string, isKeyword: (name: string) => boolean): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/.test(name) && !isKeyword(name);
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
