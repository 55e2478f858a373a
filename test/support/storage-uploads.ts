/** Uploads to Cloud Storage on the wire. */

import type { IncomingMessage } from 'node:http';

export interface Upload {
  readonly name: string;
  readonly metadata: { contentType?: string; crc32c?: string; metadata?: Record<string, string> };
  readonly ifGenerationMatch: string | null;
}

/** An object in a request. `content` is `null` if it is missing or incomplete. */
export function readUpload(
  { url, request }: { url: URL; request: IncomingMessage },
  body: Buffer,
): Upload & { content: Buffer | null } {
  const parts =
    url.searchParams.get('uploadType') === 'multipart'
      ? splitMultipart(request.headers['content-type'] ?? '', body)
      : { metadata: body, content: null };
  return {
    name: url.searchParams.get('name') ?? '',
    ifGenerationMatch: url.searchParams.get('ifGenerationMatch'),
    metadata: JSON.parse(parts.metadata.toString() || '{}'),
    content: parts.content,
  };
}

/** The two parts of `multipart/related`. */
function splitMultipart(contentType: string, body: Buffer): { metadata: Buffer; content: Buffer | null } {
  const [, boundary] = /boundary="?([^";]+)"?/.exec(contentType) ?? [];
  const mark = `\r\n--${boundary}`;
  const first = body.indexOf('\r\n\r\n') + 4;
  const second = body.indexOf(mark, first);
  const content = body.indexOf('\r\n\r\n', second) + 4;
  const end = body.lastIndexOf(`${mark}--`);
  const isWhole = first > 3 && second > 0 && content > 3 && end >= content;
  return {
    metadata: body.subarray(first, second),
    content: isWhole ? body.subarray(content, end) : null,
  };
}

/** The CRC-32C table. */
const CRC32C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (RFC 3720, appendix B.4), base64 of its big-endian bytes. */
export function crc32c(bytes: Buffer): string {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC32C[(crc ^ byte) & 0xff] ?? 0);
  const result = Buffer.alloc(4);
  result.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return result.toString('base64');
}
