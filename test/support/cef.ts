/** Reads CEF as ArcSight's implementation guide says, without the program's own code. */

export interface Cef {
  readonly header: readonly string[];
  readonly extension: ReadonlyMap<string, string>;
}

export function parseCef(text: string): Cef {
  const header: string[] = [''];
  let at = 0;
  for (; at < text.length && header.length < 8; at++) {
    const byte = text.charAt(at);
    if (byte === '\\') header[header.length - 1] += text.charAt(++at);
    else if (byte === '|') header.push('');
    else header[header.length - 1] += byte;
  }
  const rest = text.slice(at - 1);
  const extension = new Map<string, string>();
  // A key is a word before an equals sign that no backslash precedes, at the start or behind a space.
  const starts = [...rest.matchAll(/(?:^| )([A-Za-z][A-Za-z0-9]*)(?<!\\)=/g)];
  for (const [index, start] of starts.entries()) {
    const from = start.index + start[0].length;
    const raw = rest.slice(from, starts[index + 1]?.index ?? rest.length);
    const [, key = ''] = start;
    if (extension.has(key)) throw new Error(`${key} comes twice`);
    extension.set(
      key,
      raw.replaceAll(/\\([\\=nr])/g, (_, one: string) => ({ n: '\n', r: '\r' })[one] ?? one),
    );
  }
  return { header: header.slice(0, 7), extension };
}
