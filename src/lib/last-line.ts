import { open } from 'node:fs/promises';

const NEWLINE = 0x0a;

/** The last line (without its newline) of a file's first `end` bytes, which end with a newline. */
export async function readLastLine(path: string, end: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    for (let size = 64 * 1024; ; size *= 2) {
      const from = Math.max(0, end - size);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - from), 0, end - from, from);
      const bytes = buffer.subarray(0, Math.max(0, bytesRead - 1));
      const newline = bytes.lastIndexOf(NEWLINE);
      if (newline !== -1 || from === 0) return bytes.subarray(newline + 1);
    }
  } finally {
    await file.close();
  }
}
