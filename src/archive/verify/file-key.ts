/** Files of several servers in one chain never join, whatever they hold. */

/** @param source the server's instance; left out where it is the chain's own */
export function fileKey({ source = '', fileId }: { source?: string; fileId: string }): string {
  return JSON.stringify([source, fileId]);
}
