/** Splits one CSV record into its fields, by the rule of PostgreSQL and pgAudit. */

/**
 * `a,"b ""c"""` → `['a', 'b "c"']`. A quote may open only at a field's start, and only a comma may follow the closing
 * one; an unquoted field contains no quote and no line break. Returns `null` if the text breaks this rule: then
 * `append_valid_csv` of pgaudit.c did not write it. Takes linear time.
 */
export function splitCsv(text: string): string[] | null {
  const fields: string[] = [];
  for (let start = 0; ; ) {
    const end = text.startsWith('"', start) ? endOfQuoted(text, start) : endOfUnquoted(text, start);
    if (end === -1 || (end < text.length && text[end] !== ',')) return null;
    fields.push(unquote(text.slice(start, end)));
    if (end === text.length) return fields;
    start = end + 1;
  }
}

/** The offset after the closing quote; -1 if there is none. */
function endOfQuoted(text: string, start: number): number {
  for (let i = start + 1; ; i += 2) {
    i = text.indexOf('"', i);
    if (i === -1) return -1;
    if (text[i + 1] !== '"') return i + 1;
  }
}

/** The next comma or the end; -1 if a character before it would have been quoted. */
function endOfUnquoted(text: string, start: number): number {
  const comma = text.indexOf(',', start);
  const end = comma === -1 ? text.length : comma;
  for (let i = start; i < end; i++) {
    const char = text[i];
    if (char === '"' || char === '\n' || char === '\r') return -1;
  }
  return end;
}

function unquote(field: string): string {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
}
