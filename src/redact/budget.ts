/** What it takes to look at what seems to be a secret. */

/** To look at a name, and to begin with a quoted text: in characters that are read in that time. */
export const NAME_COST = 48;
export const TEXT_COST = 200;

/** So much is spent on the shortest statement. */
const LEAST_BUDGET = 100_000;

/** How much may still be spent on what looks like a secret. */
export interface Budget {
  left: number;
}

/** Enough to read all that is quoted once more, or a name in about every fifty characters. */
export function budgetOf(text: string): Budget {
  return { left: text.length + LEAST_BUDGET };
}

/**
 * So many quotings inside each other are read: the body of a DO, a string that it executes, a function's
 * body in that, and a string in that. What is quoted deeper is only swept.
 */
export const MAX_DEPTH = 4;
