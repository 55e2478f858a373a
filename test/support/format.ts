/** Options of a tail that finds out by itself which format its files have. */
export const FIRST_FORMAT = {
  format: { configured: 'auto', current: null },
  formatChosen: () => undefined,
  unpackIn: '/nonexistent/unpacked',
} as const;
