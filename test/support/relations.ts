import type { RelationParser } from '../../src/relations/relations.js';

/** The relations that a text's statements write to, sorted; `null` if it cannot be parsed. */
export async function written(parser: RelationParser, statement: string): Promise<string[] | null> {
  const changes = await parser.changes(statement);
  return changes === null ? null : [...new Set(changes.flatMap(({ relations }) => relations))].sort();
}
