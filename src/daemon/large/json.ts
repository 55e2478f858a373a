/** Writes large texts as JSON in pieces: in one they would take their size several times. */

/** Characters that are written at once. */
const PIECE = 64 * 1024;

/** The inside of the JSON string. */
export function* textPieces(text: string): Generator<Buffer> {
  for (let start = 0; start < text.length; ) {
    const end = endOfPiece(text, start);
    yield Buffer.from(JSON.stringify(text.slice(start, end)).slice(1, -1));
    start = end;
  }
}

/** The inside of the list of these texts. */
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

/** In base64: it needs no quoting. Three bytes make four characters, in each piece but the last. */
export function* base64Pieces(bytes: Uint8Array): Generator<Buffer> {
  const size = 3 * PIECE;
  for (let start = 0; start < bytes.length; start += size)
    yield Buffer.from(Buffer.from(bytes.subarray(start, start + size)).toString('base64'), 'latin1');
}

/** Two units that are one character stay together: apart they would be written otherwise. */
function endOfPiece(text: string, start: number): number {
  const end = Math.min(start + PIECE, text.length);
  const last = text.charCodeAt(end - 1);
  return end < text.length && last >= 0xd800 && last <= 0xdbff ? end + 1 : end;
}
