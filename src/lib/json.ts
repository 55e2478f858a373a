/** The value of a JSON text; undefined where it is none: the parser's own message would quote the text (I8). */
export function parseJson(text: string | Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
