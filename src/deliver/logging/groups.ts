/** How large a part of an event may be. */

/** Bytes of text in one part; what each part repeats fits into the rest. */
export const LARGEST_PIECE = 200 * 1024;

/** Groups of at most 200 KiB of JSON each. */
export function inGroups<T>(items: readonly T[]): T[][] {
  const groups: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (size > room) {
      groups.push([]);
      room = LARGEST_PIECE;
    }
    groups.at(-1)?.push(item);
    room -= size;
  }
  return groups;
}
