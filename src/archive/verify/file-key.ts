/** Files of different servers in one chain have different keys, whatever they contain. */

/** @param source the server's instance; omitted for the chain's own */
export function fileKey({ source = '', fileId }: { source?: string; fileId: string }): string {
  return JSON.stringify([source, fileId]);
}
