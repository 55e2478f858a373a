/** `npm run soak` explores for this many minutes; 0: the fixed part of `npm test`. */
export const soakMinutes = Number(process.env.SOAK_MINUTES ?? 0);

/** How many examples are tried. */
export function often(test: number, soak: number): number {
  return soakMinutes > 0 ? soak : test;
}
