const CONTINUATION = 0x80;

/** Cuts a text into pieces of at most so many bytes in UTF-8, between characters; at least one piece. */
export function cutText(text: string, most: number): string[] {
  // Three bytes are the most that a unit of UTF-16 takes.
  if (text.length * 3 <= most) return [text];
  // A piece of a text takes no memory of its own.
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
