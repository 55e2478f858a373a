/** The cost of examining what may be a secret. */

/** The cost of examining a name, and of starting with a quoted text: in characters that are read in the same time. */
export const NAME_COST = 48;
export const TEXT_COST = 200;

/** The budget of the shortest statement. */
const LEAST_BUDGET = 100_000;

/** The remaining budget for what may be a secret. */
export interface Budget {
  left: number;
}

/** More than rows and pairs take, each of which has a secret: three times their length. */
export function budgetOf(text: string): Budget {
  return { left: 4 * text.length + LEAST_BUDGET };
}

/**
 * Quotings inside each other are read to this depth: the body of a DO, a string that it executes, a function's
 * body in that, and a string in that. Deeper text only gets the raw scan.
 */
export const MAX_DEPTH = 4;
