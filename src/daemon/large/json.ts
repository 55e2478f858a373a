/** Writes large texts as JSON in pieces: a single string would take several times their size. */

/** Characters in a piece. */
const PIECE = 64 * 1024;

/** The JSON string without its quotes. */
export function* textPieces(text: string): Generator<Buffer> {
  for (let start = 0; start < text.length; ) {
    const end = endOfPiece(text, start);
    yield Buffer.from(JSON.stringify(text.slice(start, end)).slice(1, -1));
    start = end;
  }
}

/** The JSON list of these texts without its brackets. */
export function* listPieces(texts: readonly string[]): Generator<Buffer> {
  let few = '';
  for (const [index, text] of texts.entries()) {
    few += index === 0 ? '"' : ',"';
    if (few.length + text.length <= PIECE) few += `${JSON.stringify(text).slice(1, -1)}"`;
    else {
      yield Buffer.from(few);
      yield* textPieces(text);
      few = '"';
    }
  }
  if (few !== '') yield Buffer.from(few);
}

/** In base64, which needs no escapes. Three bytes make four characters in each piece but the last. */
export function* base64Pieces(bytes: Uint8Array): Generator<Buffer> {
  const size = 3 * PIECE;
  for (let start = 0; start < bytes.length; start += size)
    yield Buffer.from(Buffer.from(bytes.subarray(start, start + size)).toString('base64'), 'latin1');
}

/** The end of the next piece. Surrogate pairs are not split: apart they would be written as escapes. */
function endOfPiece(text: string, start: number): number {
  const end = Math.min(start + PIECE, text.length);
  const last = text.charCodeAt(end - 1);
  return end < text.length && last >= 0xd800 && last <= 0xdbff ? end + 1 : end;
}
