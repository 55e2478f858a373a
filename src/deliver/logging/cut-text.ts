const CONTINUATION = 0x80;

/** Cuts a text into pieces of at most `most` bytes of UTF-8, between characters; returns at least one piece. */
export function cutText(text: string, most: number): string[] {
  // A UTF-16 code unit takes at most three bytes of UTF-8.
  if (text.length * 3 <= most) return [text];
  // Slices of a string share its memory.
  if (/^[\0-\x7f]*$/.test(text)) return cutAscii(text, most);
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  let start = 0;
  do {
    let end = Math.min(start + most, bytes.length);
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === CONTINUATION) end--;
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  } while (start < bytes.length);
  return pieces;
}

function cutAscii(text: string, most: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += most) pieces.push(text.slice(start, start + most));
  return pieces;
}
