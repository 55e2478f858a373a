/** What a client writes about itself. */

/** So many characters of a statement are looked at, at either end. */
const LONGEST = 4096;

/**
 * The inner texts of the statement's first and last comment, where it begins or ends with one (pgAudit 18 cuts the first
 * off), and the application's name; those that are there.
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

/** Without white space and semicolons at its end; an expression would take quadratic time. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ';' || text.charCodeAt(end - 1) <= 32)) end--;
  return text.slice(0, end);
}

/** As sqlcommenter writes it. What a literal holds that looks like one is the client's own word, too. */
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
