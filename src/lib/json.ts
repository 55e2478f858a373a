/** The value of a JSON text; undefined if it is not JSON. The parser's own message would quote the text (I8). */
export function parseJson(text: string | Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
