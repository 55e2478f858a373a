/** `npm run soak` explores for so many minutes; 0: the fixed part that `npm test` keeps. */
export const soakMinutes = Number(process.env.SOAK_MINUTES ?? 0);

/** How much of something is tried. */
export function often(test: number, soak: number): number {
  return soakMinutes > 0 ? soak : test;
}
