/** What a client writes about itself. */

/** So many characters of a statement are looked at. */
const LONGEST = 4096;

/** The inner text of the statement's leading comment, and the application's name; those that are there. */
export function claimsOf(statement: string | null, application: string | null): string[] {
  const comment = statement === null ? null : leadingComment(statement.slice(0, LONGEST));
  return [comment, application].filter(claim => claim !== null);
}

function leadingComment(text: string): string | null {
  const start = text.trimStart();
  const [open, close] = start.startsWith('/*') ? ['/*', '*/'] : ['--', '\n'];
  if (!start.startsWith(open)) return null;
  const end = start.indexOf(close, open.length);
  return start.slice(open.length, end === -1 ? undefined : end).trim();
}
