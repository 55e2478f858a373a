/** What clients write about themselves. */

/** Characters that are read at either end of a statement. */
const LONGEST = 4096;

/**
 * The text of the statement's leading and trailing comment (pgAudit 18 removes the leading one), and the application's
 * name; those that exist.
 */
export function claimsOf(statement: string | null, application: string | null): string[] {
  const [first, last] =
    statement === null ? [null, null] : [leadingComment(statement), trailingComment(statement)];
  return [first, last === first ? null : last, application].filter(claim => claim !== null);
}

function leadingComment(text: string): string | null {
  const start = text.slice(0, LONGEST).trimStart();
  const [open, close] = start.startsWith('/*') ? ['/*', '*/'] : ['--', '\n'];
  if (!start.startsWith(open)) return null;
  const end = start.indexOf(close, open.length);
  return start.slice(open.length, end === -1 ? undefined : end).trim();
}

/** Without white space and semicolons at its end. A regular expression would take quadratic time. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ';' || text.charCodeAt(end - 1) <= 32)) end--;
  return text.slice(0, end);
}

/** As sqlcommenter writes it. A literal that looks like a comment is the client's own claim as well. */
function trailingComment(text: string): string | null {
  const end = withoutEnd(text.slice(-LONGEST));
  if (end.endsWith('*/')) {
    const open = end.lastIndexOf('/*');
    return open === -1 ? null : end.slice(open + 2, -2).trim();
  }
  const line = end.slice(end.lastIndexOf('\n') + 1);
  const dashes = line.indexOf('--');
  return dashes === -1 ? null : line.slice(dashes + 2).trim();
}
